package org.secfilt.kernel.jnr;

import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.OpenHow;

/** openat2(2) for a name alone, not for what is in the file. One thread only. */
final class Openat2 {
    private static final int PATH_MAX = 4096; // linux/limits.h
    private static final int O_PATH_CLOEXEC = 010000000 | 02000000; // fcntl.h
    private static final int OPENAT2 = Arch.X86_64.syscalls().nr("openat2");

    private final long buffer = NativeMemory.allocate(PATH_MAX + OpenHow.BYTES);

    /**
     * @param from the directory in which a relative path begins
     * @param flags of open(2), besides O_PATH and O_CLOEXEC
     * @param resolve of {@link OpenHow}
     * @return an O_PATH descriptor or a negative error number
     */
    int open(int from, byte[] name, int flags, int resolve) {
        if (name.length >= PATH_MAX) {
            return -Errno.ENAMETOOLONG.number();
        }
        NativeMemory.IO.putByteArray(buffer, name, 0, name.length);
        NativeMemory.IO.putByte(buffer + name.length, (byte) 0);
        long how = buffer + PATH_MAX;
        NativeMemory.IO.putLong(how + OpenHow.FLAGS, O_PATH_CLOEXEC | flags);
        NativeMemory.IO.putLong(how + OpenHow.MODE, 0);
        NativeMemory.IO.putLong(how + OpenHow.RESOLVE, resolve);
        return (int) Libc.SYSCALL.call(OPENAT2, from, buffer, how, OpenHow.BYTES, 0);
    }
}
