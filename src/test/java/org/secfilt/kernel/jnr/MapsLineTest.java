package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MapsLineTest {
    @Test
    void reads_the_vaults_line() {
        assertEquals(
                new MapsLine(0x552a00000000L, 0x552a00400000L, "r--s", 0, "00:01", 1031, "/memfd:secfilt (deleted)"),
                MapsLine.decode("552a00000000-552a00400000 r--s 00000000 00:01 1031                       /memfd:secfilt (deleted)"));
    }

    @Test
    void reads_an_inode_number_of_64_bits() {
        assertEquals(-1, MapsLine.decode("10000000-10001000 r--p 00000000 00:2a 18446744073709551615   /mnt/hashed").inode());
    }

    @Test
    void reads_a_line_without_a_name_and_addresses_of_the_upper_half() {
        assertEquals(
                new MapsLine(0xffffffffff600000L, 0xffffffffff601000L, "--xp", 0x1000, "fe:00", 0, ""),
                MapsLine.decode("ffffffffff600000-ffffffffff601000 --xp 00001000 fe:00 0"));
    }
}
