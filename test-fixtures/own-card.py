"""Gives the network it is in cards of another one's, and sends by each: own-card.py PID LOWER OWN ADDRESS PORT

PID is a process in the other network, LOWER the index of a card there. A macvlan and an ipvlan on that card, and a veth pair, are tried, each by
the name that rtnetlink(7) has for networks: an id, which RTM_NEWNSID gives to the network of any process. The card gets the address OWN.

stdout: a line "RTM_NEWNSID OUTCOME", then "KIND OUTCOME" each, then "sent" or sendto's error; an outcome is "ok" or the name of the errno.
"""
import errno
import os
import socket
import struct
import sys

# linux/rtnetlink.h, linux/net_namespace.h, linux/if_link.h, linux/netlink.h
RTM_NEWLINK, RTM_NEWADDR, RTM_NEWNSID = 16, 20, 88
NETNSA_NSID, NETNSA_PID = 1, 2
IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_NET_NS_PID, IFLA_LINK_NETNSID = 3, 5, 18, 19, 37
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE, VETH_INFO_PEER = 1, 2, 1, 1, 1
IFA_LOCAL = 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL = 1, 4, 0x400, 0x200
IFF_UP = 1
ID = 7


def attribute(kind, value):
    value = value if isinstance(value, bytes) else struct.pack("i", value)
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def ask(what, flags, body):
    netlink.send(struct.pack("IHHII", 16 + len(body), what, flags | NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
    answer = netlink.recv(65536)
    error = -struct.unpack_from("i", answer, 16)[0]
    return errno.errorcode[error] if error else "ok"


def link(index, flags):
    return struct.pack("BxHiII", 0, 0, index, flags, flags)


def make(name, kind, data, where):
    return ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link(0, 0) + attribute(IFLA_IFNAME, name + b"\0") + where
               + attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, kind) + attribute(IFLA_INFO_DATA, data)))


pid, lower, own, address, port = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
netlink.bind((0, 0))
print("RTM_NEWNSID", ask(RTM_NEWNSID, 0, bytes(4) + attribute(NETNSA_NSID, ID) + attribute(NETNSA_PID, pid)))
peer = attribute(VETH_INFO_PEER, link(0, 0) + attribute(IFLA_IFNAME, b"theirs0\0") + attribute(IFLA_NET_NS_PID, pid))
print("veth", make(b"ours0", b"veth", peer, b""))
there = attribute(IFLA_LINK, lower) + attribute(IFLA_LINK_NETNSID, ID)
for kind, data in (b"macvlan", attribute(IFLA_MACVLAN_MODE, 4)), (b"ipvlan", attribute(IFLA_IPVLAN_MODE, struct.pack("H", 0))):
    made = make(b"card0", kind, data, there)
    print(kind.decode(), made)
    if made == "ok":
        index = socket.if_nametoindex("card0")
        ask(RTM_NEWADDR, NLM_F_CREATE, struct.pack("BBBBI", socket.AF_INET, 24, 0, 0, index) + attribute(IFA_LOCAL, socket.inet_aton(own)))
        ask(RTM_NEWLINK, 0, link(index, IFF_UP))
        break
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", (address, port))
    print("sent", flush=True)
    os.system("sleep 0.5")  # what waits for the neighbour's address is lost if its card goes meanwhile
except OSError as e:
    print(errno.errorcode[e.errno])
