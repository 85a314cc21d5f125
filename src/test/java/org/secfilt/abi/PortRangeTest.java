package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortRangeTest {
    @ParameterizedTest
    @CsvSource({"443,443,443", "0,0,0", "8000-8099,8000,8099", "0-65535,0,65535", "22-22,22,22"})
    void reads_a_port_or_a_range(String text, int first, int last) {
        assertEquals(new PortRange(first, last), PortRange.parse(text));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "70000       | port 70000 is above 65535",
        "65536       | port 65536 is above 65535",
        "1-70000     | port 70000 is above 65535",
        "4294967739  | port 4294967739 is above 65535",
        "8099-8000   | port range 8099-8000 is reversed; write 8000-8099",
        "''          | a port is missing",
        "http        | 'http' is no port and no range of ports; write 80",
        "Domain      | 'Domain' is no port and no range of ports; write 53",
        "nosuch      | 'nosuch' is no port and no range of ports; write one such as 443 or 8000-8099",
        "443,80      | '443,80' is more than one port; write each by itself",
        "-1          | '-1' is no port and no range of ports; write one such as 443 or 8000-8099",
        "80-         | '80-' is no port and no range of ports; write one such as 443 or 8000-8099",
        "1-2-3       | '1-2-3' is no port and no range of ports; write one such as 443 or 8000-8099",
        "80:90       | '80:90' is no port and no range of ports; write one such as 443 or 8000-8099",
        "'80 '       | '80 ' is no port and no range of ports; write one such as 443 or 8000-8099",
        "0x50        | '0x50' is no port and no range of ports; write one such as 443 or 8000-8099",
        "٤٤٣         | '\\xd9\\xa4\\xd9\\xa4\\xd9\\xa3' is no port and no range of ports; write one such as 443 or 8000-8099",
        "0443        | port '0443' has a leading zero; write 443",
    })
    void says_what_is_wrong(String text, String message) {
        var thrown = assertThrows(IllegalArgumentException.class, () -> PortRange.parse(text));
        assertEquals(message, thrown.getMessage());
    }

    @Test
    void holds_both_ends_and_prints_as_it_is_written() {
        PortRange range = PortRange.parse("8000-8099");
        assertTrue(range.contains(8000) && range.contains(8099) && !range.contains(7999) && !range.contains(8100));
        assertTrue(PortRange.ALL.contains(0) && PortRange.ALL.contains(65535));
        assertEquals("8000-8099", range.toString());
        assertEquals("443", PortRange.of(443).toString());
        assertEquals("port -1 is below 0",
                assertThrows(IllegalArgumentException.class, () -> PortRange.of(-1)).getMessage());
    }
}
