"""Makes what iptables does not show: nat-chain.py NUMBER

    table inet own { chain out { type nat hook output priority -100; } }

with that many rules in it, which do nothing. stdout: the errno of each step that failed.
"""
import socket
import struct
import sys

# linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
NETLINK_NETFILTER = 12
NFPROTO_UNSPEC, NFPROTO_INET = 0, 1
REQUEST, ACK, CREATE, APPEND = 0x1, 0x4, 0x400, 0x800
BATCH_BEGIN, BATCH_END = 16, 17
NFTABLES = 10
NEWTABLE, NEWCHAIN, NEWRULE = NFTABLES << 8 | 0, NFTABLES << 8 | 3, NFTABLES << 8 | 6
NESTED = 0x8000


def attribute(kind, data):
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + bytes(-length % 4)


def text(kind, value):
    return attribute(kind, value.encode() + b"\0")


def number(kind, value):
    return attribute(kind, struct.pack(">i", value))


def message(kind, flags=0, body=b"", family=NFPROTO_UNSPEC, resource=0):
    return (struct.pack("=LHHLL", 20 + len(body), kind, REQUEST | flags, 0, 0)
            + struct.pack("=BB", family, 0) + struct.pack(">H", resource) + body)


rules = int(sys.argv[1])
batch = [
    message(BATCH_BEGIN, resource=NFTABLES),
    message(NEWTABLE, CREATE | ACK, text(1, "own"), NFPROTO_INET),
    message(NEWCHAIN, CREATE | ACK, text(1, "own") + text(3, "out") + text(7, "nat") + attribute(4 | NESTED, number(1, 3) + number(2, -100)),
            NFPROTO_INET),
    *[message(NEWRULE, CREATE | APPEND | ACK, text(1, "own") + text(2, "out") + attribute(4 | NESTED, b""), NFPROTO_INET)] * rules,
    message(BATCH_END, resource=NFTABLES),
]
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
    netlink.settimeout(10)
    netlink.send(b"".join(batch))
    answers = 0
    while answers < 2 + rules:
        data = netlink.recv(65536)
        while data:
            length, = struct.unpack_from("=L", data)
            error, = struct.unpack_from("=i", data, 16)
            if error:
                print(-error)
            data = data[length + 3 & ~3:]
            answers += 1
