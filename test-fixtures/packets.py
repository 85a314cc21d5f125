"""Sends one packet of each kind to each address: packets.py KIND[,KIND...] ADDRESS...

KIND:
    echo            an ICMP echo request by a raw socket
    icmp            one by a datagram socket, where net.ipv4.ping_group_range has the caller's group
    raw-NUMBER      of that protocol, by a raw socket
    header          UDP to port 8001, its IPv4 header made here
    routed          the same, with a loose source route
    route-end, route-end+1   an IPv6 packet that ends with a routing header, which goes on to fd77:2::1, or a byte behind that
    route-nested    such a packet in two fragments within fragments
    segment         TCP to port 8001, by a raw socket, as if a connection were there
    odd-segment     the same, with flags in the type of socket(2), and garbage in the upper halves of its arguments
    behind-ROUTER   a segment, its IPv4 header made here and given to ROUTER
    spoofed-OWN     an echo request to the address OWN of this host, which says that it comes from ADDRESS: the kernel answers there
    begun-OWN       first a first segment of ADDRESS's port 8001 to port 4000 of OWN, both of this host, which only connection tracking takes,
                    for its checksum is wrong; then one from there to ADDRESS, as if both called at once
    answered-OWN    the same, the second by connect(2)
    udplite, mptcp  a connection to port 8001
    multicast       UDP to a group, by the interface of the address
    received        UDP to port 8001, by a socket that a process outside has connected and hands over, asked on the unix socket $HANDOVER

stdout: a line "KIND ADDRESS OUTCOME" each; the outcome is "ok", or the name of the errno.
"""
import array
import ctypes
import errno
import os
import random
import socket
import struct
import sys


# ACK and URG; nobody looks at the checksum
SEGMENT = struct.pack(">HHLLBBHHH", 4000, 8001, 1, 1, 0x50, 0x30, 512, 0, 0)


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_with_header(address, options):
    udp = struct.pack(">HHHH", 4000, 8001, 8, 0)
    length = 20 + len(options)
    return struct.pack(">BBHHHBBH4s4s", 0x40 | length // 4, 0, length + len(udp), 1, 0, 64, 17, 0, bytes(4),
                       socket.inet_aton(address)) + options + udp


def send_routed(how, address):
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        asking.connect((address, 8001))
        source = asking.getsockname()[0]
    udp, options, fragment, routing = 17, 60, 44, 43
    segments = struct.pack(">BBBBBBH", options, 4, 4, 1, 1, 0, 0) + socket.inet_pton(10, "fd77:2::1") + socket.inet_pton(10, address)
    rest = struct.pack(">BB", udp, 0) + bytes([1, 4, 0, 0, 0, 0]) + struct.pack(">HHHH", 4000, 8001, 8, 0)

    def send_one(protocol, payload):
        head = struct.pack(">LHBB", 0x60000000, len(payload), protocol, 64)
        s.sendto(head + socket.inet_pton(10, source) + socket.inet_pton(10, address) + payload, (address, 0))

    def within(protocol, offset_and_more, number, payload):
        return struct.pack(">BBHL", protocol, 0, offset_and_more, number) + payload

    if how == "nested":
        send_one(fragment, within(fragment, 0, 91, within(routing, 1, 78, segments)))
        send_one(fragment, within(fragment, 0, 92, within(udp, len(segments), 78, rest)))
    else:
        send_one(routing, segments + (b"x" if how == "end+1" else b""))


def first_segment(source, port, target, target_port):
    segment = struct.pack(">HHLLBBHHH", port, target_port, random.getrandbits(32), 0, 0x50, 2, 512, 0, 0)
    if ":" in source:
        return struct.pack(">LHBB", 0x60000000, 20, 6, 64) + socket.inet_pton(10, source) + socket.inet_pton(10, target) + segment
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, socket.inet_aton(source), socket.inet_aton(target)) + segment


def made_oddly(family, kind, protocol):
    garbage = 0x5CA1AB1E << 32
    words = family | garbage, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC | garbage, protocol | garbage
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(ctypes.c_long(41), *[ctypes.c_ulong(word) for word in words])  # x86_64 socket(2)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "socket")
    return fd


def send(kind, address):
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    word, _, number = kind.partition("-")
    if word == "echo":
        s = socket.socket(family, socket.SOCK_RAW, 58 if v6 else 1)
        head = struct.pack(">BBHHH", 128 if v6 else 8, 0, 0, 1, 1)
        s.sendto(head[:2] + struct.pack(">H", checksum(head)) + head[4:], (address, 0))
    elif word == "icmp":
        s = socket.socket(family, socket.SOCK_DGRAM, 58 if v6 else 1)
        s.sendto(struct.pack(">BBHHH", 128 if v6 else 8, 0, 0, 0, 1), (address, 0))
    elif word == "raw":
        socket.socket(family, socket.SOCK_RAW, int(number)).sendto(bytes(16), (address, 0))
    elif word == "segment":
        socket.socket(family, socket.SOCK_RAW, 6).sendto(SEGMENT, (address, 0))
    elif word == "odd":
        socket.socket(fileno=made_oddly(family, socket.SOCK_RAW, 6)).sendto(SEGMENT, (address, 0))
    elif word == "behind":
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, bytes(4), socket.inet_aton(address))
        socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW).sendto(head + SEGMENT, (number, 0))
    elif word in ("header", "routed"):
        s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        s.sendto(udp_with_header(address, b"\x83\x07\x04" + socket.inet_aton("10.77.2.1") + b"\0" if word == "routed" else b""), (address, 0))
    elif word == "route":
        send_routed(number, address)
    elif word == "spoofed":
        icmp = struct.pack(">BBHHH", 8, 0, 0, 1, 1)
        icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, 1, 0, socket.inet_aton(address), socket.inet_aton(number))
        socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW).sendto(head + icmp, (number, 0))
    elif word in ("begun", "answered"):
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        raw.sendto(first_segment(address, 8001, number, 4000), (number, 0))
        if word == "begun":
            raw.sendto(first_segment(number, 4000, address, 8001), (address, 0))
        else:
            s = socket.socket(family, socket.SOCK_STREAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((number, 4000))
            s.settimeout(5)
            s.connect((address, 8001))
    elif word == "udplite":
        socket.socket(family, socket.SOCK_DGRAM, 136).sendto(b"hello", (address, 8001))
    elif word == "mptcp":
        s = socket.socket(family, socket.SOCK_STREAM, 262)
        s.settimeout(5)
        s.connect((address, 8001))
    elif word == "multicast":
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.sendto(b"hello", (address, 8001))
    elif word == "received":
        with socket.socket(socket.AF_UNIX) as helper:
            helper.connect(os.environ["HANDOVER"])
            helper.sendall(address.encode())
            _, control, _, _ = helper.recvmsg(1, 64)
        os.write(array.array("i", control[0][2])[0], b"hello")
    else:
        sys.exit("no kind " + kind)


for kind in sys.argv[1].split(","):
    for address in sys.argv[2:]:
        try:
            send(kind, address)
            outcome = "ok"
        except OSError as e:
            outcome = errno.errorcode.get(e.errno, str(e))
        print(kind, address, outcome, flush=True)
