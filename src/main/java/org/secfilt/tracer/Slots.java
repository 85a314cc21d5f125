package org.secfilt.tracer;

import org.secfilt.kernel.Vault;

/**
 * The vault, cut into slots: one for each judged call that is under way.
 *
 * <pre>
 *   0    struct msghdr   56 bytes, of sendmsg only
 *   64   name            128 bytes, sizeof(struct sockaddr_storage)
 *   192  control data    of sendmsg only; SCM_RIGHTS with SCM_MAX_FD descriptors is 1028 bytes
 * </pre>
 *
 * Freed slots are used again first, so a quiet sandbox touches one page.
 */
final class Slots {
    static final int SLOT_BYTES = 2048;
    static final int NAME = 64;
    static final int CONTROL = 192;
    static final int CONTROL_BYTES = SLOT_BYTES - CONTROL;

    private final Vault vault;
    private final long address;
    private final int[] free;
    private int freeCount;

    /** @param address where tracees see the vault */
    Slots(Vault vault, long address) {
        this.vault = vault;
        this.address = address;
        this.free = new int[vault.lengthBytes() / SLOT_BYTES];
        for (int slot = free.length - 1; slot >= 0; slot--) {
            free[freeCount++] = slot;
        }
    }

    /** A slot, or {@link Task#NONE} if as many calls are under way as there are slots. */
    int take() {
        return freeCount == 0 ? Task.NONE : free[--freeCount];
    }

    void give(int slot) {
        free[freeCount++] = slot;
    }

    boolean allFree() {
        return freeCount == free.length;
    }

    /** Where a tracee sees this part of the slot. */
    long addressOf(int slot, int part) {
        return address + (long) slot * SLOT_BYTES + part;
    }

    void write(int slot, int part, byte[] bytes, int length) {
        vault.write(slot * SLOT_BYTES + part, bytes, length);
    }

    void writeLong(int slot, int offset, long value) {
        vault.writeLong(slot * SLOT_BYTES + offset, value);
    }
}
