package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ADDR[:PORTS], and the nameservers of resolv.conf. */
class AddressWordsTest {
    private static final String[][] ADDRESSES = {
        {"10.0.0.1", "[10.0.0.1/32][]"},
        {"10.0.0.1:8000-8099", "[10.0.0.1/32][8000-8099]"},
        {"10.0.0.7/8:0", "[10.0.0.0/8][0]"},
        {"loopback", "[127.0.0.0/8, ::1/128][]"},
        {"loopback:5432", "[127.0.0.0/8, ::1/128][5432]"},
        {"::1", "[::1/128][]"},
        {"::", "[::/128][]"},
        {"fe80::/10", "[fe80::/10][]"},
        {"[::1]", "[::1/128][]"},
        {"[::1]:80", "[::1/128][80]"},
        {"[::1:80]", "[::1:80/128][]"},
        {"::1:8a", "[::1:8a/128][]"},
        {"::1:2:3", "[::1:2:3/128][]"},
        {"::1:0/112", "[::1:0/112][]"},
        {"fd00::1:80", "[fd00::1:80/128][]"},
        {"[fe80::]/10:80", "[fe80::/10][80]"},
        {"[fe80::/10]:80", "[fe80::/10][80]"},
        {"::ffff:10.0.0.1", "[10.0.0.1/32][]"},
    };

    private static final String[] BAD_ADDRESSES = {
        "", ":", ":80", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "10.0.0.1:9-8", "[::1", "[::1]80", "[::1]:", "[]:80",
        "[10.0.0.1]:80", "[fe80::/10]/10", "::1/129", "localhost", "Loopback", "10.0.0.1/33", "::1:80", "::1:8000-8099", "::1:", " 10.0.0.1", "10.0.0.1/8/8",
    };

    private static final String[][] RESOLV_CONF = {
        {"", "[127.0.0.1]"},
        {"search example.org\noptions edns0\n", "[127.0.0.1]"},
        {"nameserver 10.0.0.1\nnameserver\t10.0.0.2 \r\nnameserver   ::1", "[10.0.0.1, 10.0.0.2, ::1]"},
        {"# nameserver 10.0.0.1\n;nameserver 10.0.0.2\nnameserver 10.0.0.3 # x\nnameserver 10.0.0.4;y\n", "[10.0.0.3, 10.0.0.4]"},
        {"nameserver fe80::1%eth0\nnameserver ::ffff:10.0.0.1\n", "[fe80::1, 10.0.0.1]"},
        {"nameservers 10.0.0.1\nnameserver\nnameserver \nnameserver example.org\n nameserver 10.0.0.2\n", "[127.0.0.1]"},
    };

    @Test
    void reads_an_address_with_ports_or_without() {
        for (String[] row : ADDRESSES) {
            Match.Inet match = AddressWords.parseWithPorts(row[0]);
            assertEquals(row[1], "" + match.networks() + match.ports(), row[0]);
        }
    }

    @Test
    void refuses_all_else() {
        for (String text : BAD_ADDRESSES) {
            assertThrows(IllegalArgumentException.class, () -> AddressWords.parseWithPorts(text), text);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Loopback | 'Loopback' is no network; write loopback for 127.0.0.0/8 and ::1",
        "localhost | 'localhost' is no network; write loopback for 127.0.0.0/8 and ::1",
        "any | 'any' is no network; write 0.0.0.0/0 for every IPv4 address, and ::/0 for every IPv6 address",
        "10.0.0.1-10.0.0.5 | '10.0.0.1-10.0.0.5' is no network; write the blocks of this range, each by itself, as 10.0.0.1/31",
        "https://10.0.0.1:443/x | 'https://10.0.0.1:443/x' is a URL, and rules name addresses; write 10.0.0.1",
        "http://u@[fd77::1]/ | 'http://u@[fd77::1]/' is a URL, and rules name addresses; write fd77::1",
        "https://mirror.lan/a@b | 'https://mirror.lan/a@b' is a URL, and rules name addresses; 'getent ahosts mirror.lan' shows those of its host",
        "ftp://; | 'ftp://;' is a URL, and rules name addresses; 'getent ahosts HOST' shows those of its host",
        "fd00:::1 | 'fd00:::1' is no IPv4 or IPv6 address; write one such as 10.0.0.1, 10.0.0.0/8 or fd00::/8",
        "0x7f.1 | '0x7f.1' is no IPv4 or IPv6 address; write one such as 10.0.0.1, 10.0.0.0/8 or fd00::/8",
        "10.0.0/24 | '10.0.0' is no IPv4 or IPv6 address; write four numbers, as 10.0.0.0",
    })
    void says_what_to_write_for_what_others_take(String word, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> AddressWords.parse(word)).getMessage());
    }

    @Test
    void reads_the_nameservers_of_resolv_conf_as_the_c_library_does() {
        for (String[] row : RESOLV_CONF) {
            assertEquals(row[1], Resolvers.parse(row[0]).toString(), row[0]);
        }
    }
}
