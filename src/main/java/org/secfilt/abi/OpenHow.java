package org.secfilt.abi;

/**
 * {@code struct open_how}, by which openat2(2) is told how a path is to be opened and followed. // linux/openat2.h
 *
 * <pre>
 *   0 u64 flags    8 u64 mode    16 u64 resolve
 * </pre>
 *
 * The numbers are in the machine's order. The flags are those of open(2); the mode is 0 unless a file is to be made.
 */
public final class OpenHow {
    public static final int FLAGS = 0;
    public static final int MODE = 8;
    public static final int RESOLVE = 16;
    public static final int BYTES = 24;

    /** A link such as /proc/self/fd/3, which would lead to what is the caller's own, is ELOOP. */
    public static final int RESOLVE_NO_MAGICLINKS = 2;
    /** Any symbolic link is ELOOP. */
    public static final int RESOLVE_NO_SYMLINKS = 4;
    /** What leads out of the directory is EXDEV. */
    public static final int RESOLVE_BENEATH = 8;
    /** The directory is taken for the root. EAGAIN if something was renamed while {@code ..} went up. */
    public static final int RESOLVE_IN_ROOT = 0x10;

    private OpenHow() {}
}
