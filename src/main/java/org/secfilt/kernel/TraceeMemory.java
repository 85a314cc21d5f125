package org.secfilt.kernel;

/**
 * The memory of tracees that are stopped, or wait for the answer to a notification: process_vm_readv(2), proc_pid_maps(5). Of the one thread that
 * {@link Tracees} was made on.
 */
public interface TraceeMemory {
    /**
     * process_vm_readv(2). Up to 64 KiB.
     *
     * @return the bytes read, fewer than asked where the tracee's memory ends, or a negative error number: EFAULT for no memory at
     *     all, EPERM for a process that made itself unreadable (PR_SET_DUMPABLE)
     */
    int read(int tid, long address, byte[] into, int length);

    /** process_vm_writev(2) of the four bytes of a native int. @return 4 or a negative error number */
    int writeInt(int tid, long address, int value);

    /** process_vm_writev(2), up to 64 KiB. @return the bytes written, fewer where memory may not be written, or a negative error number */
    int write(int tid, long address, byte[] from, int length);

    /**
     * What is mapped at the vault's place: 0 for nothing, 1 for the vault of {@code vault} whole and read-only, -1 for anything
     * else, or where it cannot be seen.
     */
    int vaultMapping(int tid, Vault vault);
}
