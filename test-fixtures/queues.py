"""Does something to POSIX message queues: queues.py DEED:NAME... DEED is open (to read and write), make (likewise, with O_CREAT) or unlink.
stdout: for each "DEED ok", or the errno.
"""
import ctypes
import errno
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
for word in sys.argv[1:]:
    deed, name = word.split(":")
    if deed == "unlink":
        result = libc.syscall(241, name.encode())  # mq_unlink
    else:
        result = libc.syscall(240, name.encode(), os.O_RDWR | (os.O_CREAT if deed == "make" else 0), 0o600, None)  # mq_open
    print(deed, "ok" if result >= 0 else errno.errorcode[ctypes.get_errno()])
