package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import jnr.constants.platform.linux.Errno;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our table of errors against the C library's texts and jnr's numbers. jnr-posix binds hundreds of functions, so only tests load it. */
class ErrnoTableTest {
    private static final POSIX POSIX = POSIXFactory.getNativePOSIX();

    @ParameterizedTest
    @EnumSource(Errno.class)
    void has_the_number_and_the_text_of_the_c_library(Errno known) {
        org.secfilt.abi.Errno ours = org.secfilt.abi.Errno.find(known.name()).orElseThrow();
        assertEquals(known.intValue(), ours.number());
        assertEquals(POSIX.strerror(known.intValue()), ours.text());
    }
}
