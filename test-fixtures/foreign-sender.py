"""Has the kernel send to somebody: foreign-sender.py OPTION OWN SENDER

Sends a datagram to a closed port of OWN, an IPv6 address of this host, under the address SENDER, which is none of it. The kernel tells SENDER
of the error, with the datagram, "reflected". OPTION lets it: freebind, freebind-of-ipv4, packet-info. stdout: "ok", or the name of the errno.
"""
import errno
import socket
import struct
import sys

IP_FREEBIND, IPV6_FREEBIND, IPV6_PKTINFO = 15, 78, 50
CLOSED_PORT = 9

option, own, sender = sys.argv[1:]
try:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    if option == "freebind-of-ipv4":
        s.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    else:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    if option == "packet-info":
        info = socket.inet_pton(socket.AF_INET6, sender) + struct.pack("I", 0)
        s.sendmsg([b"reflected"], [(socket.IPPROTO_IPV6, IPV6_PKTINFO, info)], 0, (own, CLOSED_PORT))
    else:
        s.bind((sender, 0))
        s.sendto(b"reflected", (own, CLOSED_PORT))
    print("ok")
except OSError as e:
    print(errno.errorcode[e.errno])
