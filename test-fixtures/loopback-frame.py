"""Sends a datagram to 127.0.0.1 of the host that the default route leads to: loopback-frame.py PORT

No route leads there, and the kernel would not send it: the frame is made by hand, on a packet socket. stdout: "sent", or the name of the errno.
"""
import errno
import socket
import struct
import sys
import time


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def neighbour(gateway):
    """Its hardware address, from arp(7)'s table, once it has been asked for."""
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (gateway, 9))
    for _ in range(100):
        for line in open("/proc/net/arp").readlines()[1:]:
            address, _, flags, hardware, _, _ = line.split()
            if address == gateway and flags in ("0x2", "0x6"):  # learnt, or known from the beginning
                return bytes.fromhex(hardware.replace(":", ""))
        time.sleep(0.05)
    sys.exit("nobody is at " + gateway)


port = int(sys.argv[1])
for line in open("/proc/net/route").readlines()[1:]:
    card, network, gateway = line.split()[:3]
    if network == "00000000":
        break
gateway = socket.inet_ntoa(struct.pack("<I", int(gateway, 16)))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.connect((gateway, 9))
    own = s.getsockname()[0]
try:
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
    udp = struct.pack(">HHHH", 4000, port, 8 + 5, 0) + b"frame"
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(own), socket.inet_aton("127.0.0.1"))
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    packets.sendto(head + udp, (card, 0x800, 0, 0, neighbour(gateway)))
    print("sent")
except OSError as e:
    print(errno.errorcode[e.errno])
