package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
    @ParameterizedTest
    @CsvSource({
        "0.0.0.0,0.0.0.0", "255.255.255.255,255.255.255.255", "10.0.0.7,10.0.0.7",
        "::,::", "::1,::1", "1::,1::", "1::8,1::8", "2001:DB8::00FF,2001:db8::ff",
        "1:2:3:4:5:6:7:8,1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::,1:2:3:4:5:6:7:0", "::2:3:4:5:6:7:8,0:2:3:4:5:6:7:8",
        "0:0:1:0:0:0:1:0,0:0:1::1:0", "1:0:0:2:0:0:3:4,1::2:0:0:3:4", "1:0:2:0:3:0:4:0,1:0:2:0:3:0:4:0",
        "0:0:0:0:0:0:0:0,::", "0:0:0:0:0:ffff:0a00:0007,::ffff:10.0.0.7", "::ffff:10.0.0.7,::ffff:10.0.0.7",
        "::10.0.0.7,::a00:7", "64:ff9b::192.0.2.33,64:ff9b::c000:221", "1:2:3:4:5:6:1.2.3.4,1:2:3:4:5:6:102:304",
        "fe80::1:0:0:0,fe80::1:0:0:0", "1:2:3:4:5::1.2.3.4,1:2:3:4:5:0:102:304",
    })
    void reads_rfc_4291_and_prints_rfc_5952(String text, String printed) {
        assertEquals(printed, IpAddress.parse(text).toString());
        assertEquals(IpAddress.parse(text), IpAddress.parse(printed));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "www.example.com | 'www.example.com' is no IPv4 or IPv6 address; 'getent ahosts www.example.com' shows the name's",
        "0x7f000001   | '0x7f000001' is no IPv4 or IPv6 address",
        "10.0.0       | '10.0.0' is no IPv4 or IPv6 address; write four numbers, as 10.0.0.0",
        "10.0.0.0.0   | '10.0.0.0.0' is no IPv4 or IPv6 address; write four numbers, as 10.0.0.0",
        "10.0.0.256   | '10.0.0.256' is no IPv4 or IPv6 address: 256 is above 255",
        "10.0.0.1000  | '10.0.0.1000' is no IPv4 or IPv6 address: 1000 is above 255",
        "10.0.0.010   | '10.0.0.010' is no IPv4 or IPv6 address: '010' may mean octal; write it without leading zeros",
        "00.0.0.1     | '00.0.0.1' is no IPv4 or IPv6 address: '00' may mean octal; write it without leading zeros",
        "::1%eth0     | '::1%eth0' is no IPv4 or IPv6 address: leave out the scope from the '%' on",
        "[::1]        | '[::1]' is no IPv4 or IPv6 address: write it without brackets",
        "1::2::3      | '1::2::3' is no IPv4 or IPv6 address: '::' may stand in it once",
        "::ffff:10.0.0.256 | '::ffff:10.0.0.256' is no IPv4 or IPv6 address: 256 is above 255",
        "''           | an address is missing",
    })
    void says_what_is_wrong_with_a_text(String text, String message) {
        var thrown = assertThrows(IllegalArgumentException.class, () -> IpAddress.parse(text));
        assertEquals(message, thrown.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "1", "167772161", "0x0a000001", "0xa.0.0.1", "10.1", "10.0.0.", ".10.0.0.0", "10..0.0", "10.0.0.-1", "10.0.0.+1",
        " 10.0.0.1", "10.0.0.1 ", "10.0.0.1:80", "10,0,0,1", "10.0.0.12345678901", "١٠.0.0.1", "localhost",
        ":", ":::", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "12345::", "g::", "1:::2", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::01.2.3.4",
        "::-1", "::0x1", "::\uff11", "1:2:3:4::5:6:7:8", "::1/128", "\u001b[31m::",
    })
    void refuses_every_other_text(String text) {
        var thrown = assertThrows(IllegalArgumentException.class, () -> IpAddress.parse(text));
        assertTrue(thrown.getMessage().chars().noneMatch(c -> c < ' '), thrown.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1,true,false", "127.255.0.3,true,false", "128.0.0.1,false,false", "0.0.0.0,false,true",
        "::1,true,false", "::,false,true", "::ffff:127.9.9.9,true,false", "::ffff:0.0.0.0,false,true",
        "::127.0.0.1,false,false", "::2,false,false", "1::1,false,false", "::fffe:127.0.0.1,false,false",
        "0.0.0.1,false,false", "1::,false,false",
    })
    void knows_loopback_and_the_unspecified_address(String text, boolean loopback, boolean any) {
        assertEquals(loopback, IpAddress.parse(text).isLoopback());
        assertEquals(any, IpAddress.parse(text).isAny());
    }

    @ParameterizedTest
    @CsvSource({
        "::ffff:10.0.0.7,10.0.0.7", "::ffff:255.255.255.255,255.255.255.255", "::fffe:10.0.0.7,::fffe:a00:7",
        "1::ffff:10.0.0.7,1::ffff:a00:7", "::10.0.0.7,::a00:7", "10.0.0.7,10.0.0.7", "::1:ffff:a00:7,::1:ffff:a00:7",
    })
    void the_canonical_form_of_a_mapped_address_is_ipv4(String text, String canonical) {
        assertEquals(canonical, IpAddress.parse(text).canonical().toString());
    }

    @Test
    void keeps_its_family() {
        assertTrue(!IpAddress.parse("::ffff:10.0.0.7").equals(IpAddress.parse("10.0.0.7")));
        assertTrue(!IpAddress.v4(7).equals(IpAddress.v6(0, 7)));
        assertThrows(IllegalArgumentException.class, () -> new IpAddress(true, 0, 1L << 32));
        assertThrows(IllegalStateException.class, () -> IpAddress.v6(0, 1).hostOrder());
    }

    @Test
    void bytes_are_in_network_order() {
        assertArrayEquals(new byte[] {10, 0, 0, (byte) 200}, IpAddress.v4(0x0a0000c8).toBytes());
    }

    @Test
    void compares_unsigned_ipv4_first() {
        List<IpAddress> sorted = new ArrayList<>();
        for (String text : new String[] {"0.0.0.0", "127.0.0.1", "128.0.0.0", "255.255.255.255", "::", "::8000:0:0:0",
            "7fff::", "8000::", "ffff::"}) {
            sorted.add(IpAddress.parse(text));
        }
        List<IpAddress> shuffled = new ArrayList<>(sorted);
        Collections.shuffle(shuffled);
        Collections.sort(shuffled);
        assertEquals(sorted, shuffled);
    }

    @Test
    void agrees_with_the_jdk_on_random_addresses() throws Exception {
        Random random = new Random(7);
        for (int i = 0; i < 5000; i++) {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            bytes[0] |= 1; // The JDK would turn a mapped one into IPv4.
            for (int group = 0; group < 8; group++) {
                if (random.nextBoolean()) {
                    bytes[2 * group + 1] = 0;
                    bytes[2 * group] = (byte) (group == 0 ? 1 : 0);
                }
            }
            ByteBuffer words = ByteBuffer.wrap(bytes);
            IpAddress address = IpAddress.v6(words.getLong(), words.getLong());
            assertArrayEquals(bytes, address.toBytes());
            assertEquals(address, IpAddress.parse(address.toString()));
            assertArrayEquals(bytes, InetAddress.getByName(address.toString()).getAddress());
            assertEquals(address, IpAddress.parse(InetAddress.getByAddress(bytes).getHostAddress()));
        }
    }
}
