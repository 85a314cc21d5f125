package org.secfilt.abi;

/**
 * An address family, the first argument of socket(2). // linux/socket.h
 *
 * <p>Every {@code int} is one: a number without a name here prints as {@code AF_99}.
 */
public final class Family {
    public static final Family UNSPEC = new Family(0);
    public static final Family UNIX = new Family(1);
    public static final Family INET = new Family(2);
    public static final Family INET6 = new Family(10);
    public static final Family NETLINK = new Family(16);
    public static final Family PACKET = new Family(17);
    public static final Family VSOCK = new Family(40);

    /** The families that have a name are 0 to {@code NAMED - 1}. */
    public static final int NAMED = 46;

    private final int number;

    private Family(int number) {
        this.number = number;
    }

    public static Family of(int number) {
        return new Family(number);
    }

    /**
     * Reads {@code inet6} or {@code AF_INET6}, in either case; {@code local} is unix and {@code route} is netlink.
     *
     * @throws IllegalArgumentException saying what to write instead
     */
    public static Family parse(String text) {
        String name = text.regionMatches(true, 0, "AF_", 0, 3) ? text.substring(3) : text;
        for (int i = 0; i < NAMED; i++) {
            if (Names.TABLE[i].equalsIgnoreCase(name)) {
                return new Family(i);
            }
        }
        if (name.equalsIgnoreCase("local")) {
            return UNIX;
        }
        if (name.equalsIgnoreCase("route")) {
            return NETLINK;
        }
        throw new IllegalArgumentException("'" + Printable.escape(text)
                + "' is no address family; write one such as unix, inet, inet6 or netlink");
    }

    public int number() {
        return number;
    }

    /** "inet6"; "AF_99" for a number without a name. */
    public String name() {
        return number >= 0 && number < NAMED ? Names.TABLE[number] : "AF_" + number;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Family && number == ((Family) other).number;
    }

    @Override
    public int hashCode() {
        return number;
    }

    @Override
    public String toString() {
        return name();
    }

    /** In the order of their numbers, AF_UNSPEC to AF_MCTP. */
    private static final class Names {
        static final String[] TABLE = {
            "unspec", "unix", "inet", "ax25", "ipx", "appletalk", "netrom", "bridge",
            "atmpvc", "x25", "inet6", "rose", "decnet", "netbeui", "security", "key",
            "netlink", "packet", "ash", "econet", "atmsvc", "rds", "sna", "irda",
            "pppox", "wanpipe", "llc", "ib", "mpls", "can", "tipc", "bluetooth",
            "iucv", "rxrpc", "isdn", "phonet", "ieee802154", "caif", "alg", "nfc",
            "vsock", "kcm", "qipcrtr", "smc", "xdp", "mctp",
        };
    }
}
