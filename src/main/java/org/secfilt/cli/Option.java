package org.secfilt.cli;

/** The options. Which verb has which says {@link Verb#has}; what each is for stands in {@link Help}, and a test holds that all are there. */
enum Option {
    ALLOWED_NETMASK(Takes.VALUE, "M", "--allowed-netmask"),
    ALLOWED_PORT(Takes.VALUE, "PORTS", "--allowed-port"),
    ALLOW_RESOLV(Takes.SWITCH, "B", "--allow-resolv"),
    ALLOWED_BIND(Takes.VALUE, "ADDR[:PORTS]", "--allowed-bind"),
    NO_OUTBOUND_NETWORK(Takes.SWITCH, "B", "--no-outbound-network"),
    MAINSTREAM_NETWORK_FAMILIES(Takes.SWITCH, "B", "--mainstream-network-families"),
    ERRNO(Takes.VALUE, "E", "--errno"),
    INHERIT(Takes.VALUE, "keep|close|refuse", "--inherit"),
    NO_SUPERVISOR(Takes.SWITCH, "B", "--no-supervisor"),
    FIREWALL(Takes.VALUE, "auto|require|off", "--firewall"),
    PROFILE(Takes.VALUE, "NAME", "--profile"),
    NET(Takes.VALUE, "host|none|nat", "--net"),
    PUBLISH(Takes.VALUE, "HOSTPORT:PORT[/udp]", "--publish"),
    PRIVATE_TMP(Takes.SWITCH, "exec", "--private-tmp"),
    USER(Takes.VALUE, "NAME[:GROUP]", "--user"),

    VIOLATION_EXIT(Takes.VALUE, "N", "--violation-exit"),
    LOG(Takes.VALUE, "FILE", "--log"),

    POLICY(Takes.VALUE, "FILE", "--policy"),
    CONFIG(Takes.VALUE, "FILE", "-c", "--config"),

    READ_ONLY(Takes.SWITCH, "B", "--read-only"),
    ALLOW_WRITE(Takes.VALUE, "PATH", "--allow-write", "--write-allow"),

    VERBOSE(Takes.NOTHING, "", "-v", "--verbose"),
    QUIET(Takes.NOTHING, "", "-q", "--quiet"),
    HELP(Takes.NOTHING, "", "-h", "--help"),
    VERSION(Takes.NOTHING, "", "--version"),

    // not of every verb
    LANDLOCK(Takes.VALUE, "auto|off", "--landlock"),
    NOTIFICATIONS(Takes.VALUE, "auto|off", "--notifications"),
    CGROUPS(Takes.VALUE, "auto|net_cls|unified", "--cgroups"),
    FORMAT(Takes.VALUE, "asm|bin", "--format"),
    OUTPUT(Takes.VALUE, "FILE", "-o", "--output"),
    ARCH(Takes.VALUE, "ARCH", "--arch"),
    GROUP(Takes.VALUE, "GROUP", "--group"),
    INVERTED(Takes.NOTHING, "", "--inverted"),
    BELOW(Takes.VALUE, "CGROUP", "--below"),
    FORCE(Takes.NOTHING, "", "--force"),
    OUT(Takes.NOTHING, "", "--out");

    enum Takes {
        NOTHING,
        /** A value after '=' only: the next word may be the command. */
        SWITCH,
        /** A value after '=' or in the next word. */
        VALUE
    }

    private final Takes takes;
    private final String label;
    private final String[] names;

    Option(Takes takes, String label, String... names) {
        this.takes = takes;
        this.label = label;
        this.names = names;
    }

    Takes takes() {
        return takes;
    }

    /** What the value is called in the help; empty if there is none. */
    String label() {
        return label;
    }

    String[] names() {
        return names.clone();
    }

    /** The name used in messages: the long one. */
    String longName() {
        for (String name : names) {
            if (name.startsWith("--")) {
                return name;
            }
        }
        return names[0];
    }
}
