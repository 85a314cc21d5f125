package org.secfilt.tracer;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.secfilt.kernel.Vault;

/** The vault as the supervisor sees it; {@link FakeTask}s read it where it is mapped. */
final class FakeVault implements Vault {
    private final byte[] content;
    private final Set<Integer> expected = new HashSet<>();

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
    public void forget(int tid) {
        expected.remove(tid);
    }

    /** Tids whose vault call is still awaited: none may be left over. */
    Set<Integer> expected() {
        return expected;
    }

    byte[] read(int offset, int length) {
        return Arrays.copyOfRange(content, offset, offset + length);
    }
}
