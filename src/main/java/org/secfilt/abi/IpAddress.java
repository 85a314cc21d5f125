package org.secfilt.abi;

/**
 * An IPv4 or IPv6 address, without scope: a value of 128 bits, most significant first.
 *
 * <p>It keeps its family: {@code ::ffff:10.0.0.7} is an IPv6 address until {@link #canonical()} is asked for. (That is
 * why {@code java.net.InetAddress}, which turns it into IPv4 by itself, is not used.)
 *
 * @param isV4 whether this is an IPv4 address; then {@code high} is 0 and {@code low} is below 2^32
 * @param high the first 64 bits of an IPv6 address
 * @param low  the last 64 bits, or the 32 bits of an IPv4 address
 */
public record IpAddress(boolean isV4, long high, long low) implements Comparable<IpAddress> {
    private static final long V4_MASK = 0xffff_ffffL;
    private static final long MAPPED = 0xffff_0000_0000L;

    public IpAddress {
        if (isV4 && (high != 0 || (low & ~V4_MASK) != 0)) {
            throw new IllegalArgumentException("an IPv4 address has 32 bits");
        }
    }

    /** The address of which the first byte is the most significant of {@code hostOrder}. */
    public static IpAddress v4(int hostOrder) {
        return new IpAddress(true, 0, hostOrder & V4_MASK);
    }

    public static IpAddress v6(long high, long low) {
        return new IpAddress(false, high, low);
    }

    /**
     * Reads four decimal numbers without leading zeros (which some readers take for octal), or the text forms of
     * RFC 4291 section 2.2, with an IPv4 tail or without.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static IpAddress parse(String text) {
        return IpText.parse(text);
    }

    /** Whether {@link #parse} reads it. */
    public static boolean isAddress(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Reads 4 or 16 bytes in network order. */
    public static IpAddress ofBytes(byte[] networkOrder) {
        switch (networkOrder.length) {
            case 4:
                return new IpAddress(true, 0, word(networkOrder, 0, 4));
            case 16:
                return new IpAddress(false, word(networkOrder, 0, 8), word(networkOrder, 8, 8));
            default:
                throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + networkOrder.length);
        }
    }

    private static long word(byte[] bytes, int from, int length) {
        long word = 0;
        for (int i = from; i < from + length; i++) {
            word = word << 8 | bytes[i] & 0xff;
        }
        return word;
    }

    /** 4 or 16 bytes in network order. */
    public byte[] toBytes() {
        byte[] bytes = new byte[isV4 ? 4 : 16];
        for (int i = 0; i < bytes.length; i++) {
            int shift = 8 * (bytes.length - 1 - i);
            bytes[i] = (byte) (shift >= 64 ? high >>> shift - 64 : low >>> shift);
        }
        return bytes;
    }

    /** The 32 bits of an IPv4 address, its first byte the most significant. */
    public int hostOrder() {
        if (!isV4) {
            throw new IllegalStateException(this + " is no IPv4 address");
        }
        return (int) low;
    }

    /** Whether this is an IPv6 address that stands for an IPv4 one, {@code ::ffff:a.b.c.d}. */
    public boolean isMapped() {
        return !isV4 && high == 0 && (low & ~V4_MASK) == MAPPED;
    }

    /** The address that the kernel goes to: an IPv4-mapped IPv6 address is its IPv4 address, any other is itself. */
    public IpAddress canonical() {
        return isMapped() ? v4((int) low) : this;
    }

    /** {@code 0.0.0.0}, {@code ::} or {@code ::ffff:0.0.0.0}; a connection to it goes to loopback. */
    public boolean isAny() {
        return high == 0 && (low == 0 || !isV4 && low == MAPPED);
    }

    /** {@code 127.0.0.0/8}, mapped or not, or {@code ::1}. */
    public boolean isLoopback() {
        boolean v4 = isV4 || isMapped();
        return v4 ? (low >>> 24 & 0xff) == 127 : high == 0 && low == 1;
    }

    /** 32 or 128. */
    public int bits() {
        return isV4 ? 32 : 128;
    }

    /** This address with all bits after the first {@code prefix} cleared. */
    IpAddress first(int prefix) {
        return new IpAddress(isV4, high & highMask(prefix), low & lowMask(prefix));
    }

    /** This address with all bits after the first {@code prefix} set. */
    IpAddress last(int prefix) {
        long ones = isV4 ? V4_MASK : -1;
        return new IpAddress(isV4, isV4 ? 0 : high | ~highMask(prefix), low | ~lowMask(prefix) & ones);
    }

    /** Whether this and {@code other}, of either family, agree in family and in the first {@code prefix} bits. */
    boolean agrees(IpAddress other, int prefix) {
        return isV4 == other.isV4
                && ((high ^ other.high) & highMask(prefix)) == 0
                && ((low ^ other.low) & lowMask(prefix)) == 0;
    }

    private long highMask(int prefix) {
        return isV4 ? 0 : leadingOnes(Math.min(prefix, 64), 64);
    }

    private long lowMask(int prefix) {
        return isV4 ? leadingOnes(prefix, 32) : leadingOnes(Math.max(prefix - 64, 0), 64);
    }

    /** The upper {@code count} of {@code width} bits; a shift by 64 would be a shift by 0. */
    private static long leadingOnes(int count, int width) {
        if (count == 0) {
            return 0;
        }
        long ones = -1L << width - count;
        return width == 32 ? ones & V4_MASK : ones;
    }

    /** IPv4 before IPv6, then as unsigned numbers. */
    @Override
    public int compareTo(IpAddress other) {
        if (isV4 != other.isV4) {
            return isV4 ? -1 : 1;
        }
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    /** The text of RFC 5952; a mapped address shows its IPv4 tail. */
    @Override
    public String toString() {
        return IpText.print(this);
    }
}
