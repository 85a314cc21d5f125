package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Error numbers, families, protocols and the layout of seccomp_data. */
class NumbersTest {
    @ParameterizedTest
    @CsvSource({
        "1,EPERM,Operation not permitted", "22,EINVAL,Invalid argument", "38,ENOSYS,Function not implemented",
        "95,EOPNOTSUPP,Operation not supported", "97,EAFNOSUPPORT,Address family not supported by protocol",
        "111,ECONNREFUSED,Connection refused", "133,EHWPOISON,Memory page has hardware error",
        "41,E41,Unknown error 41", "0,E0,Unknown error 0", "134,E134,Unknown error 134", "-7,E-7,Unknown error -7",
        "512,E512,Unknown error 512",
    })
    void every_error_number_has_a_name_and_a_text(int number, String name, String text) {
        Errno errno = Errno.of(number);
        assertEquals(name, errno.name());
        assertEquals(text, errno.text());
        assertEquals(name + " (" + text + ")", errno.toString());
    }

    @Test
    void named_errors_are_found_by_name() {
        int named = 0;
        for (int number = 1; number <= 133; number++) {
            Errno errno = Errno.of(number);
            if (!errno.text().startsWith("Unknown")) {
                assertEquals(Optional.of(errno), Errno.find(errno.name()));
                named++;
            }
        }
        assertEquals(131, named);
        assertEquals(Optional.of(Errno.EAGAIN), Errno.find("EWOULDBLOCK"));
        assertEquals(Optional.empty(), Errno.find("EFOO"));
        assertEquals(Optional.empty(), Errno.find(""));
    }

    @ParameterizedTest
    @CsvSource({
        "unix,1", "local,1", "AF_UNIX,1", "inet,2", "Inet6,10", "af_inet6,10", "netlink,16", "route,16", "packet,17",
        "can,29", "tipc,30", "bluetooth,31", "alg,38", "vsock,40", "smc,43", "xdp,44", "mctp,45", "rds,21", "unspec,0",
    })
    void families_are_read_by_name(String text, int number) {
        assertEquals(Family.of(number), Family.parse(text));
        assertEquals(Family.of(number), Family.parse(Family.of(number).name()));
    }

    @Test
    void an_unknown_family_or_protocol_is_said_to_be_one() {
        assertEquals("'inet4' is no address family; write one such as unix, inet, inet6 or netlink",
                assertThrows(IllegalArgumentException.class, () -> Family.parse("inet4")).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Family.parse("AF_"));
        assertThrows(IllegalArgumentException.class, () -> Family.parse(""));
        assertEquals("AF_46", Family.of(46).toString());
        assertEquals("'icmp' is no protocol; write tcp or udp",
                assertThrows(IllegalArgumentException.class, () -> Protocol.parse("icmp")).getMessage());
        assertEquals(Optional.of(Protocol.UDP), Protocol.of(17));
        assertEquals(Optional.empty(), Protocol.of(1));
        assertEquals(Protocol.TCP, Protocol.parse("TCP"));
    }

    @Test
    void seccomp_data_is_64_bytes_with_the_low_word_first() {
        byte[] data = SeccompData.encode(41, 0xc000003e, 0x1122334455667788L, 0x0102030405060708L, 2, 3, 4, 5, -1);
        assertArrayEquals(HexFormat.of().parseHex("29000000" + "3e0000c0" + "8877665544332211" + "0807060504030201"
                + "0200000000000000" + "0300000000000000" + "0400000000000000" + "0500000000000000" + "ffffffffffffffff"), data);
        assertEquals(16, SeccompData.low(0));
        assertEquals(60, SeccompData.high(5));
        assertThrows(IllegalArgumentException.class, () -> SeccompData.low(6));
        assertThrows(IllegalArgumentException.class, () -> SeccompData.encode(0, 0, 0, 1, 2, 3, 4, 5, 6, 7));
    }
}
