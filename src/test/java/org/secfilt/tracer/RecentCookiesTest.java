package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RecentCookiesTest {
    private final RecentCookies cookies = new RecentCookies();

    @Test
    void has_what_was_added_last_and_nothing_else() {
        for (long cookie = 1; cookie <= RecentCookies.MOST; cookie++) {
            cookies.add(cookie);
        }
        cookies.add(1);
        cookies.add(-1);
        assertTrue(cookies.has(1));
        assertFalse(cookies.has(2));
        assertTrue(cookies.has(3));
        assertTrue(cookies.has(-1));
        assertFalse(cookies.has(0));
    }
}
