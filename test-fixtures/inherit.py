"""Runs a command with sockets of its caller's: inherit.py KIND... -- COMMAND. They get the numbers 5, 6, ... in order.

KIND: tcp:ADDRESS:PORT and udp:ADDRESS:PORT (connected), syn:ADDRESS:PORT (connecting), later:ADDRESS:PORT (connects when first written to,
where net.ipv4.tcp_fastopen has the bits 5), corked:ADDRESS:PORT (UDP, with a datagram begun that is for there),
turned:ADDRESS:PORT (likewise, and connected to 10.77.1.1:8001), told:KIND (as steered.py has them), udp (not connected), listen (TCP, on loopback), raw, packet, pair (one end of a
socketpair), queued (likewise, and a TCP socket waits in it), tcp (not connected), unix:PATH (connected), tun, node:MAJOR:MINOR (a device under a name of its own), file. stdio:ADDRESS:PORT is connected TCP as standard input and output.
ring (an io_uring), waiting (TCP, listens at all addresses, and a connection waits to be accepted), mptcp (listens), stdin:KIND (KIND as
standard input).
"""
import ctypes
import os
import socket
import stat
import sys

from steered import steered


def opened(kind):
    word, _, place = kind.partition(":")
    address, _, port = place.rpartition(":")
    if word in ("tcp", "udp", "stdio") and place:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM if word == "udp" else socket.SOCK_STREAM)
        s.connect((address, int(port)))
        return s.detach()
    if word in ("syn", "later"):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setblocking(word != "syn")
        s.setsockopt(socket.IPPROTO_TCP, 30, word == "later")  # TCP_FASTOPEN_CONNECT, linux/tcp.h
        s.connect_ex((address, int(port)))
        return s.detach()
    if word in ("corked", "turned"):
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        if word == "turned":
            s.connect(("10.77.1.1", 8001))
        s.sendto(b"begun", socket.MSG_MORE, (address, int(port)))
        return s.detach()
    if word == "told":
        return steered(place).detach()
    if word == "udp":
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()
    if word == "tcp":
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()
    if word == "listen":
        return socket.create_server(("127.0.0.1", 0)).detach()
    if word == "raw":
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).detach()
    if word == "packet":
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300).detach()
    if word == "ring":
        return ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(120))  # io_uring_setup
    if word == "waiting":
        listener = socket.create_server(("", 0))
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])).detach()
        return listener.detach()
    if word == "mptcp":
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        listener.listen()
        return listener.detach()
    if word == "stdin":
        return opened(place)
    if word == "pair":
        return socket.socketpair()[0].detach()
    if word == "queued":
        sender, receiver = socket.socketpair()
        socket.send_fds(sender, [b"x"], [socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()])
        return receiver.detach()
    if word == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(place)
        return s.detach()
    if word == "tun":
        return os.open("/dev/net/tun", os.O_RDWR)
    if word == "node":
        name = "node-%d" % os.getpid()
        os.mknod(name, 0o600 | stat.S_IFCHR, os.makedev(int(address), int(port)))
        try:
            return os.open(name, os.O_RDWR)
        finally:
            os.unlink(name)
    return os.open("/dev/null", os.O_RDWR)


kinds, command = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
descriptors = [(kind, opened(kind)) for kind in kinds]
for kind, descriptor in descriptors:
    os.dup2(descriptor, 50 + descriptors.index((kind, descriptor)))
for number, (kind, descriptor) in enumerate(descriptors):
    if kind.startswith("stdio:"):
        os.dup2(50 + number, 0)
        os.dup2(50 + number, 1)
    elif kind.startswith("stdin:"):
        os.dup2(50 + number, 0)
    else:
        os.dup2(50 + number, 5 + number)
os.closerange(5 + len(kinds), 100)
os.execvp(command[0], command)
