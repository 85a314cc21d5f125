package org.secfilt.abi;

/**
 * Whom a file signals, be it that it is ready (O_ASYNC), or that another is to break a lease or has changed a directory; with SIGIO, or the signal
 * that F_SETSIG names. fcntl(2) "Managing signals", socket(7) "Ioctls".
 */
public final class FileOwner {
    // asm-generic/fcntl.h
    public static final int F_SETOWN = 8;
    public static final int F_SETOWN_EX = 15;
    // asm-generic/sockios.h: sockets alone know them
    public static final int FIOSETOWN = 0x8901;
    public static final int SIOCSPGRP = 0x8902;

    /** struct f_owner_ex: what kind of number, and the number. */
    public static final int BYTES = 8;
    public static final int F_OWNER_TID = 0;
    public static final int F_OWNER_PID = 1;
    public static final int F_OWNER_PGRP = 2;

    /** Those of fcntl(2) that say it. */
    public static final int[] FCNTLS = {F_SETOWN, F_SETOWN_EX};
    /** Those of ioctl(2). */
    public static final int[] IOCTLS = {FIOSETOWN, SIOCSPGRP};

    private FileOwner() {}
}
