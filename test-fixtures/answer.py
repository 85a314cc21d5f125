"""Answers whoever comes to these ports, by TCP and UDP at every address, and writes down what came: answer.py FILE PORT...

Says "ready" when it listens. What came is a line each of FILE.
"""
import select, socket, sys

sockets = []
for port in sys.argv[2:]:
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        s = socket.socket(socket.AF_INET6, kind)
        s.bind(("::", int(port)))
        sockets.append(s)
        if kind == socket.SOCK_STREAM:
            s.listen()
log = open(sys.argv[1], "w", buffering=1)
print("ready", flush=True)
while True:
    s = select.select(sockets, [], [])[0][0]
    if s.type == socket.SOCK_STREAM:
        c = s.accept()[0]
        c.settimeout(2)
        data = c.recv(99)
        c.sendall(b"answer")
        c.close()
    else:
        data, peer = s.recvfrom(99)
        s.sendto(b"answer", peer)
    print(data.decode(), file=log)
