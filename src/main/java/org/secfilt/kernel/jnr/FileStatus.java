package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;

/**
 * What statx(2) says of a file, of which only what was asked for and what the type is counts. // linux/stat.h
 *
 * <p>{@code struct statx} has 256 bytes, the numbers in the machine's order:
 *
 * <pre>
 *    16 u32 nlink      20 u32 uid          28 u16 mode         32 u64 ino
 *   128 u32 rdev_major 132 u32 rdev_minor  136 u32 dev_major   140 u32 dev_minor
 * </pre>
 *
 * @param error 0, or the negative error number where the file system does not say: all else is 0 then
 * @param mode the type and the permissions
 * @param user its owner
 * @param major of the device it is on, with {@code minor}
 * @param specialMajor of the device it stands for, with {@code specialMinor}; 0 if it is no device
 */
record FileStatus(int error, int mode, int links, int user, long inode, int major, int minor, int specialMajor, int specialMinor) {
    /** What to ask for: STATX_TYPE, STATX_INO, STATX_BASIC_STATS. A file system on the network answers the first two by itself. */
    static final int TYPE = 1;
    static final int INODE = 0x100;
    static final int ALL = 0x7ff;

    private static final int STATX_NLINK = 4;
    private static final int STX_NLINK = 16;
    private static final int STX_UID = 20;
    private static final int STX_MODE = 28;
    private static final int STX_INO = 32;
    private static final int STX_RDEV_MAJOR = 128;
    private static final int STX_RDEV_MINOR = 132;
    private static final int STX_DEV_MAJOR = 136;
    private static final int STX_DEV_MINOR = 140;
    private static final int STATX_BYTES = 256;
    // fcntl.h
    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int S_IFMT = 0170000;
    private static final int S_IFIFO = 0010000;
    private static final int S_IFCHR = 0020000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFBLK = 0060000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int S_IFSOCK = 0140000;

    /** Of an open file: its type, its links, and which one it is. */
    static FileStatus of(int fd) {
        return of(fd, TYPE | STATX_NLINK | INODE);
    }

    /** Of an open file: what is asked for. */
    static FileStatus of(int fd, int asked) {
        return ask(fd, 0, AT_EMPTY_PATH, asked);
    }

    /**
     * The type of the file that a path leads to, through links, and of a device which.
     *
     * @param path its address
     */
    static FileStatus at(long path) {
        return at(path, TYPE);
    }

    /** Of the file that a path leads to, through links: what is asked for. */
    static FileStatus at(long path, int asked) {
        return ask(AT_FDCWD, path, 0, asked);
    }

    /** @param path its address, or 0 for none */
    private static FileStatus ask(int fd, long path, int flags, int asked) {
        long memory = NativeMemory.IO.allocateMemory(STATX_BYTES + 1L, true); // an empty path is behind it
        try {
            int error = (int) Libc.STATX.call(fd, path == 0 ? memory + STATX_BYTES : path, flags, asked, memory);
            return new FileStatus(
                    error,
                    NativeMemory.IO.getShort(memory + STX_MODE),
                    NativeMemory.IO.getInt(memory + STX_NLINK),
                    NativeMemory.IO.getInt(memory + STX_UID),
                    NativeMemory.IO.getLong(memory + STX_INO),
                    NativeMemory.IO.getInt(memory + STX_DEV_MAJOR),
                    NativeMemory.IO.getInt(memory + STX_DEV_MINOR),
                    NativeMemory.IO.getInt(memory + STX_RDEV_MAJOR),
                    NativeMemory.IO.getInt(memory + STX_RDEV_MINOR));
        } finally {
            NativeMemory.IO.freeMemory(memory);
        }
    }

    boolean isSameFile(FileStatus other) {
        return error == 0 && other.error == 0 && inode == other.inode && device() == other.device();
    }

    /** Both numbers in one. */
    long device() {
        return (long) major << 32 | minor & 0xffffffffL;
    }

    boolean isDirectory() {
        return is(S_IFDIR);
    }

    boolean isDevice() {
        return isCharacterDevice() || is(S_IFBLK);
    }

    boolean isCharacterDevice() {
        return is(S_IFCHR);
    }

    boolean isLink() {
        return is(S_IFLNK);
    }

    boolean isRegular() {
        return is(S_IFREG);
    }

    boolean isFifo() {
        return is(S_IFIFO);
    }

    private boolean is(int type) {
        return (mode & S_IFMT) == type;
    }

    /** Of a socket that was bound to a path; any other has an inode besides, that nobody can connect to. */
    boolean isSocketFile(byte[] path) {
        return is(S_IFSOCK) && path.length > 0 && path[0] == '/';
    }

    /**
     * In no directory, so that no change of it changes a tree: a pipe, a socket, or a file whose last name is gone, a memfd among them.
     *
     * @param path as /proc/self/fd has it
     */
    boolean hasNoName(byte[] path) {
        String text = new String(path, StandardCharsets.ISO_8859_1);
        return isFifo() && text.startsWith("pipe:[")
                || is(S_IFSOCK) && text.startsWith("socket:[")
                || links == 0 && text.endsWith(" (deleted)");
    }
}
