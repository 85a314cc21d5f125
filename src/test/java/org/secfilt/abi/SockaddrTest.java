package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SockaddrTest {
    private static final String INET = "020001bb5db8d8220000000000000000";
    private static final String INET6 = "0a0001bb0000000520010db800000000000000000000000102000000";

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        INET + "        | 16  | 93.184.216.34:443",
        INET + "aaaaaaaa| 20  | 93.184.216.34:443",
        INET + "        | 15  | malformed address: length 15 is below 16, the least for family inet",
        INET6 + "       | 28  | [2001:db8::1%2]:443",
        INET6 + "       | 27  | [2001:db8::1]:443",
        INET6 + "       | 24  | [2001:db8::1]:443",
        INET6 + "       | 23  | malformed address: length 23 is below 24, the least for family inet6",
        "0a0000500000000000000000000000000000ffff0a000007 | 24 | [::ffff:10.0.0.7]:80",
        "00             | 1   | malformed address: length 1 leaves no room for a family",
        "0000           | 0   | malformed address: length 0 leaves no room for a family",
        "0000           | -1  | malformed address: length -1 is not within 0 to 128",
        "0000           | 2   | unspec",
        "000001bb5db8d8220000000000000000 | 16 | unspec:93.184.216.34:443",
        "000001bb5db8d8220000000000000000 | 15 | unspec",
        "0100           | 2   | unix-unnamed",
        "01002f61       | 4   | unix:/a",
        "01002f6100aaaa | 7   | unix:/a",
        "01002f61       | 3   | unix:/",
        "010000         | 3   | unix-abstract:",
        "010000410000   | 6   | unix-abstract:A\\x00\\x00",
        "010000410042   | 6   | unix-abstract:A\\x00B",
        "01002f1b5b324a | 7   | unix:/\\x1b[2J",
        "01002f5c0a     | 5   | unix:/\\\\\\x0a",
        "1000000007000000ffffffff | 12 | netlink:7/0xffffffff",
        "1000000007000000ffffffff | 11 | malformed address: length 11 is below 12, the least for family netlink",
        "1100           | 2   | packet",
        "6300           | 2   | AF_99",
        "0201           | 2   | AF_258",
        "ffff           | 2   | AF_65535",
        "0200           | 16  | malformed address: only 2 of its 16 bytes can be read",
    })
    void reads_as_the_kernel_does(String hex, int length, String printed) {
        assertEquals(printed, Sockaddr.decode(HexFormat.of().parseHex(hex), length).toString());
    }

    @Test
    void the_kernel_takes_at_most_128_bytes() {
        byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex(INET), 129);
        assertEquals("93.184.216.34:443", Sockaddr.decode(bytes, 128).toString());
        assertEquals(new Sockaddr.Malformed(Errno.EINVAL, "length 129 is not within 0 to 128"),
                Sockaddr.decode(bytes, 129));
        assertEquals(Errno.EFAULT, ((Sockaddr.Malformed) Sockaddr.decode(new byte[4], 16)).answer());
    }

    @Test
    void where_a_path_leads_may_be_longer() {
        Sockaddr.UnixPath deep = new Sockaddr.UnixPath(ByteString.of("p".repeat(4095)));
        assertEquals("unix:" + "p".repeat(4095), deep.toString());
        assertThrows(IllegalStateException.class, deep::encode);
        assertThrows(IllegalArgumentException.class, () -> new Sockaddr.UnixPath(ByteString.of("p".repeat(4096))));
    }

    @Test
    void a_unix_path_has_up_to_108_bytes_and_needs_no_nul() {
        byte[] bytes = new byte[128];
        Arrays.fill(bytes, (byte) 'p');
        bytes[0] = 1;
        bytes[1] = 0;
        assertEquals("unix:" + "p".repeat(108), Sockaddr.decode(bytes, 110).toString());
        assertArrayEquals(Arrays.copyOf(bytes, 110), ((Sockaddr.UnixPath) Sockaddr.decode(bytes, 110)).encode());
        assertEquals("malformed address: length 111 of a unix address is above 110", Sockaddr.decode(bytes, 111).toString());
        bytes[2] = 0;
        assertEquals(new Sockaddr.UnixAbstract(ByteString.of("p".repeat(107))), Sockaddr.decode(bytes, 110));
    }

    @Test
    void ports_and_addresses_are_in_host_order_and_the_flow_is_kept() {
        byte[] bytes = HexFormat.of().parseHex(INET6);
        Sockaddr.Inet6 expected = new Sockaddr.Inet6(IpAddress.parse("2001:db8::1"), 443, 5, 2);
        assertEquals(expected, Sockaddr.decode(bytes, 28));
        assertArrayEquals(bytes, expected.encode());
        Sockaddr.Inet inet = new Sockaddr.Inet(IpAddress.parse("93.184.216.34"), 443);
        assertArrayEquals(HexFormat.of().parseHex(INET), inet.encode());
        assertEquals(new Sockaddr.Unspec(Optional.of(inet)),
                Sockaddr.decode(HexFormat.of().parseHex("0000" + INET.substring(4)), 16));
    }

    @Test
    void what_is_encoded_decodes_to_itself() {
        byte[] path = new Sockaddr.UnixPath(ByteString.of("/run/x.sock")).encode();
        assertEquals(2 + 11 + 1, path.length);
        assertEquals("unix:/run/x.sock", Sockaddr.decode(path, path.length).toString());
        byte[] name = new Sockaddr.UnixAbstract(ByteString.of(new byte[] {'n', 0, 'x', 0})).encode();
        assertEquals(7, name.length);
        assertEquals("unix-abstract:n\\x00x\\x00", Sockaddr.decode(name, name.length).toString());
    }

    @Test
    void any_bytes_are_read_and_print_without_harm() {
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(130)];
            random.nextBytes(bytes);
            if (bytes.length > 1) {
                bytes[0] = (byte) new int[] {0, 1, 1, 1, 2, 10, 16, 99}[random.nextInt(8)];
                bytes[1] = 0;
            }
            String printed = Sockaddr.decode(bytes, random.nextInt(140) - 5).toString();
            assertTrue(printed.chars().allMatch(c -> c >= ' ' && c != 0x7f && (c < 0x80 || Character.isLetter(c)
                    || Character.isSurrogate((char) c))), printed);
        }
    }

    @Test
    void impossible_values_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> new Sockaddr.Inet(IpAddress.v6(0, 1), 1));
        assertThrows(IllegalArgumentException.class, () -> new Sockaddr.Inet(IpAddress.v4(1), 65536));
        assertThrows(IllegalArgumentException.class, () -> new Sockaddr.Inet6(IpAddress.v4(1), 1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Sockaddr.UnixPath(ByteString.of("a\0b")));
        assertThrows(IllegalArgumentException.class, () -> new Sockaddr.UnixPath(ByteString.EMPTY));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "plain /run/x | plain /run/x", "c:\\x | c:\\\\x", "\u00fcber | \u00fcber", "\u65e5\u672c | \u65e5\u672c",
        "a\u001b]0;t\u0007z | a\\x1b]0;t\\x07z", "\u202eevil | \\xe2\\x80\\xaeevil", "\u05d0 | \\xd7\\x90",
        "a\u0301 | a\\xcc\\x81", "\u200b | \\xe2\\x80\\x8b", "\u009b31m | \\xc2\\x9b31m", "\u007f | \\x7f",
        "\ud83d\ude00 | \\xf0\\x9f\\x98\\x80",
    })
    void foreign_text_is_made_fit_for_a_terminal(String text, String printed) {
        assertEquals(printed, Printable.escape(text));
    }

    @Test
    void bytes_that_are_no_utf_8_are_escaped_one_by_one() {
        for (String hex : new String[] {"c3", "c0af", "e28280", "eda080", "f8888080", "f5808080", "80", "e0809f"}) {
            String printed = Printable.escape(HexFormat.of().parseHex(hex));
            if (!hex.equals("e28280")) {
                assertEquals("\\x" + String.join("\\x", hex.split("(?<=\\G..)")), printed);
            }
        }
        byte[] good = "\u00e9".getBytes(StandardCharsets.UTF_8);
        assertEquals("\u00e9\\xc3", Printable.escape(new byte[] {good[0], good[1], good[0]}));
    }
}
