# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks PAM as a greeter does: pam-ask.py SERVICE USER. Prints what it says, a kind and a text in each line, and ends
with 0 where the user is let in."""
import ctypes
import sys

KINDS = {1: "password", 2: "question", 3: "error", 4: "info"}
libc, libpam = ctypes.CDLL(None), ctypes.CDLL("libpam.so.0")
libc.calloc.restype = ctypes.c_void_p


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("code", ctypes.c_int)]


TALK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                        ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("talk", TALK), ("data", ctypes.c_void_p)]


def talk(count, messages, responses, _):
    for n in range(count):
        message = messages[n].contents
        print(KINDS[message.style], message.text.decode(), flush=True)
    responses[0] = libc.calloc(count, ctypes.sizeof(Response))
    return 0


service, user = (text.encode() for text in sys.argv[1:])
conversation = Conversation(TALK(talk), None)
handle = ctypes.c_void_p()
if libpam.pam_start(service, user, ctypes.byref(conversation), ctypes.byref(handle)):
    sys.exit(2)
result = libpam.pam_authenticate(handle, 0) or libpam.pam_acct_mgmt(handle, 0)
libpam.pam_end(handle, result)
sys.exit(1 if result else 0)
