#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# What is on a screen is told apart by its pixels: nothing, console, X, greeter.
import os
import struct
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import screen  # noqa: E402  (the path comes first)

SIZES = ((640, 480), (1280, 800))


class Canvas:
    def __init__(self, size, colour=(0, 0, 0)):
        self.width, self.height = size
        self.rows = [bytearray(bytes(colour) * size[0]) for _ in range(size[1])]

    def box(self, left, top, width, height, colour):
        for row in self.rows[top:top + height]:
            row[left * 3:(left + width) * 3] = bytes(colour) * width
        return self

    def middle(self, width, height, colour):
        return self.box((self.width - width) // 2, (self.height - height) // 2, width, height,
                        colour)

    def text(self, lines, colour=(0xaa,) * 3):
        """Something like letters: every other pixel of eight, from the left edge on."""
        for line in range(lines):
            for x in range(0, self.width // 2, 2):
                self.box(x, line * 16 + 4, 1, 8, colour)
        return self

    def picture(self):
        return screen.Picture(self.width, self.height, b"".join(self.rows))


class Judge(unittest.TestCase):
    def shows(self, kind, draw):
        for size in SIZES:
            with self.subTest(size=size):
                self.assertEqual(screen.judge(draw(Canvas(size)).picture()), kind)

    def test_black_is_blank(self):
        self.shows(screen.BLANK, lambda c: c)

    def test_cursor_alone_is_blank(self):
        self.shows(screen.BLANK, lambda c: c.box(0, 14, 8, 2, (0xaa,) * 3))

    def test_qemus_own_message_is_blank(self):
        self.shows(screen.BLANK, lambda c: c.middle(200, 6, (0xaa,) * 3))

    def test_console(self):
        self.shows(screen.TEXT, lambda c: c.text(3))
        self.shows(screen.TEXT, lambda c: c.text(25))

    def test_console_in_colours(self):
        self.shows(screen.TEXT, lambda c: c.text(9).box(8, 200, 300, 8, (0xff, 0xff, 0x55)))

    def test_pointer_is_x(self):
        self.shows(screen.X, lambda c: c.middle(10, 8, (0x6b,) * 3))

    def test_plain_background_is_x(self):
        self.shows(screen.X, lambda c: Canvas((c.width, c.height), (0x30, 0x60, 0x90)))

    def test_white_screen_is_not_a_greeter(self):
        self.shows(screen.X, lambda c: Canvas((c.width, c.height), (0xff,) * 3))

    def test_panel_without_box_is_x(self):
        self.shows(screen.X, lambda c: c.box(0, 0, c.width, 24, (0x2f,) * 3))

    def test_box_in_the_middle_is_greeter(self):
        self.shows(screen.GREETER,
                   lambda c: c.box(0, 0, c.width, 24, (0x2f,) * 3).middle(346, 174, (0xfe,) * 3))

    def test_box_on_a_coloured_background_is_greeter(self):
        self.shows(screen.GREETER, lambda c: Canvas((c.width, c.height), (0x30, 0x60, 0x90))
                   .middle(346, 174, (0xf2, 0xf1, 0xf0)))

    def test_box_at_the_side_is_no_greeter(self):
        self.shows(screen.X, lambda c: c.box(0, 100, 346, 174, (0xfe,) * 3))


class Differences(unittest.TestCase):
    one = Canvas((5, 3)).box(1, 1, 2, 1, (1, 2, 3)).picture()

    def test_same(self):
        self.assertEqual(screen.differences(self.one, self.one), 0)

    def test_two_pixels(self):
        other = Canvas((5, 3)).box(1, 1, 2, 1, (1, 9, 3)).picture()
        self.assertEqual(screen.differences(self.one, other), 2)

    def test_another_size(self):
        self.assertEqual(screen.differences(self.one, Canvas((5, 4)).picture()), 15)


class Files(unittest.TestCase):
    picture = Canvas((5, 3)).box(1, 1, 2, 1, (1, 2, 3)).picture()

    def test_ppm(self):
        data = b"P6\n5 3\n255\n" + self.picture.pixels
        self.assertEqual(screen.read_ppm(data), self.picture)

    def test_ppm_that_ends_early(self):
        with self.assertRaises(ValueError):
            screen.read_ppm(b"P6\n5 3\n255\n" + self.picture.pixels[:-1])

    def test_png(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "p.png")
            screen.write_png(self.picture, path)
            with open(path, "rb") as f:
                data = f.read()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", data[16:24]), (5, 3))
        start = data.index(b"IDAT")
        length, = struct.unpack(">I", data[start - 4:start])
        rows = zlib.decompress(data[start + 4:start + 4 + length])
        self.assertEqual(rows, b"".join(b"\0" + self.picture.pixels[y * 15:y * 15 + 15]
                                        for y in range(3)))


if __name__ == "__main__":
    unittest.main()
