"""Hands a descriptor over by SCM_RIGHTS to whoever is at a unix path: hand-over.py serve|offer|pass PATH KIND...

serve: listens at PATH ("@NAME": abstract), says "ready", and gives each KIND to each client in one message.
offer: connects to PATH, once somebody listens there, and gives. pass: sends from a datagram socket to PATH.
KIND: udp:ADDRESS:PORT, tcp:ADDRESS:PORT (connected there), syn:ADDRESS:PORT, later:ADDRESS:PORT, corked:ADDRESS:PORT, turned:ADDRESS:PORT (as inherit.py has them), told:KIND (as steered.py has them), unix:PATH (connected), raw, packet, free (UDP, connected nowhere), fresh (TCP, likewise), memfd,
fd:N (a descriptor of its caller's).
"""
import os, socket, sys, time

from steered import steered


def made(kind):
    name, _, where = kind.partition(":")
    host, _, port = where.rpartition(":")
    if name in ("udp", "tcp"):
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM if name == "udp" else socket.SOCK_STREAM)
        s.connect((host, int(port)))
        return s
    if name in ("syn", "later"):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setblocking(name != "syn")
        s.setsockopt(socket.IPPROTO_TCP, 30, name == "later")  # TCP_FASTOPEN_CONNECT, linux/tcp.h
        s.connect_ex((host, int(port)))
        return s
    if name in ("corked", "turned"):
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        if name == "turned":
            s.connect(("10.77.1.1", 8001))
        s.sendto(b"begun", socket.MSG_MORE, (host, int(port)))
        return s
    if name == "told":
        return steered(where)
    if name == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(where)
        return s
    if name == "raw":
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
        s.connect(("10.77.2.1", 0))
        return s
    if name == "packet":
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300)
    if name == "fd":
        return open(int(where), "rb", buffering=0, closefd=False)
    if name in ("free", "fresh"):
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM if name == "free" else socket.SOCK_STREAM)
    return open(os.memfd_create("handed"), "r+b", buffering=0)


def give(channel):
    descriptors = [made(kind) for kind in sys.argv[3:]]
    socket.send_fds(channel, [b"take"], [d.fileno() for d in descriptors])
    return descriptors


mode, path = sys.argv[1], sys.argv[2].replace("@", "\0")
if mode == "serve":
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    if path[0] != "\0":
        os.chmod(path, 0o777)
    server.listen(64)
    print("ready", flush=True)
    while True:
        client, _ = server.accept()
        kept = give(client)
        client.recv(1)
channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if mode == "offer" else socket.SOCK_DGRAM)
for attempt in range(500):
    try:
        channel.connect(path)
        break
    except OSError:
        time.sleep(0.01)
kept = give(channel)
time.sleep(1 if mode == "pass" else 0)
if mode == "offer":
    channel.recv(1)
