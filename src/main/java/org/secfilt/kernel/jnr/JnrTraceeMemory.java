package org.secfilt.kernel.jnr;

import org.secfilt.kernel.TraceeMemory;
import org.secfilt.kernel.Vault;

/** Memory by process_vm_readv(2) and process_vm_writev(2). */
final class JnrTraceeMemory implements TraceeMemory {
    private static final int IOVEC_BYTES = 16;

    private final Proc proc;
    private final long buffer;
    private final int lengthBytes;
    private final long local = NativeMemory.allocate(IOVEC_BYTES);
    private final long remote = NativeMemory.allocate(IOVEC_BYTES);

    /** @param buffer overwritten by each call, of {@code lengthBytes} */
    JnrTraceeMemory(Proc proc, long buffer, int lengthBytes) {
        this.proc = proc;
        this.buffer = buffer;
        this.lengthBytes = lengthBytes;
        NativeMemory.IO.putLong(local, buffer);
    }

    @Override
    public int read(int tid, long address, byte[] into, int length) {
        span(address, length);
        int count = (int) Libc.PROCESS_VM_READV.call(tid, local, 1, remote, 1, 0);
        if (count > 0) {
            NativeMemory.get(buffer, into, count);
        }
        return count;
    }

    @Override
    public int writeInt(int tid, long address, int value) {
        span(address, Integer.BYTES);
        NativeMemory.IO.putInt(buffer, value);
        return (int) Libc.PROCESS_VM_WRITEV.call(tid, local, 1, remote, 1, 0);
    }

    @Override
    public int write(int tid, long address, byte[] from, int length) {
        span(address, length);
        NativeMemory.IO.putByteArray(buffer, from, 0, length);
        return (int) Libc.PROCESS_VM_WRITEV.call(tid, local, 1, remote, 1, 0);
    }

    private void span(long address, int length) {
        if (length > lengthBytes) {
            throw new IllegalArgumentException(length + " bytes are more than the buffer holds");
        }
        NativeMemory.IO.putLong(local + 8, length);
        NativeMemory.IO.putLong(remote, address);
        NativeMemory.IO.putLong(remote + 8, length);
    }

    @Override
    public int vaultMapping(int tid, Vault vault) {
        int fd = proc.open(tid, "/maps");
        if (fd < 0) {
            return -1;
        }
        JnrVault ours = (JnrVault) vault;
        boolean any = false;
        long mapped = ours.address(); // up to here; mlock(2), mseal(2) and mbind(2) of a part make several lines of one
        String rest = "";
        // maps is ordered by address, and few processes map anything below the vault: one read(2) nearly always tells.
        for (boolean below = true; below; ) {
            String chunk = proc.read(fd);
            String text = rest + chunk;
            int from = 0;
            for (int end = text.indexOf('\n'); end >= 0 && below; end = text.indexOf('\n', from)) {
                MapsLine line = MapsLine.decode(text.substring(from, end));
                from = end + 1;
                below = Long.compareUnsigned(line.end(), ours.address() + ours.lengthBytes()) < 0;
                if (ours.overlaps(line)) {
                    any = true;
                    mapped = ours.isMappedFrom(mapped, line) ? line.end() : mapped;
                }
            }
            rest = text.substring(from);
            below = below && !chunk.isEmpty();
        }
        Libc.CLOSE.call(fd);
        return !any ? 0 : mapped == ours.address() + ours.lengthBytes() ? 1 : -1;
    }
}
