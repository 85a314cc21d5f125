"""A socket that was told what no call inside may tell it: steered(KIND), KIND TYPE:OPTION or TYPE:OPTION:connected, to 127.0.0.1 or ::1, port 8001.

TYPE: udp4, udp6, tcp4, tcp6. OPTION: one of those below, by the interface veth0 or the host 10.77.1.1; none; once-OPTION is taken back when
the socket is connected, which keeps its route.
"""
import socket
import struct


def told(option):
    index = socket.if_nametoindex("veth0")
    return {
        "device": (socket.SOL_SOCKET, 25, b"veth0\0", b"\0"),
        "mark": (socket.SOL_SOCKET, 36, 7, 0),
        "route": (socket.IPPROTO_IP, 4, bytes([131, 7, 4, 10, 77, 1, 1, 0]), b""),  # loose source route
        "freebind": (socket.IPPROTO_IP, 15, 1, 0),
        "transparent": (socket.IPPROTO_IP, 19, 1, 0),
        "unicast-if": (socket.IPPROTO_IP, 50, struct.pack("!I", index), 0),
        "pktinfo": (socket.IPPROTO_IPV6, 50, bytes(16) + struct.pack("I", index), bytes(20)),
        "rthdr": (socket.IPPROTO_IPV6, 57, bytes([0, 4, 4, 1, 1, 0, 0, 0]) + bytes(16) + socket.inet_pton(socket.AF_INET6, "fd77:1::1"), b""),  # of segments
        "dstopts": (socket.IPPROTO_IPV6, 59, bytes([0, 0, 1, 4, 0, 0, 0, 0]), b""),
        "transparent6": (socket.IPPROTO_IPV6, 75, 1, 0),
        "unicast-if6": (socket.IPPROTO_IPV6, 76, struct.pack("!I", index), 0),
        "freebind6": (socket.IPPROTO_IPV6, 78, 1, 0),
    }[option]


def steered(kind):
    how, option, *connected = kind.split(":")
    s = socket.socket(socket.AF_INET6 if how.endswith("6") else socket.AF_INET, socket.SOCK_DGRAM if how.startswith("udp") else socket.SOCK_STREAM)
    once = option.startswith("once-")
    if option != "none":
        level, number, value, default = told(option[5:] if once else option)
        s.setsockopt(level, number, value)
    if connected or once:
        s.connect(("::1" if how.endswith("6") else "127.0.0.1", 8001))
    if once:
        s.setsockopt(level, number, default)
    return s
