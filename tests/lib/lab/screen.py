# SPDX-License-Identifier: GPL-2.0-or-later
"""What a picture of the guest's screen shows; knows QEMU's PPM and writes PNG."""

import struct
import zlib
from dataclasses import dataclass

BLANK, TEXT, X, GREETER = "blank", "text", "x", "greeter"


@dataclass
class Picture:
    width: int
    height: int
    pixels: bytes  # three bytes a pixel: red, green, blue

    def luma_row(self, y, step=1):
        """Every step-th pixel of a row as its green byte, which is near enough to brightness."""
        start = y * self.width * 3 + 1
        return self.pixels[start:start + self.width * 3:3 * step]


def read_ppm(data):
    """The form of QEMU's screendump: P6, width and height, 255, pixels."""
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while data[end:end + 1] not in (b" ", b"\n"):
            end += 1
        fields.append(data[at:end])
        at = end + 1
    if fields[0] != b"P6" or fields[3] != b"255":
        raise ValueError("not a binary pixmap of 8 bits")
    width, height = int(fields[1]), int(fields[2])
    if len(data) - at < width * height * 3:
        raise ValueError("a pixmap that ends early")
    return Picture(width, height, data[at:at + width * height * 3])


def write_png(picture, path):
    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body
                + struct.pack(">I", zlib.crc32(kind + body)))

    line = picture.width * 3
    rows = b"".join(b"\0" + picture.pixels[y * line:(y + 1) * line]
                    for y in range(picture.height))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n"
                + chunk(b"IHDR", struct.pack(">IIBBBBB", picture.width, picture.height,
                                             8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))


# The sixteen colours of the kernel's console are made of these values of red, green and blue.
CONSOLE_VALUES = b"\x00\x55\xaa\xff"
# A cursor has 16 pixels, a mouse pointer about 130.
FEW_PIXELS = 400
BRIGHT = 200


def judge(picture):
    """Says what the picture shows.

    BLANK    nothing but perhaps a cursor, or QEMU's own word that there is no picture yet
    TEXT     the kernel's console: its colours alone, beginning at the left edge
    GREETER  a bright box in the middle of a screen that is not bright around it
    X        anything else that somebody has drawn
    """
    lit = _lit(picture)
    if not picture.pixels.translate(None, CONSOLE_VALUES) and _is_dark(picture):
        return TEXT if lit > FEW_PIXELS and _left_edge_lit(picture) else BLANK
    if lit <= FEW_PIXELS:
        return X  # the pointer, which is drawn in more shades than the console has
    return GREETER if _has_box(picture) else X


def _lit(picture):
    green = picture.pixels[1::3]
    return len(green) - green.count(0)


def _is_dark(picture):
    return _lit(picture) * 2 < picture.width * picture.height


def _left_edge_lit(picture):
    """Console lines begin with the first character cell, eight pixels wide."""
    return any(any(picture.luma_row(y)[:8]) for y in range(picture.height))


def differences(one, other):
    """How many pixels of two pictures differ in their green."""
    if (one.width, one.height) != (other.width, other.height):
        return one.width * one.height
    pairs = zip(one.pixels[1::3], other.pixels[1::3])
    return sum(1 for a, b in pairs if a != b)


def bright_share(picture, left, right, top, bottom):
    """The share of bright pixels in a part of the screen, given in hundredths."""
    bright = total = 0
    for y in range(picture.height * top // 100, picture.height * bottom // 100, 4):
        row = picture.luma_row(y)[picture.width * left // 100:picture.width * right // 100]
        bright += sum(1 for value in row if value >= BRIGHT)
        total += len(row)
    return bright / total


def _has_box(picture):
    if bright_share(picture, 40, 60, 42, 58) < 0.6:
        return False
    around = [bright_share(picture, *part) for part in
              ((0, 25, 10, 90), (75, 100, 10, 90), (30, 70, 10, 30), (30, 70, 70, 90))]
    return max(around) < 0.3
