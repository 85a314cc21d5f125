"""Serves one connection as prefork servers do: one process accepts, another one goes on: prefork.py FAMILY ADDRESS WAY

ADDRESS: where it listens, at a free port. WAY: listening (still, when it hands over), closed (not any more), elsewhere (at 127.0.0.2, at
the same port), headless (still, but its first thread has ended). Says "ready PORT", then what the connection said, and what came of an answer.
"""
import ctypes, os, socket, sys, threading, time

family, address, way = getattr(socket, sys.argv[1]), sys.argv[2], sys.argv[3]
parent, child = socket.socketpair(socket.AF_UNIX)
if os.fork() == 0:
    parent.close()
    _, descriptors, _, _ = socket.recv_fds(child, 16, 1)
    served = socket.socket(fileno=descriptors[0])
    try:
        print(served.recv(16).decode(), served.send(b"answer"), flush=True)
    except OSError as e:
        print(e.strerror, flush=True)
    os._exit(0)
child.close()


def serve():
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 0))
    server.listen()
    port = server.getsockname()[1]
    print("ready", port, flush=True)
    accepted, _ = server.accept()
    if way not in ("listening", "headless"):
        server.close()
    if way == "elsewhere":
        other = socket.socket(family, socket.SOCK_STREAM)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.2", port))
        other.listen()
    socket.send_fds(parent, [b"take"], [accepted.fileno()])
    accepted.close()
    os.wait()


if way == "headless":
    SYS_exit = 60
    threading.Thread(target=lambda: (time.sleep(0.2), serve(), os._exit(0))).start()
    ctypes.CDLL(None).syscall(SYS_exit, 0)
serve()
