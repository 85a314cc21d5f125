package org.secfilt.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.policy.Origin;

class DenialTextTest {
    private static final SocketKind TCP = new SocketKind(2, 1, 6);
    private static final Sockaddr INET = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 80);

    /** The name with Java's escapes on the left, what the terminal gets on the right. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "curl | curl",
                "kworker/0:1 | \"kworker/0:1\"",
                "tmux: server | \"tmux: server\"",
                "sh[1]: allowed | \"sh[1]: allowed\"",
                "a\"b | \"a\\\"b\"",
                "a\\tb | \"a\\x09b\"",
                "\\n\\r\\0 | \"\\x0a\\x0d\\x00\"",
                "\\033]0;own\\007 | \"\\x1b]0;own\\x07\"",
                "back\\\\slash | back\\\\slash",
                "\u202eevil | \"\\xe2\\x80\\xaeevil\"",
                "`` | ?",
            })
    void a_program_name_cannot_steer_the_terminal_or_forge_a_line(String comm, String shown) {
        String text = DenialText.line(denial(INET, SocketKind.UNKNOWN, comm.translateEscapes(), "why"));
        assertEquals("connect 10.0.0.1:80 by " + shown + "[7]: why", text);
    }

    @Test
    void shows_the_protocol_of_internet_destinations_where_it_is_known() {
        Sockaddr inet6 = new Sockaddr.Inet6(IpAddress.parse("2001:db8::1"), 53, 0, 0);
        Sockaddr unix = new Sockaddr.UnixPath(ByteString.of("/run/docker.sock"));
        assertEquals("10.0.0.1:80/tcp", DenialText.destination(denial(INET, TCP, "x", "why")));
        assertEquals("10.0.0.1:80/mptcp", DenialText.destination(denial(INET, new SocketKind(2, 1, 262), "x", "why")));
        assertEquals("10.0.0.1:80", DenialText.destination(denial(INET, SocketKind.UNKNOWN, "x", "why")));
        assertEquals("[2001:db8::1]:53/udp", DenialText.destination(denial(inet6, new SocketKind(10, 2, 17), "x", "why")));
        assertEquals("unix:/run/docker.sock", DenialText.destination(denial(unix, TCP, "x", "why")));
    }

    @Test
    void of_a_file_that_could_not_be_read_it_shows_the_call_alone() {
        for (String path : new String[] {"", " /srv/x"}) {
            JudgedCall denial = JudgedCall.ofFile("chmod", ByteString.of(path.strip()), ByteString.of("make"), 7, "why", Origin.DEFAULT);
            assertEquals("chmod" + path + " by make[7]: why", DenialText.line(denial));
        }
    }

    @Test
    void of_a_socket_that_is_not_made_it_shows_the_kind() {
        for (String row : new String[] {"2 3 1 raw:1", "2 2 1 icmp", "10 1 132 sctp", "2 5 0 sctp", "17 3 768 packet", "2 10 0 SOCK_PACKET",
            "40 1 0 vsock", "99 1 0 AF_99", "-1 1 0 AF_-1"}) {
            String[] words = row.split(" ");
            SocketKind kind = new SocketKind(Integer.parseInt(words[0]), Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            JudgedCall denial = new JudgedCall("socket", Optional.empty(), kind, ByteString.of("ping"), 7, "why", Origin.DEFAULT);
            assertEquals("socket " + words[3] + " by ping[7]: why", DenialText.line(denial));
        }
    }

    @Test
    void a_unix_path_cannot_steer_the_terminal() {
        Sockaddr unix = new Sockaddr.UnixPath(ByteString.of("/tmp/\u001b[2J\n"));
        assertEquals("unix:/tmp/\\x1b[2J\\x0a", DenialText.destination(denial(unix, SocketKind.UNKNOWN, "x", "why")));
    }

    @Test
    void a_long_reason_is_cut() {
        String text = DenialText.line(denial(INET, SocketKind.UNKNOWN, "x", "y".repeat(9999)));
        assertEquals("connect 10.0.0.1:80 by x[7]: " + "y".repeat(DenialText.MAX_PART) + "...", text);
    }

    @Test
    void a_call_without_an_address_is_told_by_its_name() {
        JudgedCall file = JudgedCall.ofFile("chmod", ByteString.of("/a\nb"), ByteString.of("x"), 7, "why", Origin.DEFAULT);
        assertEquals("chmod /a\\x0ab by x[7]: why", DenialText.line(file));
        JudgedCall denial = new JudgedCall("munmap", Optional.empty(), SocketKind.UNKNOWN, ByteString.of("x"), 7, "why", Origin.DEFAULT);
        assertEquals("munmap by x[7]: why", DenialText.line(denial));
    }

    private static JudgedCall denial(Sockaddr destination, SocketKind socket, String comm, String why) {
        return new JudgedCall("connect", Optional.of(destination), socket, ByteString.of(comm), 7, why, Origin.DEFAULT);
    }
}
