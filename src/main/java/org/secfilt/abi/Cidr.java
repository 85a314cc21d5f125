package org.secfilt.abi;

/**
 * A block of addresses: those that share the first {@code prefix} bits of {@code base}. Host bits of {@code base}
 * are cleared.
 *
 * <p>Text is read here rather than by commons-net's {@code SubnetUtils}, whose regular expressions cost start-up
 * time; a test holds the two against each other.
 */
public record Cidr(IpAddress base, int prefix) {
    private static final int MAPPED_BITS = 96;

    public Cidr {
        if (prefix < 0) {
            throw new IllegalArgumentException("prefix " + prefix + " is below 0");
        }
        if (prefix > base.bits()) {
            throw new IllegalArgumentException("prefix " + prefix + " is above " + base.bits());
        }
        base = base.first(prefix);
    }

    /** The block of one address. */
    public static Cidr of(IpAddress address) {
        return new Cidr(address, address.bits());
    }

    /**
     * Reads {@code 10.0.0.0/8}, {@code 2001:db8::/32}, {@code 10.0.0.0/255.0.0.0} or a bare address. Host bits may be
     * set. A block of mapped addresses ({@code ::ffff:10.0.0.0/104}) becomes its IPv4 block.
     *
     * @throws IllegalArgumentException saying what is wrong and what to write instead
     */
    public static Cidr parse(String text) {
        if (text.indexOf(',') >= 0) {
            throw new IllegalArgumentException("'" + Printable.escape(text) + "' is more than one network; write each by itself");
        }
        int slash = text.indexOf('/');
        if (slash < 0) {
            return of(IpAddress.parse(text).canonical());
        }
        IpAddress address = IpAddress.parse(text.substring(0, slash));
        String suffix = text.substring(slash + 1);
        if (address.isV4() && suffix.indexOf('.') >= 0) {
            return new Cidr(address, maskLength(suffix));
        }
        return canonical(address, prefix(address, suffix));
    }

    /** Whether {@code address}, which should be {@linkplain IpAddress#canonical() canonical}, is in this block. */
    public boolean contains(IpAddress address) {
        return base.agrees(address, prefix);
    }

    public IpAddress first() {
        return base;
    }

    public IpAddress last() {
        return base.last(prefix);
    }

    @Override
    public String toString() {
        return base + "/" + prefix;
    }

    private static Cidr canonical(IpAddress address, int prefix) {
        if (!address.isMapped()) {
            return new Cidr(address, prefix);
        }
        if (prefix < MAPPED_BITS) {
            // It would be a block around ::, which is surely not meant, and would hold no IPv4 address at all.
            String base = address.canonical().toString();
            throw new IllegalArgumentException("prefix " + prefix + " is too short for the IPv4 address in " + address
                    + "; write " + base + "/" + (prefix <= 32 ? prefix : "N") + (prefix <= 32 ? "" : ", with N from 0 to 32"));
        }
        return new Cidr(address.canonical(), prefix - MAPPED_BITS);
    }

    private static int prefix(IpAddress address, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("a prefix length is missing after the '/'; write " + of(address)
                    + " for the one address");
        }
        int value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                throw new IllegalArgumentException("'" + Printable.escape(text)
                        + "' is no prefix length; write a number from 0 to " + address.bits());
            }
            // Stays put once above any limit, so that a long number cannot wrap round.
            value = value > 999 ? value : value * 10 + c - '0';
        }
        if (value > address.bits()) {
            throw new IllegalArgumentException("prefix " + text + " is above " + address.bits());
        }
        if (text.length() > 1 && text.charAt(0) == '0') {
            throw new IllegalArgumentException("prefix '" + text + "' has a leading zero; write " + value);
        }
        return value;
    }

    private static int maskLength(String text) {
        int mask;
        try {
            mask = IpAddress.parse(text).hostOrder();
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new IllegalArgumentException("'" + Printable.escape(text)
                    + "' is no netmask; write a prefix length from 0 to 32", e);
        }
        int ones = Integer.numberOfLeadingZeros(~mask);
        if (ones < 32 && mask << ones != 0) {
            int inverse = Integer.numberOfLeadingZeros(mask);
            boolean wildcard = inverse < 32 && ~mask << inverse == 0;
            throw new IllegalArgumentException("'" + text + "' is no netmask: its one bits must come first"
                    + (wildcard ? "; write /" + inverse : ""));
        }
        return ones;
    }
}
