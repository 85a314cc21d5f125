"""Asks at each place by TCP and UDP, in the name given, and tells what was answered: ask.py NAME PATIENT PORT@ADDRESS...

At the port PATIENT an answer is waited for; at others nobody is thought to be, and silence is believed sooner. A line "tcp PORT ANSWER" each; none where
nobody answers. What is sent is "NAME tcp PORT".
"""
import socket, sys

for word in sys.argv[3:]:
    port, address = word.split("@")
    for kind, name in (socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp"):
        try:
            family, to = [(i[0], i[4]) for i in socket.getaddrinfo(address, port)][0]
            s = socket.socket(family, kind)
            s.settimeout(5 if port == sys.argv[2] else 0.7)
            s.connect(to)
            s.sendall(f"{sys.argv[1]} {name} {port}".encode())
            print(name, port, s.recv(99).decode(), flush=True)
        except OSError:
            pass
