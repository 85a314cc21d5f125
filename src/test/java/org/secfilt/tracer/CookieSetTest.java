package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CookieSetTest {
    @Test
    void has_what_was_added_and_nothing_else() {
        CookieSet set = new CookieSet();
        Set<Long> expected = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 50_000; i++) {
            long cookie = random.nextInt(3) == 0 ? random.nextLong() | 1 : 1 + random.nextInt(100_000);
            assertEquals(expected.contains(cookie), set.has(cookie));
            set.add(cookie);
            expected.add(cookie);
        }
        for (long cookie = 1; cookie < 100_000; cookie++) {
            assertEquals(expected.contains(cookie), set.has(cookie));
        }
    }

    /** In doubt, refuse. */
    @Test
    void has_all_when_it_is_full() {
        CookieSet set = new CookieSet();
        for (long cookie = 1; cookie < 1 << 18; cookie++) {
            set.add(cookie);
        }
        assertFalse(set.has(1 << 20));
        set.add(1 << 18);
        assertTrue(set.has(1 << 20));
    }
}
