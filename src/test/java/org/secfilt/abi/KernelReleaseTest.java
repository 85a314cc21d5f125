package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelReleaseTest {
    @ParameterizedTest
    @CsvSource({
        "6.18.44-fc-v669, 6, 18", "5.10.0-8-amd64, 5, 10", "6.6, 6, 6", "10.0rc1, 10, 0", "6, 0, 0", "6., 0, 0", ".6, 0, 0", "'', 0, 0", "linux, 0, 0",
        "99999.1, 0, 0", "6.6.99999999999, 6, 6",
    })
    void is_the_two_numbers_in_front(String release, int major, int minor) {
        assertEquals(new KernelRelease(major, minor), KernelRelease.parse(release));
    }

    @Test
    void the_major_number_counts_first() {
        KernelRelease release = new KernelRelease(6, 6);
        assertTrue(release.isAtLeast(6, 6) && release.isAtLeast(5, 19) && release.isAtLeast(6, 0));
        assertFalse(release.isAtLeast(6, 7) || release.isAtLeast(7, 0));
    }
}
