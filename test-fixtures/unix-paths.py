"""Says what becomes of calls that name unix sockets by a path: unix-paths.py PATH. Each line is a call, the kind of the socket, and how it ended."""
import ctypes
import errno
import os
import socket
import struct
import sys

KINDS = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM, "seqpacket": socket.SOCK_SEQPACKET}


def told(call, kind, what):
    try:
        what()
        answer = "ok"
    except OSError as e:
        answer = errno.errorcode[e.errno]
    print(call, kind, answer)


for name, kind in KINDS.items():
    s = socket.socket(socket.AF_UNIX, kind)
    told("connect", name, lambda: s.connect(sys.argv[1]))
    told("sendto", name, lambda: s.sendto(b"x", sys.argv[1]))
    told("sendmsg", name, lambda: s.sendmsg([b"x"], [], 0, sys.argv[1]))
    joined, peer = socket.socketpair(socket.AF_UNIX, kind)
    told("sendto", name + " joined", lambda: joined.sendto(b"x", sys.argv[1]))
    told("sendmsg", name + " joined", lambda: joined.sendmsg([b"y"], [], 0, sys.argv[1]))
    peer.setblocking(False)
    told("recv", name + " joined", lambda: print(peer.recv(9), peer.recv(9)))

libc = ctypes.CDLL(None, use_errno=True)
address = struct.pack("H108s", socket.AF_UNIX, sys.argv[1].encode())
for name, fd in ("nothing", 99), ("file", os.open("/dev/null", os.O_RDWR)), ("path", os.open("/", os.O_PATH)):
    for call in libc.connect, libc.bind, lambda fd, *to: libc.sendto(fd, b"x", 1, 0, *to):
        print(name, call(fd, address, len(address)), errno.errorcode[ctypes.get_errno()])

# Sockets of other families look at no path.
for family in socket.AF_INET, socket.AF_INET6:
    for name, kind in ("stream", socket.SOCK_STREAM), ("dgram", socket.SOCK_DGRAM):
        s = socket.socket(family, kind)
        for length in 2, 16, 24, 30, len(address):
            for call in libc.connect, lambda fd, *to: libc.sendto(fd, b"x", 1, 0, *to):
                print(family.name, name, length, call(s.fileno(), address, length), errno.errorcode[ctypes.get_errno()])
