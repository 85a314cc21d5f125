package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SocketKindTest {
    /** Domain, type, protocol | the word, if any | what rules take it for. Raw and netlink sockets are of neither that they can name. */
    @ParameterizedTest
    @CsvSource({
        "2, 1, 6, tcp, tcp", "10, 1, 6, tcp, tcp", "2, 2, 17, udp, udp", "2, 1, 262, mptcp,", "2, 2, 136, udplite,", "2, 2, 1, icmp,",
        "10, 2, 58, icmpv6,", "2, 1, 132, sctp,", "2, 6, 33, dccp,", "2, 2, 115, l2tp,", "2, 1, 256, smc,", "2, 2, 99, 99,",
        "2, 3, 1, raw:1,", "2, 3, 6, raw:6,", "10, 3, 17, raw:17,", "10, 3, 255, raw:255,",
        "2, 10, 0, SOCK_PACKET,", "10, 10, 768, SOCK_PACKET,", "2, 4, 0, SOCK_RDM,", "2, 9, 0, 0,", "1, 1, 0, ,", "16, 3, 6, ,", "16, 2, 17, ,", "17, 3, 768, ,", "40, 1, 0, ,", "-1, -1, -1, ,",
    })
    void an_internet_socket_has_a_word(int domain, int type, int protocol, String word, String ruled) {
        SocketKind kind = new SocketKind(domain, type, protocol);
        assertEquals(Optional.ofNullable(word), kind.word());
        assertEquals(Optional.ofNullable(ruled), kind.ruled().map(Protocol::toString));
        Optional<SocketKind> read = SocketKind.of(domain == 10 ? Family.INET6 : Family.INET, String.valueOf(word));
        assertEquals(word == null || word.matches("[0-9]+|SOCK_.*") ? Optional.empty() : Optional.of(kind), read);
    }

    /** What the kernel makes of IPPROTO_IP, which is no protocol. */
    @ParameterizedTest
    @CsvSource({"1, tcp", "2, udp", "3, raw:0", "5, sctp", "6, dccp"})
    void one_that_is_asked_for_without_a_protocol_has_that_of_its_type(int type, String word) {
        assertEquals(Optional.of(word), new SocketKind(2, type, 0).word());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "TCP", "tpc", "raw", "raw:", "raw:256", "raw:-1", "raw:x", "17", "unix"})
    void other_words_are_none(String text) {
        assertEquals(Optional.empty(), SocketKind.of(Family.INET, text));
    }
}
