"""Frames that a command with a network of its own (--net=nat) sends to the host's end of its pair, by a packet socket: nat-frames.py WHAT

    advertise      a router advertisement: a default route, a prefix, a route
    unreachable    ICMP errors, from its own address and over IPv6 from another one too, about the host's flow from 127.0.0.1:4000 to
                   127.0.0.1:5353 and the same of ::1 and 10.77.1.2
    multicast      to 224.0.0.251 and ff02::fb, port 5353: "multicast"
    neighbours     ARP requests and neighbour solicitations in the name of many who are not there
    resync         TCP segments that begin a connection, and answer that, in the name of both ends of the host's own from port 4444 to 4445 of
                   10.77.1.2 and fd77:1::2
    strays         to 10.77.1.1:8001: TCP segments that belong to no connection, an ICMP error about no flow, a packet of GRE

stdout: "sent", and then it stays for two seconds.
"""
import socket
import struct
import subprocess
import sys
import time

V4, V6, ARP = 0x0800, 0x86dd, 0x0806
ICMP, TCP, UDP, GRE, ICMPV6 = 1, 6, 17, 47, 58


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def v4(protocol, source, target, payload):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + address(source) + address(target)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def v6(protocol, source, target, payload, limit=64):
    return struct.pack("!IHBB", 0x60000000, len(payload), protocol, limit) + address(source) + address(target) + payload


def icmp6(source, target, message, limit=64):
    pseudo = address(source) + address(target) + struct.pack("!II", len(message), ICMPV6)
    return v6(ICMPV6, source, target, message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:], limit)


def icmp(source, target, about):
    message = struct.pack("!BBHI", 3, 3, 0, 0) + about
    return v4(ICMP, source, target, message[:2] + struct.pack("!H", checksum(message)) + message[4:])


def segment(source, target, flags, ports=(4444, 8001), sequence=7, acknowledged=9):
    text = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, flags, 512, 0, 0)
    pseudo = address(source) + address(target) + struct.pack("!II", len(text), TCP)
    text = text[:16] + struct.pack("!H", checksum(pseudo + text)) + text[18:]
    return (v6 if ":" in source else v4)(TCP, source, target, text)


def ip(*words):
    return subprocess.run(("ip", "-o") + words, check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def after(words, word):
    return words[words.index(word) + 1].split("/")[0]


def main(what):
    send = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    own = {V4: after(ip("-4", "addr", "show", "dev", "eth0"), "inet"), V6: after(ip("-6", "addr", "show", "dev", "eth0", "scope", "global"), "inet6")}
    gateway = {V4: after(ip("-4", "route", "show", "default"), "via"), V6: after(ip("-6", "route", "show", "default"), "via")}
    for kind, family in ((V4, socket.AF_INET), (V6, socket.AF_INET6)):
        socket.socket(family, socket.SOCK_DGRAM).sendto(b"", (gateway[kind], 9))
    time.sleep(0.5) # the host's end is known then
    there = bytes.fromhex(after(ip("-4", "neigh", "show", gateway[V4], "dev", "eth0"), "lladdr").replace(":", ""))
    here = bytes.fromhex(after(ip("link", "show", "dev", "eth0"), "link/ether").replace(":", ""))

    def out(kind, packet, to=there):
        send.sendto(packet, ("eth0", kind, 0, 0, to))

    if what == "advertise":
        link = after(ip("-6", "addr", "show", "dev", "eth0", "scope", "link"), "inet6")
        message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 8, 1800, 0, 0) + b"\1\1" + here
        message += struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 3600, 3600, 0) + address("fd99::")
        message += struct.pack("!BBBBI", 24, 2, 48, 8, 3600) + address("2001:db8:27::")[:8]
        out(V6, icmp6(link, "ff02::1", message, 255), bytes.fromhex("333300000001"))
    elif what == "unreachable":
        flow = struct.pack("!HHHH", 4000, 5353, 9, 0) + b"q"
        out(V4, icmp(own[V4], gateway[V4], v4(UDP, "127.0.0.1", "127.0.0.1", flow)))
        out(V4, icmp(own[V4], "10.77.1.2", v4(UDP, "10.77.1.2", "10.77.1.2", flow)))
        for source in own[V6], "2001:db8::66":
            out(V6, icmp6(source, gateway[V6], struct.pack("!BBHI", 1, 4, 0, 0) + v6(UDP, "::1", "::1", flow)))
    elif what == "multicast":
        for family, group in ((socket.AF_INET, ("224.0.0.251", 5353)), (socket.AF_INET6, ("ff02::fb", 5353, 0, socket.if_nametoindex("eth0")))):
            socket.socket(family, socket.SOCK_DGRAM).sendto(b"multicast", group)
    elif what == "neighbours":
        for i in range(1, 100):
            out(ARP, struct.pack("!HHBBH", 1, V4, 6, 4, 1) + here + address("10.99.0.%d" % i) + bytes(6) + address(gateway[V4]))
            asks = struct.pack("!BBHI", 135, 0, 0, 0) + address(gateway[V6]) + b"\1\1" + here
            out(V6, icmp6("fe80::77:%x" % i, gateway[V6], asks, 255))
    elif what == "resync":
        for kind, host in (V4, "10.77.1.2"), (V6, "fd77:1::2"):
            out(kind, segment(host, host, 2, (4444, 4445)))
            out(kind, segment(host, host, 0x12, (4445, 4444), 77, 8))
    else:
        for flags in 0x12, 0x11, 0x14, 0:  # SYN ACK, FIN ACK, RST ACK, none
            out(V4, segment(own[V4], "10.77.1.1", flags))
        out(V4, icmp(own[V4], "10.77.1.1", v4(UDP, "10.77.1.1", own[V4], struct.pack("!HHHH", 7, 7, 9, 0) + b"q")))
        out(V4, v4(GRE, own[V4], "10.77.1.1", bytes(8)))
    print("sent", flush=True)
    time.sleep(2)


main(sys.argv[1])
