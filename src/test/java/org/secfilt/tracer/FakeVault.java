package org.secfilt.tracer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.secfilt.kernel.Vault;

/** The vault as the supervisor sees it; {@link FakeTask}s read it where it is mapped. */
final class FakeVault implements Vault {
    private final byte[] content;
    private final Set<Integer> expected = new HashSet<>();
    private final Map<Integer, Integer> given = new HashMap<>();
    /** At which look a tracee's descriptor is another one; 0 for never. */
    int foreignAt;
    private int looks;

    FakeVault(int lengthBytes) {
        content = new byte[lengthBytes];
    }

    @Override
    public int lengthBytes() {
        return content.length;
    }

    @Override
    public void write(int offset, byte[] bytes, int length) {
        System.arraycopy(bytes, 0, content, offset, length);
    }

    @Override
    public void writeLong(int offset, long value) {
        for (int i = 0; i < 8; i++) {
            content[offset + i] = (byte) (value >>> 8 * i);
        }
    }

    @Override
    public void expect(int tid) {
        expected.add(tid);
    }

    @Override
    public int forget(int tid) {
        expected.remove(tid);
        Integer fd = given.remove(tid);
        return fd == null ? Task.NONE : fd;
    }

    void give(int tid, int fd) {
        given.put(tid, fd);
    }

    /** Tids whose vault call is still awaited: none may be left over. */
    Set<Integer> expected() {
        return expected;
    }

    byte[] read(int offset, int length) {
        return Arrays.copyOfRange(content, offset, offset + length);
    }

    @Override
    public boolean isOf(int tid, int fd) {
        return ++looks != foreignAt;
    }
}
