package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CookieSetTest {
    /** The kernel numbers its sockets one by one, each processor from a multiple of 4096 on. // lib/cookie.h */
    @ParameterizedTest
    @CsvSource({"0, 0", "10000, 1", "1000000, 500", "4000000, 2500", "10000000, 50000"})
    void has_all_that_was_added_and_hardly_any_other(int added, int wrong) {
        CookieSet set = new CookieSet();
        for (long i = 1; i <= added; i++) {
            set.add(2 * i);
        }
        int others = 0;
        for (long i = 1; i <= 1_000_000; i++) {
            assertTrue(i > added || set.has(2 * i));
            others += set.has(2 * i + 1) ? 1 : 0;
        }
        assertTrue(others <= wrong, others + " of a million");
        assertFalse(new CookieSet().has(1));
    }
}
