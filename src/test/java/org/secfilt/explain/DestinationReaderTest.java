package org.secfilt.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationReaderTest {
    /** Words parted by {@code +} | what is asked about: call, address, protocol. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp+93.184.216.34:443 | CONNECT 93.184.216.34:443 tcp",
                "tcp 93.184.216.34:443 | CONNECT 93.184.216.34:443 tcp",
                "tcp  93.184.216.34:443 udp [::1]:53 | CONNECT 93.184.216.34:443 tcp, CONNECT [::1]:53 udp",
                "TCP+1.2.3.4:1+bind udp+0.0.0.0:0 | CONNECT 1.2.3.4:1 tcp, BIND 0.0.0.0:0 udp",
                "udp+[2001:db8::1]:53 | CONNECT [2001:db8::1]:53 udp",
                "udp [fe80::1%eth0]:53 | CONNECT [fe80::1]:53 udp",
                "bind+tcp+0.0.0.0:80 | BIND 0.0.0.0:80 tcp",
                "bind tcp 0.0.0.0:80 | BIND 0.0.0.0:80 tcp",
                "BIND TCP 0.0.0.0:80 | BIND 0.0.0.0:80 tcp",
                "bind+tcp 0.0.0.0:80 | BIND 0.0.0.0:80 tcp",
                "10.0.0.1:80 | CONNECT 10.0.0.1:80 tcp, CONNECT 10.0.0.1:80 udp",
                "connect 93.184.216.34:443/tcp | CONNECT 93.184.216.34:443 tcp",
                "sendto+8.8.8.8:53/udp | SEND 8.8.8.8:53 udp",
                "recvmsg+10.77.5.2:7000/tcp | CONNECT 10.77.5.2:7000 tcp",
                "recvmmsg [::1]:53/udp | CONNECT [::1]:53 udp",
                "listen+[::]:80/tcp | BIND [::]:80 tcp",
                "mptcp+10.0.0.1:443 | CONNECT 10.0.0.1:443 mptcp",
                "UDPLite [::1]:53 10.0.0.1:443/mptcp | CONNECT [::1]:53 udplite, CONNECT 10.0.0.1:443 mptcp",
                "icmp 10.0.0.1 | CONNECT 10.0.0.1:0 icmp",
                "icmp 10.0.0.1:0 sendto 10.0.0.1:0/icmp | CONNECT 10.0.0.1:0 icmp, SEND 10.0.0.1:0 icmp",
                "icmpv6 2001:db8::5:53 icmpv6 [::1] | CONNECT [2001:db8::5:53]:0 icmpv6, CONNECT [::1]:0 icmpv6",
                "bind sctp 0.0.0.0:80 | BIND 0.0.0.0:80 sctp",
                "raw:1+10.0.0.1+10.0.0.1:0/raw:255 | CONNECT 10.0.0.1:0 raw:1, CONNECT 10.0.0.1:0 raw:255",
                "dccp 10.0.0.1:1 l2tp 10.0.0.1 smc 10.0.0.1:2 | CONNECT 10.0.0.1:1 dccp, CONNECT 10.0.0.1:0 l2tp, CONNECT 10.0.0.1:2 smc",
                "sendto unspec:10.0.0.1:53 | SEND 10.0.0.1:53 tcp, SEND 10.0.0.1:53 udp",
                "sendto unspec:10.0.0.1:53/udp+bind tcp unspec:0.0.0.0:80 | SEND 10.0.0.1:53 udp, BIND 0.0.0.0:80 tcp",
                "unix:/run/x.sock | CONNECT unix:/run/x.sock -",
                "connect unix:/run/my x.sock+tcp 1.2.3.4:1 | CONNECT unix:/run/my x.sock -, CONNECT 1.2.3.4:1 tcp",
                "unix:x.sock | CONNECT unix:/here/x.sock -",
                "tcp 1.2.3.4:80/tcp+UDP+[::1]:53/udp+icmp 10.0.0.1/icmp | CONNECT 1.2.3.4:80 tcp, CONNECT [::1]:53 udp, CONNECT 10.0.0.1:0 icmp",
                "bind+unix:/x | BIND unix:/x -",
                "unix:/x://y@z+unix-abstract:a://b@c | CONNECT unix:/x://y@z -, CONNECT unix-abstract:a://b@c -",
                "unix:@name of it | CONNECT unix-abstract:name of it -",
                "unix-abstract:name | CONNECT unix-abstract:name -",
            })
    void reads_destinations_in_words_or_quoted(String words, String expected) {
        assertEquals(expected, print(Arrays.asList(words.split("\\+"))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true | 'true' is no destination; write tcp 192.0.2.1:443",
                "unspec:10.0.0.1:53 | 'unspec:10.0.0.1:53': to connect there ends a connection, which nothing denies; write sendto or bind before it",
                "connect udp unspec:10.0.0.1:53 | 'unspec:10.0.0.1:53': to connect there ends a connection, which nothing denies; write sendto",
                "sendto unspec:[::1]:53 | 'unspec:[::1]:53' is no destination; where the family is unspec the kernel reads an IPv4 address",
                "socket raw:1 | 'socket raw:1' names no destination; write raw:1 192.0.2.1 for one, or ask: secfilt simulate socket",
                "socket packet | 'socket packet' names no destination; ask: secfilt simulate socket",
                "socket | 'socket' names no destination; ask: secfilt simulate socket",
                "tcp | behind 'tcp' an address and a port are missing",
                "bind | behind 'bind' a destination is missing",
                "bind tcp | behind 'bind tcp' an address and a port are missing",
                "tcp 1.2.3.4 | 'tcp 1.2.3.4' lacks a port; write 1.2.3.4:443",
                "tcp ::1 | 'tcp ::1' lacks a port; write [::1]:443",
                "tcp [::1] | 'tcp [::1]' lacks a port; write [::1]:443",
                "tcp example.org:443 | 'example.org' is a name, and calls carry addresses",
                "tcp 1.2.3:4 | 'tcp 1.2.3:4': ",
                "tcp 1.2.3.4:70000 | 'tcp 1.2.3.4:70000': port 70000 is above 65535",
                "1.2.3.4:70000/udp | 'udp 1.2.3.4:70000': port 70000 is above 65535",
                "10.0.0.1:http | '10.0.0.1:http': 'http' is no port; write 80",
                "tcp 1.2.3.4:1-9 | 'tcp 1.2.3.4:1-9': a destination has one port",
                "1.2.3.4:80/tpc | '1.2.3.4:80/tpc': 'tpc' is no protocol; write tcp or udp, or as the log does mptcp, udplite,",
                "tpc 1.2.3.4:80 | 'tpc 1.2.3.4:80': 'tpc' is no protocol; write tcp or udp, or as the log does mptcp, udplite,",
                "https [::1]:80 | 'https [::1]:80': 'https' is no protocol; write tcp or udp",
                "raw:256 1.2.3.4 | 'raw:256 1.2.3.4': 'raw:256' is no protocol; write tcp or udp",
                "mptcp | behind 'mptcp' an address and a port are missing",
                "mptcp 1.2.3.4 | 'mptcp 1.2.3.4' lacks a port; write 1.2.3.4:443",
                "icmp example.org | 'icmp example.org' is no destination",
                "icmp ::1 | 'icmp ::1': there is no such socket; write icmpv6 ::1",
                "icmpv6 10.0.0.1 | 'icmpv6 10.0.0.1': there is no such socket; write icmp 10.0.0.1",
                "10.0.0.0/8:80 | '10.0.0.0/8:80' is a network, and a call has one address; write one of its addresses, as 10.0.0.1:80",
                "tcp 10.0.0.0/8:443 | '10.0.0.0/8:443' is a network, and a call has one address; write one of its addresses, as 10.0.0.1:443",
                "10.1.2.3/8:443/tcp | '10.1.2.3/8:443/tcp' is a network, and a call has one address; write one of its addresses, as 10.0.0.1:443/tcp",
                "192.168.0.0/255.255.0.0 | '192.168.0.0/255.255.0.0' is a network, and a call has one address; write one of its addresses, as 192.168.0.1:443",
                "bind udp [fd00::/8]:53 | '[fd00::/8]:53' is a network, and a call has one address; write one of its addresses, as [fd00::1]:53",
                "fd00::/8 | 'fd00::/8' is a network, and a call has one address; write one of its addresses, as [fd00::1]:443",
                "udplite 10.0.0.7/32 | '10.0.0.7/32' is a network, and a call has one address; write one of its addresses, as 10.0.0.7:443",
                "icmp | behind 'icmp' an address is missing; write",
                "10.0.0.0/33:80 | '10.0.0.0/33:80': '10.0.0.0/33' is no IPv4",
                "https://example.org/a:b@c | 'https://example.org/a:b@c' is a URL, and calls carry addresses; 'getent ahosts example.org' shows them, write tcp ADDR:443",
                "http://u:p@10.0.0.1:8080/x | 'http://u:p@10.0.0.1:8080/x' is a URL; write tcp 10.0.0.1:8080",
                "ws://10.0.0.1/ | 'ws://10.0.0.1/' is a URL; write tcp 10.0.0.1:80",
                "ftp://10.0.0.1 | 'ftp://10.0.0.1' is a URL; write tcp 10.0.0.1:21",
                "udp://10.0.0.1:53 | 'udp://10.0.0.1:53' is a URL; write udp 10.0.0.1:53",
                "redis://10.0.0.1/0 | 'redis://10.0.0.1/0' is a URL that names no port; write tcp 10.0.0.1 with that port behind it, as :443",
                "redis://db | 'redis://db' is a URL, and calls carry addresses; 'getent ahosts db' shows them, write tcp ADDR:PORT",
                "unix:///run/docker.sock | 'unix:///run/docker.sock' is a URL; write unix:/run/docker.sock",
                "UNIX://@a b | 'UNIX://@a' is a URL; write unix:@a",
                "unix-abstract://a | 'unix-abstract://a' is a URL; write unix:@a",
                "unix:// | 'unix://' names no socket",
                "UNIX:/run/x | 'UNIX:/run/x' is no destination; write unix:/run/x",
                "fd://3 | 'fd://3' is a URL without a host; write tcp 192.0.2.1:443, udp [2001",
                "file:///x | 'file:///x' is a URL without a host; write tcp 192.0.2.1:443, udp [2001",
                "git@10.0.0.1:x/y | 'git@10.0.0.1:x/y' is no destination; write tcp 10.0.0.1:22",
                "git@example.org:x | 'git@example.org:x' is no destination, and calls carry addresses; 'getent ahosts example.org' shows them, write tcp ADDR:22",
                "me@[fd00::1]:8022 | 'me@[fd00::1]:8022' is no destination; write tcp [fd00::1]:8022",
                "udp 1.2.3.4:80/tcp | 'udp 1.2.3.4:80/tcp' names two protocols; write udp 1.2.3.4:80 or tcp 1.2.3.4:80",
                "tcp fe80::1%eth0:80 | 'fe80::1%eth0:80' lacks brackets; write [fe80::1%eth0]:80",
                "ssh://git@[fd00::1] | 'ssh://git@[fd00::1]' is a URL; write tcp [fd00::1]:22",
                "tcp ::1:80 | '::1:80' lacks brackets; write [::1]:80, or [::1:80]:443 for that address",
                "loopback:80 | 'loopback:80' is no destination; write 127.0.0.1:80 or [::1]:80",
                "tcp localhost:http | 'localhost:http' is no destination; write 127.0.0.1:80 or [::1]:80",
                "LOOPBACK:Domain/udp | 'LOOPBACK:Domain/udp' is no destination; write 127.0.0.1:53/udp or [::1]:53/udp",
                "localhost:nosuch | 'localhost:nosuch' is no destination; write 127.0.0.1:PORT or [::1]:PORT",
                "localhost: | 'localhost:' is no destination; write 127.0.0.1:PORT or [::1]:PORT",
                "*:https | '*:https' is no destination; write 0.0.0.0:443 or [::]:443 for any address",
                "10.0.0.0/8:ssh | '10.0.0.0/8:ssh' is a network, and a call has one address; write one of its addresses, as 10.0.0.1:22",
                "[fd00::/8]:x/tcp | '[fd00::/8]:x/tcp' is a network, and a call has one address; write one of its addresses, as [fd00::1]:PORT/tcp",
                "smtp://10.0.0.1 | 'smtp://10.0.0.1' is a URL; write tcp 10.0.0.1:25",
                "http://10.0.0.1:https | 'http://10.0.0.1:https' is a URL; write tcp 10.0.0.1:443",
                "bind tcp :80 | ':80' is no destination; write 0.0.0.0:80 or [::]:80 for any address",
                "bind *:80 | '*:80' is no destination; write 0.0.0.0:80 or [::]:80 for any address",
                "/run/x.sock | '/run/x.sock' is no destination; write unix:/run/x.sock",
                "@name | '@name' is no destination; write unix:@name",
                "unix: | 'unix:' names no socket",
                "unix:@ | 'unix:@' names no socket",
                "tcp 1.2.3.4:443 \u001b[2J | '\\x1b[2J' is no destination",
            })
    void says_what_to_write(String words, String message) {
        String said = assertThrows(IllegalArgumentException.class, () -> print(List.of(words))).getMessage();
        assertEquals(message, said.substring(0, Math.min(message.length(), said.length())), said);
    }

    /** Nothing stands behind the address. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "icmp 10.0.0.7/32 | '10.0.0.7/32' is a network, and a call has one address; write one of its addresses, as 10.0.0.7",
                "l2tp 10.0.0.0/8:53 | '10.0.0.0/8:53' is a network, and a call has one address; write one of its addresses, as 10.0.0.1",
                "icmpv6 [fd00::/8] | '[fd00::/8]' is a network, and a call has one address; write one of its addresses, as [fd00::1]",
                "raw:1 localhost | 'localhost' is no destination; write 127.0.0.1 or [::1]",
                "icmp * | '*' is no destination; write 0.0.0.0 or [::] for any address",
            })
    void no_port_is_advised_for_a_protocol_that_has_none(String words, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> print(List.of(words))).getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "udp [fe80::1%eth0]:53 | udp [fe80::1%eth0]:53",
                "[FE80::01%7]:53/udp | udp [fe80::1%7]:53",
                "icmpv6 fe80::1%eth0 | icmpv6 fe80::1%eth0",
                "udp [fe80::1]:53 | udp [fe80::1]:53",
                "udp [fe80::1%nosuchif]:53 | '[fe80::1%nosuchif]:53': there is no interface 'nosuchif' here; leave out the scope, which no rule looks at",
                "udp [fe80::1%]:53 | '[fe80::1%]:53': behind the % an interface is missing; leave out the scope, which no rule looks at",
                "icmpv6 fe80::1%no | 'fe80::1%no': there is no interface 'no' here; leave out the scope, which no rule looks at",
                "udp 10.0.0.1%eth0:53 | 'udp 10.0.0.1%eth0:53': '10.0.0.1%eth0' is no IPv4 or IPv6 address",
                "udp fe80::1%eth0 | 'udp fe80::1%eth0' lacks a port; write [fe80::1%eth0]:443",
            })
    void a_scope_is_shown_as_it_was_given_and_is_an_interface(String word, String shown) {
        DestinationReader.Paths here = new DestinationReader.Paths() {
            @Override
            public String canonical(String path) {
                return path;
            }

            @Override
            public boolean hasInterface(String scope) {
                return List.of("eth0", "7").contains(scope);
            }
        };
        String said;
        try {
            said = DestinationReader.read(List.of(word), here).get(0).text();
        } catch (IllegalArgumentException e) {
            said = e.getMessage();
        }
        assertEquals(shown, said);
    }

    @Test
    void all_that_cannot_be_read_are_told_in_their_order() {
        String said = assertThrows(IllegalArgumentException.class,
                () -> print(List.of("tcp 1.2.3.4", "tcp", "1.2.3.4:70000", "udp 10.0.0.1:53", "", "nowhere", "unix:", "bind"))).getMessage();
        List<String> begins = List.of("'tcp 1.2.3.4' lacks", "'tcp 1.2.3.4:70000': port 70000", "'' is no", "'nowhere' is no", "'unix:' names no", "behind 'bind'");
        String[] lines = said.split("\n");
        assertEquals(begins.size(), lines.length, said);
        for (int i = 0; i < lines.length; i++) {
            assertEquals(begins.get(i), lines[i].substring(0, begins.get(i).length()), said);
        }
    }

    @Test
    void a_name_too_long_for_a_socket_is_refused() {
        String said = assertThrows(IllegalArgumentException.class, () -> print(List.of("unix:@" + "x".repeat(108)))).getMessage();
        assertEquals(true, said.endsWith("the name of a unix socket has 107 bytes at most"), said);
    }

    /** What an unset variable of a script leaves. */
    @ParameterizedTest
    @ValueSource(strings = {"", " ", "tcp 1.2.3.4:1|", "|unix:/x"})
    void a_blank_word_is_no_destination(String words) {
        String said = assertThrows(IllegalArgumentException.class, () -> print(List.of(words.split("\\|", -1)))).getMessage();
        assertEquals(true, said.startsWith("'" + (words.equals(" ") ? " " : "") + "' is no destination; write tcp 192.0.2.1:443"), said);
    }

    @Test
    void without_words_nothing_is_asked() {
        assertEquals("", print(List.of()));
    }

    private static String print(List<String> words) {
        List<String> found = new ArrayList<>();
        for (Destination one : DestinationReader.read(words, path -> path.startsWith("/") ? path : "/here/" + path)) {
            found.add(one.action() + " " + one.address() + " " + one.socket().word().orElse("-"));
        }
        return String.join(", ", found);
    }
}
