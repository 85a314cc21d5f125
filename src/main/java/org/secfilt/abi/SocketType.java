package org.secfilt.abi;

/** The second argument of socket(2): a type in the low four bits, flags above. // linux/net.h */
public final class SocketType {
    public static final int STREAM = 1;
    public static final int DGRAM = 2;
    public static final int RAW = 3;
    public static final int RDM = 4;
    public static final int SEQPACKET = 5;
    public static final int DCCP = 6;
    public static final int PACKET = 10;

    /** SOCK_TYPE_MASK. */
    public static final int MASK = 0xf;

    private SocketType() {}
}
