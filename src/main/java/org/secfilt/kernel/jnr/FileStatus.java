package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;

/**
 * What statx(2) says of an open file.
 *
 * @param error 0, or the negative error number where the file system does not say
 */
record FileStatus(int error, int mode, int links, long inode, long device) {
    private static final int AT_EMPTY_PATH = 0x1000;
    // linux/stat.h
    private static final int STATX_TYPE_NLINK_INO = 1 | 4 | 0x100;
    private static final int STX_NLINK = 16;
    private static final int STX_MODE = 28;
    private static final int STX_INO = 32;
    private static final int STX_DEV_MAJOR = 136;
    private static final int STX_DEV_MINOR = 140;
    private static final int STATX_BYTES = 256;
    private static final int S_IFMT = 0170000;
    private static final int S_IFIFO = 0010000;
    private static final int S_IFCHR = 0020000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFBLK = 0060000;
    private static final int S_IFLNK = 0120000;
    private static final int S_IFSOCK = 0140000;

    static FileStatus of(int fd) {
        long memory = NativeMemory.IO.allocateMemory(STATX_BYTES + 1L, true);
        try {
            int error = (int) Libc.STATX.call(fd, memory + STATX_BYTES, AT_EMPTY_PATH, STATX_TYPE_NLINK_INO, memory);
            return new FileStatus(
                    error,
                    NativeMemory.IO.getShort(memory + STX_MODE) & S_IFMT,
                    NativeMemory.IO.getInt(memory + STX_NLINK),
                    NativeMemory.IO.getLong(memory + STX_INO),
                    (long) NativeMemory.IO.getInt(memory + STX_DEV_MAJOR) << 32 | NativeMemory.IO.getInt(memory + STX_DEV_MINOR));
        } finally {
            NativeMemory.IO.freeMemory(memory);
        }
    }

    boolean isSameFile(FileStatus other) {
        return error == 0 && other.error == 0 && inode == other.inode && device == other.device;
    }

    boolean isDirectory() {
        return mode == S_IFDIR;
    }

    boolean isDevice() {
        return mode == S_IFCHR || mode == S_IFBLK;
    }

    boolean isLink() {
        return mode == S_IFLNK;
    }

    /** Of a socket that was bound to a path; any other has an inode besides, that nobody can connect to. */
    boolean isSocketFile(byte[] path) {
        return mode == S_IFSOCK && path.length > 0 && path[0] == '/';
    }

    /**
     * In no directory, so that no change of it changes a tree: a pipe, a socket, or a file whose last name is gone, a memfd among them.
     *
     * @param path as /proc/self/fd has it
     */
    boolean hasNoName(byte[] path) {
        String text = new String(path, StandardCharsets.ISO_8859_1);
        return mode == S_IFIFO && text.startsWith("pipe:[")
                || mode == S_IFSOCK && text.startsWith("socket:[")
                || links == 0 && text.endsWith(" (deleted)");
    }
}
