package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.Requirements;
import org.secfilt.abi.Errno;

/** The vault on the running kernel, attacked with the one thing a tracee may get hold of: a descriptor of it. */
class JnrVaultTest {
    private static final long V = 0x552a00000000L;
    private static final int LENGTH = 4 << 20;
    private static final int O_RDWR = 2;
    private static final int F_GET_SEALS = 1034;

    @Test
    void gives_tracees_one_read_only_descriptor_that_cannot_be_made_writable() throws IOException {
        Requirements.kernel();
        List<String> before = descriptors();
        new JnrVault(V, LENGTH);
        List<String> made = descriptors();
        made.removeAll(before);
        assertEquals(1, made.size(), made.toString());
        String path = made.get(0);
        int fd = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));

        long buffer = NativeMemory.allocate(8);
        assertEquals(-Errno.EBADF.number(), Libc.WRITE.call(fd, buffer, 8));
        int again = (int) Libc.OPEN.call(NativeMemory.string(path), O_RDWR, 0);
        assertTrue(again >= 0, "a tracee can open it for writing");
        assertEquals(-Errno.EPERM.number(), Libc.WRITE.call(again, buffer, 8));
        assertEquals(-Errno.EPERM.number(), Libc.MMAP.call(0, LENGTH, 3, 1, again, 0));
        assertEquals(-Errno.EPERM.number(), Libc.FTRUNCATE.call(again, 0));
        assertEquals(1 | 2 | 4 | 16, Libc.FCNTL.call(again, F_GET_SEALS, 0) & (1 | 2 | 4 | 16));
        Libc.CLOSE.call(again);
    }

    private static List<String> descriptors() throws IOException {
        List<String> found = new ArrayList<>();
        for (String name : new File("/proc/self/fd").list()) {
            Path link = Path.of("/proc/self/fd", name);
            if (Files.exists(link, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                    && Files.readSymbolicLink(link).toString().startsWith("/memfd:secfilt")) {
                found.add(link.toString());
            }
        }
        return found;
    }

    @Test
    void knows_its_own_mapping_and_no_other() {
        Requirements.kernel();
        JnrVault vault = new JnrVault(V, LENGTH);
        MapsLine other = new MapsLine(V, V + LENGTH, "r--s", 0, "00:01", 1, "");
        assertTrue(vault.overlaps(other));
        assertFalse(vault.isMappedFrom(V, other));
        assertFalse(vault.overlaps(new MapsLine(V - 4096, V, "r--s", 0, "00:01", 1, "")));
        assertTrue(vault.overlaps(new MapsLine(V - 4096, V + 1, "r--s", 0, "00:01", 1, "")));
    }

    /** Whole, and in parts as mlock(2) of a page leaves it. */
    @Test
    void knows_its_parts_each_at_its_place() throws IOException {
        Requirements.kernel();
        List<String> before = descriptors();
        JnrVault vault = new JnrVault(V, LENGTH);
        List<String> made = descriptors();
        made.removeAll(before);
        int fd = Integer.parseInt(made.get(0).substring(made.get(0).lastIndexOf('/') + 1));
        long at = Libc.MMAP.call(0, LENGTH, 1, 1, fd, 0);
        assertTrue(at > 0);
        String text = Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.startsWith(Long.toHexString(at) + "-")).findFirst().orElseThrow();
        MapsLine real = MapsLine.decode(text);
        for (long[] part : new long[][] {{0, LENGTH, 0, 1}, {0, 4096, 0, 1}, {4096, LENGTH, 4096, 1}, {0, LENGTH + 4096, 0, 0},
            {4096, 8192, 0, 0}, {0, 4096, 4096, 0}, {-4096, 4096, -4096, 0}}) {
            MapsLine line = new MapsLine(V + part[0], V + part[1], real.permissions(), part[2], real.device(), real.inode(), real.path());
            assertEquals(part[3] == 1, vault.isMappedFrom(V + Math.max(0, part[0]), line), line.toString());
        }
        assertFalse(vault.isMappedFrom(V, new MapsLine(V, V + LENGTH, "rw-s", 0, real.device(), real.inode(), real.path())));
        assertFalse(vault.isMappedFrom(V, new MapsLine(V, V + LENGTH, "r--s", 0, real.device(), real.inode(), "/SYSV00000000 (deleted)")));
    }

    @Test
    void writes_nothing_outside_of_itself() {
        Requirements.kernel();
        JnrVault vault = new JnrVault(V, LENGTH);
        byte[] bytes = new byte[16];
        assertThrows(IndexOutOfBoundsException.class, () -> vault.write(LENGTH - 8, bytes, 16));
        assertThrows(IndexOutOfBoundsException.class, () -> vault.write(-1, bytes, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> vault.writeLong(LENGTH - 7, 0));
        vault.write(LENGTH - 16, bytes, 16);
        vault.writeLong(LENGTH - 8, 1);
    }
}
