"""make-calls.py: makes system calls, each a word `number,argument,...` of its command line, and prints the error of each, or `-`.

Each is made in a child of its own, with a pointer to zeroes for the argument `ptr`.
"""
import ctypes
import errno
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
page = ctypes.create_string_buffer(4096)


def answer(call):
    words = [ctypes.addressof(page) if word == "ptr" else int(word, 0) for word in call.split(",")]
    ctypes.set_errno(0)
    result = libc.syscall(*[ctypes.c_long(word) for word in words])
    return errno.errorcode[ctypes.get_errno()] if result == -1 else "-"


for call in sys.argv[1:]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, answer(call).encode())
        os._exit(0)
    os.close(write)
    print(call, os.read(read, 100).decode() or "?", flush=True)
    os.close(read)
    os.waitpid(child, 0)
