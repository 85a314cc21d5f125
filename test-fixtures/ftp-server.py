"""An FTP server with one file, for one client after the other: ftp-server.py ADDRESS PORT PASSIVE_ADDRESS.

Passive data connections are taken at PASSIVE_ADDRESS, on port PORT+1; active ones are made to where the client says. Prints
"ready", then ends at end of file.
"""
import socket
import sys
import threading

FILE = b"the file\n"
COMMANDS_AT_MOST = 100


def serve(control, passive_address, port):
    reader = control.makefile("rb")
    say = lambda line: control.sendall(line.encode() + b"\r\n")
    say("220 ready")
    listener, active = None, None
    for _ in range(COMMANDS_AT_MOST):
        words = reader.readline(1000).decode("latin-1").strip().split(" ", 1)
        command, rest = words[0].upper(), words[-1]
        if command == "QUIT" or not command:
            say("221 bye")
            return
        elif command == "USER":
            say("331 password?")
        elif command == "PASS":
            say("230 welcome")
        elif command == "PASV":
            listener = socket.create_server((passive_address, port + 1))
            listener.settimeout(5)
            say("227 here (%s,%d,%d)" % (passive_address.replace(".", ","), (port + 1) // 256, (port + 1) % 256))
        elif command == "EPSV":
            listener = socket.create_server((control.getsockname()[0], port + 1), family=control.family)
            listener.settimeout(5)
            say("229 here (|||%d|)" % (port + 1))
        elif command == "PORT":
            numbers = rest.split(",")
            active = (".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5]))
            say("200 there")
        elif command == "EPRT":
            _, _, address, number, _ = rest.split(rest[0])
            active = (address, int(number))
            say("200 there")
        elif command == "RETR":
            say("150 coming")
            try:
                data = listener.accept()[0] if listener else socket.create_connection(active, 5)
                data.sendall(FILE)
                data.close()
                say("226 done")
            except OSError as e:
                say("425 no data connection: %s" % e)
            if listener:
                listener.close()
            listener = None
        else:
            say("200 fine")


def accept(server, passive_address, port):
    while True:
        control, _ = server.accept()
        try:
            serve(control, passive_address, port)
        except OSError:
            pass  # a client that was cut off
        control.close()


def main(address, port, passive_address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.create_server((address, int(port)), family=family)
    threading.Thread(target=accept, args=(server, passive_address, int(port)), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


main(*sys.argv[1:])
