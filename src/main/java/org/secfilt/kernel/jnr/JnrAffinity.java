package org.secfilt.kernel.jnr;

import org.secfilt.kernel.Affinity;

/** The calling thread's processors, as a bit mask of up to 1024 of them. */
final class JnrAffinity implements Affinity {
    private static final int MASK_BYTES = 128;

    private final long original = NativeMemory.allocate(MASK_BYTES);
    private final long one = NativeMemory.allocate(MASK_BYTES);
    private boolean known;

    @Override
    public void pin(int processor) {
        if (processor < 0 || processor >= 8 * MASK_BYTES) {
            return;
        }
        if (!known) {
            if (Libc.SCHED_GETAFFINITY.call(0, MASK_BYTES, original) < 0) {
                return;
            }
            known = true;
        }
        NativeMemory.IO.setMemory(one, MASK_BYTES, (byte) 0);
        NativeMemory.IO.putByte(one + processor / 8, (byte) (1 << processor % 8));
        Libc.SCHED_SETAFFINITY.call(0, MASK_BYTES, one);
    }

    @Override
    public void release() {
        if (known) {
            Libc.SCHED_SETAFFINITY.call(0, MASK_BYTES, original);
        }
    }
}
