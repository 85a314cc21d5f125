package org.secfilt.abi;

/**
 * {@code struct msghdr}, by which sendmsg(2) and recvmsg(2) are told of a message, and {@code struct cmsghdr}, of which its control data is
 * made: cmsg(3). On a 64-bit machine. // linux/socket.h
 *
 * <pre>
 *   msghdr    0 u64 name   8 u32 namelen   16 u64 iov   24 u64 iovlen   32 u64 control   40 u64 controllen   48 u32 flags
 *   mmsghdr   0 msghdr   56 u32 len
 *   cmsghdr   0 u64 len, of all of it   8 s32 level   12 s32 type   16 data, up to the next multiple of 8
 * </pre>
 *
 * The numbers are in the machine's order.
 */
public final class Msghdr {
    public static final int NAME = 0;
    public static final int NAMELEN = 8;
    public static final int IOV = 16;
    public static final int IOVLEN = 24;
    public static final int CONTROL = 32;
    public static final int CONTROLLEN = 40;
    public static final int BYTES = 56;

    /** Of a {@code struct mmsghdr}: what was sent or received. */
    public static final int LEN = BYTES;
    public static final int MMSGHDR_BYTES = 64;

    public static final int CMSG_LEVEL = 8;
    public static final int CMSG_TYPE = 12;
    public static final int CMSG_DATA = 16;

    /** The level of control messages of the unix family, and of some of all. // asm-generic/socket.h */
    public static final int SOL_SOCKET = 1;
    /** Descriptors, each an int: unix(7). */
    public static final int SCM_RIGHTS = 1;

    private Msghdr() {}

    /** CMSG_ALIGN(3): from one control message to the next. */
    public static long aligned(long length) {
        return length + 7 & ~7L;
    }
}
