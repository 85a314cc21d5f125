package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a command behind --net=nat tries on the host that it is joined to, and on the host's neighbours; the room's inside plays the host. */
class NatAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @RegisterExtension
    static final NatState STATE = new NatState(ROOM);

    /** Runs test-fixtures/nat-frames.py behind nat. @param meanwhile what is done when it has sent */
    private static Outcome frames(String what, String before, String meanwhile) {
        return ROOM.bash(before + """

                coproc $SECFILT --net=nat --publish=10105:5432/udp /usr/bin/python3 $1 $2
                read -u ${COPROC[0]} sent; echo $sent
                """ + meanwhile + "\nwait", Built.fixture("nat-frames.py"), what).run().exited(0);
    }

    @Test
    void the_host_takes_no_routes_from_the_command() {
        assertEquals("sent\n0\n", frames("advertise", "", "sleep 0.5; ip -6 -o route | grep -c -e 'proto ra' -e fd99: -e 2001:db8:27:").stdout());
    }

    /** They hear it from every interface: mDNS. */
    @ParameterizedTest
    @ValueSource(strings = {"224.0.0.251", "ff02::fb"})
    void no_service_of_the_hosts_hears_it_by_multicast(String group) {
        String server = """
                import ipaddress, os, socket, struct, sys, time
                six = ":" in sys.argv[1]
                s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 5353)); s.settimeout(0.1)
                print("ready", flush=True)
                end, packed = time.monotonic() + 8, ipaddress.ip_address(sys.argv[1]).packed
                while time.monotonic() < end:
                    for number, name in socket.if_nameindex():
                        if name.startswith("sfn"):
                            member = packed + struct.pack("=I", number) if six else packed + bytes(4) + struct.pack("=I", number)
                            try: s.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, 20 if six else socket.IP_ADD_MEMBERSHIP, member)
                            except OSError: pass
                    try: print(s.recv(9).decode(), flush=True)
                    except socket.timeout: pass
                """;
        Outcome run = frames("multicast", "/usr/bin/python3 -c '" + server + "' " + group + " > heard & heard=$!; until [ -s heard ]; do sleep 0.02; done",
                "wait $heard; cat heard");
        assertEquals("sent\nready\n", run.stdout(), run::toString);
    }

    /** The flow is one that the host keeps track of. */
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "10.77.1.2"})
    void the_host_is_told_nothing_of_its_own_flows(String address) {
        String flow = """
                import socket, sys
                family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
                s = socket.socket(family, socket.SOCK_DGRAM); s.bind((sys.argv[1], 4000)); s.connect((sys.argv[1], 5353))
                o = socket.socket(family, socket.SOCK_DGRAM); o.bind((sys.argv[1], 5353)); s.send(b"q"); o.recv(1)
                print("ready", flush=True); s.settimeout(8)
                try: s.recv(1)
                except socket.timeout: print("nothing")
                except OSError as e: print(type(e).__name__)
                """;
        String track = "iptables -%1$s INPUT -m conntrack --ctstate NEW; ip6tables -%1$s INPUT -m conntrack --ctstate NEW; ";
        Outcome run = frames("unreachable", track.formatted("A") + "/usr/bin/python3 -c '" + flow + "' " + address + " > flow & flow=$!; until [ -s flow ]; do sleep 0.02; done",
                "wait $flow; cat flow; " + track.formatted("D"));
        assertEquals("sent\nready\nnothing\n", run.stdout(), run::toString);
    }

    /** The table of neighbours is one for all networks of the machine. */
    @Test
    void the_host_remembers_no_neighbours_that_are_not_there() {
        assertEquals("sent\n2\n", frames("neighbours", "", "sleep 0.3; ip neigh | grep -c 'dev sfn'").stdout());
    }

    /** On a host that takes from others what belongs to its connections alone: two segments, of which the kernel would learn another state of one. */
    @ParameterizedTest
    @ValueSource(strings = {"10.77.1.2", "fd77:1::2"})
    void the_host_keeps_track_of_its_own_connections(String address) {
        String connection = """
                import socket, sys, time
                family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
                l = socket.socket(family, socket.SOCK_STREAM); l.bind((sys.argv[1], 4445)); l.listen(1)
                c = socket.socket(family, socket.SOCK_STREAM); c.bind((sys.argv[1], 4444)); c.connect((sys.argv[1], 4445))
                a = l.accept()[0]; a.settimeout(5)
                print("ready", flush=True)
                try:
                    for i in range(80):
                        c.send(b"x"); a.recv(1); time.sleep(0.1)
                    print("goes on")
                except socket.timeout: print("is lost")
                """;
        String track = "for v in '' 6; do ip${v}tables -%1$s INPUT -m conntrack --ctstate INVALID -j DROP; done; ";
        Outcome run = frames("resync", track.formatted("A") + "/usr/bin/python3 -c '" + connection + "' " + address
                + " > flow & flow=$!; until [ -s flow ]; do sleep 0.02; done", "wait $flow; cat flow; " + track.formatted("D"));
        assertEquals("sent\nready\ngoes on\n", run.stdout(), run::toString);
    }

    /** Nor anything of which an answer could not be told from what is for the host. */
    @Test
    void nothing_leaves_under_the_commands_own_address() {
        String watch = """
                import socket, time
                s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)); s.bind(("veth0", 3)); s.settimeout(0.1)
                print("ready", flush=True)
                end = time.monotonic() + 8
                while time.monotonic() < end:
                    try: packet = s.recv(2000)
                    except socket.timeout: continue
                    if packet[0] == 0x45 and (packet[12] == 10 and packet[13] != 77 or packet[9] == 47): print(socket.inet_ntoa(packet[12:16]), packet[9])
                """;
        Outcome run = frames("strays", "/usr/bin/python3 -c '" + watch + "' > seen & seen=$!; until [ -s seen ]; do sleep 0.02; done", "wait $seen; cat seen");
        assertEquals("sent\nready\n", run.stdout(), run::toString);
    }

    /** Who is asked from a port of the host's that a service has, and sends to that service by itself, is not led to the command. */
    @Test
    void no_service_of_the_hosts_is_shadowed() {
        String server = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.77.1.2", 5140)); s.settimeout(20)
                print("ready", flush=True)
                try: print(s.recv(9).decode())
                except socket.timeout: print("nothing came")
                """;
        String command = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", 5140)); s.sendto(b"x", ("10.77.1.1", 5140)); s.settimeout(4)
                print("asked", flush=True)
                try: print("command got", s.recv(9).decode())
                except socket.timeout: print("command got nothing")
                """;
        Process run = ROOM.startInside("bash", "-c", "cd $1; /usr/bin/python3 -c \"$2\" > served & until [ -s served ]; do sleep 0.02; done\n"
                + "$3 --net=nat --user=nobody --allowed-netmask=10.77.1.1 /usr/bin/python3 -c \"$4\" > asked & until [ -s asked ]; do sleep 0.02; done; echo ready; wait",
                "bash", ROOM.directory().toString(), server, Built.program().toString(), command);
        try {
            ROOM.commandOutside("/usr/bin/python3", "-c", "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
                    + " s.bind(('10.77.1.1', 5140)); s.sendto(b'syslog', ('10.77.1.2', 5140))").run().exited(0);
            assertEquals("ready\nsyslog\nasked\ncommand got nothing\n",
                    ROOM.bash("for i in $(seq 60); do grep -q got asked && break; sleep 0.1; done; cat served asked").run().exited(0).stdout());
        } finally {
            ROOM.end(run);
        }
    }

    /** As before Linux 6.17: there is no switch of one interface, and none is to be used for all. Nor may there be one that can be written to. */
    @ParameterizedTest
    @ValueSource(strings = {"true", "mount --bind /proc/sys/net/ipv6 /proc/sys/net/ipv6 && mount -o bind,remount,ro /proc/sys/net/ipv6"})
    void where_ipv6_is_not_forwarded_there_is_none(String besides) {
        String server = """
                import socket
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("::", 6001)); s.settimeout(10)
                print("ready", flush=True)
                try: print(s.recv(9).decode())
                except socket.timeout: print("nothing came")
                """;
        String command = """
                import socket, time
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                for look in range(30): # an address is looked for twice in the neighbourhood
                    time.sleep(0.1)
                    try: s.sendto(b"link", ("ff02::1", 6001, 0, socket.if_nametoindex("eth0")))
                    except OSError: pass
                print("sent")
                """;
        Outcome run = ROOM.bash("""
                /usr/bin/python3 -c "$1" > served & until [ -s served ]; do sleep 0.02; done
                mkdir none; export none=$PWD/none
                unshare -m sh -c 'mount --make-rprivate /; %s; mount --bind $none /proc/sys/net/ipv6/conf/all; exec "$0" "$@"' $SECFILT --net=nat /usr/bin/python3 -c "$2"
                wait; cat served; rmdir none""".formatted(besides), server, command).run().exited(0);
        assertEquals("sent\nready\nnothing came\n", run.stdout(), run::toString);
    }

    @Test
    void protocols_need_no_names() {
        ROOM.bash("unshare -m sh -c 'mount --make-rprivate /; mount --bind /dev/null /etc/protocols && exec \"$0\" --net=nat true' $SECFILT").run().exited(0);
    }
}
