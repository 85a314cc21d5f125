"""The receiving end of a network room: receiver.py INTERFACE TCP_UDP_PORT...

Tells on stdout which traffic came in on INTERFACE, a line per datagram and per connection attempt, whatever its port
and address, seen by a packet socket:
    tcp ADDRESS:PORT | segment ADDRESS:PORT (TCP of no connection) | udp ADDRESS:PORT | ip-PROTOCOL ADDRESS | join GROUP (IPv6; in IPv4 it is ip-2)
Neighbour discovery and reports of the groups that the kernel itself joins are not told. On the given ports, of every address
and family, it also answers: UDP and TCP echo; TCP 23 greets; to "GET " comes an HTTP page; UDP 53 resolves every name
to 10.77.1.1 and fd77:1::1. A line "mark WORD" on stdin is answered by itself, once nothing more is coming in. Ends at end of file.
"""
import selectors
import socket
import struct
import sys

MOST_CONNECTIONS = 2000
QUIET_SECONDS = 0.02

PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"
SEEN_SYNS = set()


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def decode(packet):
    """What a packet is, in a line; None if it is not to be told."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        protocol, rest = packet[9], packet[(packet[0] & 15) * 4:]
        if struct.unpack_from(">H", packet, 6)[0] & 0x1FFF:
            return None  # a later fragment
        source, target = packet[12:16], socket.inet_ntop(socket.AF_INET, packet[16:20])
        shown = target
    elif version == 6 and len(packet) >= 40:
        protocol, rest = packet[6], packet[40:]
        source, target = packet[8:24], socket.inet_ntop(socket.AF_INET6, packet[24:40])
        shown = "[" + target + "]"
        if protocol == 0 and len(rest) >= 8 and rest[0] == 58:
            return joined(rest[8:])
    else:
        return None
    if protocol in (6, 17) and len(rest) >= 8:
        source_port, port = struct.unpack_from(">HH", rest)
        if protocol == 17:
            return "udp %s:%d" % (shown, port)
        if len(rest) >= 14 and rest[13] & 0x32 == 0x30:
            return "segment %s:%d" % (shown, port)  # URG without SYN: nobody sends that but packets.py
        if len(rest) < 14 or rest[13] & 0x12 != 0x02:
            return None  # no first segment of a connection
        key = (source, source_port, target, port, rest[4:8])
        if key in SEEN_SYNS:
            return None  # sent again
        SEEN_SYNS.add(key)
        return "tcp %s:%d" % (shown, port)
    if protocol == 58 and rest and 130 <= rest[0] <= 143:
        return None  # neighbour discovery, listener reports
    if protocol == 58 and rest and rest[0] < 128 or protocol == 1 and rest and rest[0] in (3, 11, 12):
        return None  # an error message
    return "ip-%d %s" % (protocol, target)


def joined(report):
    """What a multicast listener report (RFC 3810) tells of groups that the kernel does not join by itself."""
    if len(report) < 28 or report[0] != 143:
        return None
    group = socket.inet_ntop(socket.AF_INET6, report[12:28])
    return None if group.startswith("ff02:") or group.startswith("ff01:") else "join [%s]" % group


def resolve(query):
    """A DNS answer to the query."""
    end = 12
    while end < len(query) and query[end]:
        end += 1 + query[end]
    kind = struct.unpack_from(">H", query, end + 1)[0] if end + 5 <= len(query) else 0
    answer = b""
    if kind == 1:
        answer = socket.inet_aton("10.77.1.1")
    elif kind == 28:
        answer = socket.inet_pton(socket.AF_INET6, "fd77:1::1")
    head = query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1 if answer else 0, 0, 0)
    record = struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(answer)) + answer if answer else b""
    return head + query[12:end + 5] + record


class Receiver:
    def __init__(self, interface, ports):
        self.selector = selectors.DefaultSelector()
        self.connections = 0
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.wire.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self.wire.bind((interface, 3))  # ETH_P_ALL
        self.wire.setblocking(False)
        self.watch(self.wire, self.packets)
        for port in ports:
            for kind, on in ((socket.SOCK_STREAM, self.accept), (socket.SOCK_DGRAM, self.datagram)):
                listener = socket.socket(socket.AF_INET6, kind)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                listener.bind(("::", port))
                listener.setblocking(False)
                if kind == socket.SOCK_STREAM:
                    listener.listen(256)
                self.watch(listener, on)
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)

    def watch(self, sock, on):
        self.selector.register(sock, selectors.EVENT_READ, on)

    def packets(self, wire):
        packet, address = wire.recvfrom(2048)
        line = decode(packet) if address[2] <= 2 else None  # PACKET_HOST, _BROADCAST, _MULTICAST
        if line:
            say(line)

    def accept(self, listener):
        connection, _ = listener.accept()
        try:
            connection.setblocking(False)
            if connection.getsockname()[1] == 23:
                connection.send(b"welcome\r\n")
        except OSError:  # it was reset before it was accepted, as by race.c, whose half-changed port may be any below 256
            connection.close()
            return
        if self.connections >= MOST_CONNECTIONS:
            connection.close()
            return
        self.connections += 1
        self.watch(connection, self.answer)

    def answer(self, connection):
        try:
            said = connection.recv(65536)
            if said.startswith(b"GET "):
                connection.send(PAGE)
                said = b""
            elif said:
                connection.send(said)
        except OSError:
            said = b""
        if not said:
            self.connections -= 1
            self.selector.unregister(connection)
            connection.close()

    def datagram(self, sock):
        try:
            said, ancillary, _, sender = sock.recvmsg(65536, 256)
            reply = resolve(said) if sock.getsockname()[1] == 53 else said
            sock.sendmsg([reply], ancillary, 0, sender)
        except OSError:
            pass

    def serve(self, timeout):
        """Handles what is ready; False if nothing was. Lines of stdin are left to the caller."""
        ready = self.selector.select(timeout)
        for key, _ in ready:
            if key.data is None:
                self.told = True
                continue
            try:
                key.data(key.fileobj)
            except BlockingIOError:
                pass
        return any(key.data for key, _ in ready)

    def run(self):
        say("ready")
        while True:
            self.told = False
            self.serve(None)
            if self.told:
                line = sys.stdin.readline()
                if not line:
                    return
                stdin = self.selector.unregister(sys.stdin)
                while self.serve(QUIET_SECONDS):
                    pass
                self.selector.register(stdin.fileobj, selectors.EVENT_READ, None)
                say(line.strip())


Receiver(sys.argv[1], [int(port) for port in sys.argv[2:]]).run()
