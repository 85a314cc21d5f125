package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountsTest {
    /** proc_pid_mountinfo(5). */
    private static final List<String> LINES = List.of(
            "22 1 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw",
            "122 22 0:38 /upper /over\\040lay rw - overlay overlay rw,lowerdir=/a,upperdir=/b",
            "36");

    @ParameterizedTest
    @CsvSource({"22, 8388609", "122, 38", "2, -1", "36, -1", "'', -1"})
    void a_mount_has_the_device_of_its_line(String id, int device) {
        assertEquals(device, Mounts.device(LINES, id));
    }
}
