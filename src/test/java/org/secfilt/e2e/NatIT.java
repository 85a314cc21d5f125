package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A network of the command's own behind the host's addresses. The room's inside plays the host: its interface veth0 leads to the
 * neighbour, who knows no way back to the command's own addresses.
 */
class NatIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String REACH = "for a in 10.77.1.1 198.51.100.1 fd77:1::1 2001:db8::1; do"
            + " exec 3<>/dev/tcp/$a/8001 && echo hi >&3 && read -u3 line && echo \"$a $line\"; echo x >/dev/udp/$a/8002; done";
    private static final List<String> REACHED = List.of("tcp 10.77.1.1:8001", "udp 10.77.1.1:8002", "tcp 198.51.100.1:8001",
            "udp 198.51.100.1:8002", "tcp [fd77:1::1]:8001", "udp [fd77:1::1]:8002", "tcp [2001:db8::1]:8001", "udp [2001:db8::1]:8002");

    @RegisterExtension
    static final NatState STATE = new NatState(ROOM);

    @ParameterizedTest
    @ValueSource(strings = {"--net=nat", "--net=nat --allowed-port=8001-8002", "--net=nat --user=nobody --private-tmp --allowed-port=1-9000"})
    void reaches_what_the_host_reaches(String options) {
        Outcome run = ROOM.bash("$SECFILT " + options + " bash -c '" + REACH + "'").run().exited(0);
        assertEquals("10.77.1.1 hi\n198.51.100.1 hi\nfd77:1::1 hi\n2001:db8::1 hi\n", run.stdout(), run::toString);
        assertEquals(REACHED, ROOM.arrived());
    }

    /** The answer would be taken for one to a connection of theirs. */
    @ParameterizedTest
    @ValueSource(strings = {"10.77.1.9", "127.0.0.53"})
    void nothing_comes_in_the_name_of_others(String from) {
        String forge = """
                import socket, struct, sys
                s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
                for source in (sys.argv[1], None):
                    packet = struct.pack(">HHHH", 4444, 8001, 9, 0) + b"x"
                    if source:
                        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(packet), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(sys.argv[2])) + packet
                    else:
                        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
                    s.sendto(packet, (sys.argv[2], 0))""";
        Outcome run = ROOM.bash("echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter; $SECFILT --net=nat --publish=10105:5432 /usr/bin/python3 -c \"$1\" $2 10.77.1.1", forge, from).run().exited(0);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived(), run::toString); // that in its own name
    }

    /** An error message may tell of any connection. Natively it is taken from the own address too. */
    @Test
    void nothing_is_told_of_connections_of_the_hosts_loopback() {
        String tell = """
                import socket, struct
                def sum16(b):
                    b += bytes(len(b) % 2)
                    s = sum(struct.unpack(">%dH" % (len(b) // 2), b)); s = (s & 0xffff) + (s >> 16); return ~(s + (s >> 16)) & 0xffff
                def header(protocol, source, target, rest):
                    h = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(rest), 1, 0, 64, protocol, 0, source, target)
                    return h[:10] + struct.pack(">H", sum16(h)) + h[12:] + rest
                host = socket.inet_aton("127.0.0.1")
                seen = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); seen.connect(("10.77.1.1", 9)); own = socket.inet_aton(seen.getsockname()[0])
                seen.send(b"x") # the neighbour is known from here on
                route = [l.split() for l in open("/proc/net/route")][1:]
                device = [r[0] for r in route if r[1] == "00000000"][0]
                import time; time.sleep(0.3)
                entry = [l.split() for l in open("/proc/net/arp")][1:]
                about = header(17, host, host, struct.pack(">HHHH", 4000, 5353, 9, 0) + b"q")
                message = struct.pack(">BBHI", 3, 3, 0, 0) + about
                message = message[:2] + struct.pack(">H", sum16(message)) + message[4:]
                s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
                s.sendto(header(1, own, host, message), (device, 0x800, 0, 0, bytes.fromhex(entry[0][3].replace(":", ""))))
                print("sent")""";
        String script = """
                /usr/bin/python3 -c 'import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 4000)); s.connect(("127.0.0.1", 5353))
                o = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); o.bind(("127.0.0.1", 5353)); s.send(b"q"); o.recv(1)
                print("ready", flush=True); s.settimeout(3)
                try: s.recv(1)
                except OSError as e: print(type(e).__name__)' > flow & flow=$!
                until [ -s flow ]; do sleep 0.02; done
                $SECFILT --net=nat --publish=10105:5432/udp /usr/bin/python3 -c "$1"
                wait $flow; cat flow""";
        assertEquals("sent\nready\ntimeout\n", ROOM.bash(script, tell).run().exited(0).stdout().replace("TimeoutError", "timeout"));
    }

    /** Of IPv6 too, to the host itself. */
    @Test
    void nothing_comes_to_the_host_in_the_name_of_others() {
        String forge = """
                import socket, struct, sys, time
                d = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                d.connect(("fd77:1::1", 9)); own = d.getsockname()[0]; d.send(b"x"); time.sleep(0.5)
                for source in ("fd77:1::1", own):
                    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 255)
                    s.setsockopt(socket.IPPROTO_IPV6, 36, 1) # IPV6_HDRINCL
                    S, D = socket.inet_pton(socket.AF_INET6, source), socket.inet_pton(socket.AF_INET6, "fd77:1::2")
                    body = b"forged" if source != own else b"honest"
                    u = struct.pack(">HHHH", 5555, 6000, 8 + len(body), 0) + body
                    pseudo = S + D + struct.pack(">II", len(u), 17) + u
                    c = sum(struct.unpack(">%dH" % (len(pseudo) // 2), pseudo))
                    while c >> 16: c = (c & 0xffff) + (c >> 16)
                    u = u[:6] + struct.pack(">H", ~c & 0xffff) + u[8:]
                    s.sendto(struct.pack(">IHBB", 0x60000000, len(u), 17, 64) + S + D + u, ("fd77:1::2", 0))
                """;
        String script = """
                /usr/bin/python3 -c 'import socket
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("fd77:1::2", 6000)); print("ready", flush=True); s.settimeout(4)
                try:
                    while True: print(s.recv(9).decode())
                except OSError: pass' > got & got=$!
                until [ -s got ]; do sleep 0.02; done
                $SECFILT --net=nat /usr/bin/python3 -c "$1"
                wait $got; cat got""";
        assertEquals("ready\nhonest\n", ROOM.bash(script, forge).run().exited(0).stdout());
    }

    @Test
    void it_reaches_what_it_has_published_by_the_hosts_addresses() {
        String both = """
                import socket, threading
                l = socket.socket(socket.AF_INET6); l.bind(("::", 5432)); l.listen(2)
                for to in "10.77.1.2", "fd77:1::2":
                    c = socket.create_connection((to, 10105), timeout=5); l.accept(); print(to)""";
        assertEquals("10.77.1.2\nfd77:1::2\n", ROOM.secfilt("--net=nat", "--publish=10105:5432", "/usr/bin/python3", "-c", both).run().exited(0).stdout());
    }

    /** As Docker writes it. */
    @Test
    void a_port_that_the_host_leads_elsewhere_is_not_published() {
        Outcome run = ROOM.bash("""
                iptables -t nat -N OTHERS; iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j OTHERS
                iptables -t nat -A OTHERS -p tcp -m tcp --dport 8088 -j DNAT --to-destination 10.77.9.2:80
                $SECFILT --net=nat --publish=8088:80 echo ran; echo $?; $SECFILT --net=nat --publish=8088:80/udp echo ran
                iptables -t nat -D PREROUTING -m addrtype --dst-type LOCAL -j OTHERS; iptables -t nat -F OTHERS; iptables -t nat -X OTHERS""").run().exited(0);
        assertEquals("125\nran\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("--publish=8088:80: port 8088/tcp is led elsewhere by a rule of this host's: -A OTHERS -p tcp"), run::toString);
    }

    @Test
    void rules_hold_behind_the_hosts_addresses() {
        Outcome run = ROOM.secfilt("--net=nat", "--allowed-netmask=10.77.1.0/24", "--allowed-netmask=fd77:1::/64", "bash", "-c", REACH).run();
        assertEquals(List.of("tcp 10.77.1.1:8001", "udp 10.77.1.1:8002", "tcp [fd77:1::1]:8001", "udp [fd77:1::1]:8002"), ROOM.arrived(),
                run::toString);
        assertTrue(run.reports().get(0).startsWith("secfilt: denied connect 198.51.100.1:8001/tcp by bash"), run::toString);
    }

    @ParameterizedTest(name = "{0} at {1} by {2}")
    @CsvSource({
        "tcp, 10.77.1.2, outside", "tcp, fd77:1::2, outside", "udp, 10.77.1.2, outside", "udp, fd77:1::2, outside",
        "tcp, 10.77.1.2, inside", "tcp, 127.0.0.1, inside", "udp, 127.0.0.1, inside", "tcp, fd77:1::2, inside",
    })
    void a_published_port_leads_to_the_command(String protocol, String address, String from) {
        String server = """
                import socket, sys
                kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
                s = socket.socket(socket.AF_INET6, kind)
                s.bind(("::", 5432))
                if kind == socket.SOCK_STREAM: s.listen()
                print("ready", flush=True)
                s.settimeout(15)
                if kind == socket.SOCK_STREAM:
                    c = s.accept()[0]
                    print(c.recv(9)); c.sendall(b"answer")
                else:
                    data, peer = s.recvfrom(9)
                    print(data); s.sendto(b"answer", peer)
                """;
        String client = """
                import socket, sys
                kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
                s = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, kind)
                s.settimeout(10)
                s.connect((sys.argv[2], 10105)); s.sendall(b"question")
                print(s.recv(9))
                """;
        Process serving = ROOM.startInside(Built.program().toString(), "--net=nat", "--publish=10105:5432/" + protocol, "--allowed-port=1-65535",
                "/usr/bin/python3", "-c", server, protocol);
        try {
            String[] words = {"/usr/bin/python3", "-c", client, protocol, address};
            Command asking = from.equals("outside") ? ROOM.commandOutside(words) : ROOM.command(words);
            assertEquals("b'answer'\n", asking.run().exited(0).stdout());
        } finally {
            ROOM.end(serving);
        }
        ROOM.arrived();
        ROOM.arrivedInside();
    }

    /** For the sake of ports that are published at 127.0.0.1 the host routes that network to the command, and so from there. */
    @ParameterizedTest
    @ValueSource(strings = {"--net=nat", "--net=nat --publish=10105:80"})
    void the_hosts_own_loopback_is_out_of_reach(String options) {
        String server = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 9123)); s.settimeout(60)
                print("ready", flush=True)
                data = b""
                while data != b"end":
                    data = s.recv(9); print(data.decode(), flush=True)
                """;
        Outcome run = ROOM.bash("""
                coproc /usr/bin/python3 -c "$1"; read -u ${COPROC[0]} ready
                [ -n "$3" ] || echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
                $SECFILT %s /usr/bin/python3 "$2" 9123; echo 0 > /proc/sys/net/ipv4/conf/all/route_localnet
                sleep 0.2; echo -n end > /dev/udp/127.0.0.1/9123; cat <&${COPROC[0]}; wait""".formatted(options),
                server, Built.fixture("loopback-frame.py"), options.contains("publish") ? "published" : "").run().exited(0);
        assertEquals("sent\nend\n", run.stdout(), run::toString);
        ROOM.arrivedInside();
    }

    @Test
    void nothing_else_leads_to_the_command() {
        Process serving = ROOM.startInside(Built.program().toString(), "--net=nat", "--publish=10105:5432", "bash", "-c",
                "ip -o -4 addr show dev eth0 | grep -o 'inet [0-9.]*' | cut -c6- > " + ROOM.directory() + "/own; echo ready; exec nc -lk 9999");
        try {
            String own = ROOM.bash("cat own").run().exited(0).stdout().strip();
            ROOM.bash("ip route get " + own).run().exited(0);
            ROOM.commandOutside("ip", "route", "add", own, "via", NetworkRoom.INSIDE).run().exited(0);
            ROOM.commandOutside("nc", "-zw2", own, "9999").run().exited(1);
            ROOM.commandOutside("ip", "route", "del", own).run().exited(0);
        } finally {
            ROOM.end(serving);
        }
    }

    @Test
    void the_host_answers_the_command() {
        Outcome run = ROOM.secfilt("--net=nat", "/usr/bin/python3", Built.fixture("ask.py"), "I", "8001", "8001@" + NetworkRoom.INSIDE, "8001@" + NetworkRoom.INSIDE6)
                .run().exited(0);
        assertEquals("tcp 8001 I tcp 8001\nudp 8001 I udp 8001\n".repeat(2), run.stdout(), run::toString);
    }

    @Test
    void an_address_that_is_taken_is_not_taken_again() {
        ROOM.ipInside("route add blackhole 10.200.0.0/16");
        try {
            Outcome run = ROOM.secfilt("--net=nat", "ip", "-o", "-4", "addr", "show", "dev", "eth0").run().exited(0);
            assertTrue(run.stdout().contains(" 10.201."), run::toString);
        } finally {
            ROOM.ipInside("route del blackhole 10.200.0.0/16");
        }
    }

    /** With a mount namespace of its own, and a resolv.conf that names nobody but this host itself. */
    private static Outcome resolving(String behind, String options) {
        ROOM.resolvConf("nameserver 127.0.0.53\n");
        try {
            return ROOM.bash("""
                    mount --make-rprivate /; mount -t tmpfs none /run; mkdir -p /run/systemd/resolve
                    [ -z "$1" ] || echo "nameserver $1" > /run/systemd/resolve/resolv.conf
                    $SECFILT --net=nat $2 bash -c 'getent ahostsv4 some.name | grep -o "^[^ ]* *STREAM"; grep -h nameserver /etc/resolv.conf; readlink /proc/self/ns/mnt' > said
                    grep -v mnt: said;  [ "$(grep mnt: said)" = $(readlink /proc/self/ns/mnt) ] && echo same mounts
                    grep nameserver /etc/resolv.conf""", behind, options).run().exited(0);
        } finally {
            ROOM.resolvConf("");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--allowed-port=53 --allowed-netmask=10.77.9.9 --allow-resolv", "--private-tmp --user=nobody --read-only",
        "--no-supervisor --firewall=require --allowed-netmask=10.77.1.1"})
    void names_are_resolved_by_the_nameservers_behind_one_on_loopback(String options) {
        Outcome run = resolving(NetworkRoom.NEAR, options);
        assertEquals("10.77.1.1       STREAM\nnameserver 10.77.1.1\nnameserver 127.0.0.53\n", run.stdout(), run::toString);
        assertTrue(ROOM.arrived().contains("udp 10.77.1.1:53"), run::toString);
    }

    @Test
    void nameservers_on_loopback_that_have_nobody_behind_them_are_told() {
        Outcome run = resolving("", "");
        assertEquals("nameserver 127.0.0.53\nsame mounts\nnameserver 127.0.0.53\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: /etc/resolv.conf names 127.0.0.53, on the host's loopback, which is out of reach behind --net=nat:"
                + " names are not resolved by it"), run.reports());
    }
}
