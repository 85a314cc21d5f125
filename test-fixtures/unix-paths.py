"""Says what becomes of calls that name unix sockets by a path: unix-paths.py PATH. Each line is a call, the kind of the socket, and how it ended."""
import errno
import socket
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
    joined = socket.socketpair(socket.AF_UNIX, kind)[0]
    if name != "seqpacket":  # one that is connected sends to its peer, whatever the address
        told("sendto", name + " joined", lambda: joined.sendto(b"x", sys.argv[1]))
