package org.secfilt.landlock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.ByteString;
import org.secfilt.kernel.NamedFile;
import org.secfilt.plan.LandlockDomain;

class RulesetTest {
    private static byte[] longs(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.nativeOrder());
        for (long value : values) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    @Test
    void a_directory_gets_all_rights_but_devices_and_a_file_only_those_of_files() {
        List<NamedFile> writable = List.of(new NamedFile(ByteString.of("/srv"), true), new NamedFile(ByteString.of("/dev/null"), false));
        Ruleset ruleset = Ruleset.of(new LandlockDomain(0x7ff2, 0, 2), writable);
        assertEquals(List.of(new Ruleset.Rule(ByteString.of("/srv"), 0x77b2), new Ruleset.Rule(ByteString.of("/dev/null"), 0x4002)),
                ruleset.rules());
        byte[] rule = ruleset.rules().get(1).encode(9);
        assertEquals(12, rule.length);
        assertEquals(0x4002, ByteBuffer.wrap(rule).order(ByteOrder.nativeOrder()).getLong());
        assertEquals(9, ByteBuffer.wrap(rule).order(ByteOrder.nativeOrder()).getInt(8));
    }

    @Test
    void the_attribute_is_no_longer_than_the_kernel_knows() {
        assertArrayEquals(longs(0x7ff2, 0, 2), Ruleset.of(new LandlockDomain(0x7ff2, 0, 2), List.of()).attribute());
        assertArrayEquals(longs(0x3ff2), Ruleset.of(new LandlockDomain(0x3ff2, 0, 0), List.of()).attribute());
    }

    @Test
    void a_domain_that_leaves_files_alone_allows_what_it_must_handle_everywhere() {
        assertEquals(List.of(new Ruleset.Rule(ByteString.of("/"), 0x2000)), Ruleset.of(new LandlockDomain(0x2000, 0x2000, 0), List.of()).rules());
    }
}
