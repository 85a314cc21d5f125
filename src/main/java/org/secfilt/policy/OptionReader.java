package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Printable;

/** Takes secfilter's options one by one, by name and value, and makes {@link Options} of them. */
public final class OptionReader {
    static final String ALLOWED_NETMASK = "allowed-netmask";
    static final String ALLOWED_PORT = "allowed-port";
    static final String ALLOWED_BIND = "allowed-bind";
    static final String ALLOW_WRITE = "allow-write";
    private static final String WRITE_ALLOW = "write-allow";
    /** What is wrong with naming writable files where all are. */
    public static final String WRITABLE_ANYHOW = "'allow-write' means nothing where 'read-only' is false; leave out one of them";
    private static final String[] NAMES = {
        ALLOWED_NETMASK, ALLOWED_PORT, ALLOWED_BIND, "allow-resolv", "no-outbound-network",
        "mainstream-network-families", "errno", "inherit", "firewall", "violation-exit", "read-only", ALLOW_WRITE, WRITE_ALLOW,
        "net", "publish", "private-tmp", "user", "profile", "log", "verbose", "quiet",
    };

    private final List<Setting<Cidr>> netmasks = new ArrayList<>();
    private final List<Setting<PortRange>> ports = new ArrayList<>();
    private final List<Setting<Match.Inet>> binds = new ArrayList<>();
    private Optional<Setting<Boolean>> allowResolv = Optional.empty();
    private Optional<Setting<Boolean>> noOutboundNetwork = Optional.empty();
    private Optional<Setting<Boolean>> mainstreamFamilies = Optional.empty();
    private Optional<Setting<Errno>> errno = Optional.empty();
    private Optional<Setting<Inherit>> inherit = Optional.empty();
    private Optional<Setting<Firewall>> firewall = Optional.empty();
    private Optional<Setting<Integer>> violationExit = Optional.empty();
    private Optional<Setting<Net>> net = Optional.empty();
    private final List<Setting<Publication>> publications = new ArrayList<>();
    private Optional<Setting<PrivateTmp>> privateTmp = Optional.empty();
    private Optional<Setting<UserName>> user = Optional.empty();
    private Optional<Setting<String>> profile = Optional.empty();
    private Optional<Setting<String>> log = Optional.empty();
    private Optional<Setting<Boolean>> readOnly = Optional.empty();
    private final List<FileAccess.Writable> writable = new ArrayList<>();
    private Optional<Setting<Boolean>> verbose = Optional.empty();
    private Optional<Setting<Boolean>> quiet = Optional.empty();

    /**
     * Takes one option. Lists add up; of any other option the last one given counts.
     *
     * @param name without dashes: {@code allowed-port}
     * @param value empty for a switch without a value, which means yes
     * @throws IllegalArgumentException saying what is wrong with the value, or that no such option exists
     */
    public void add(String name, String value, Origin origin) {
        switch (name) {
            case ALLOWED_NETMASK -> addNetmasks(value, origin);
            case ALLOWED_PORT -> ports.add(new Setting<>(PortRange.parse(value), origin));
            case ALLOWED_BIND -> binds.add(new Setting<>(AddressWords.parseWithPorts(value), origin));
            case "allow-resolv" -> allowResolv = yesOrNo(value, origin);
            case "no-outbound-network" -> noOutboundNetwork = yesOrNo(value, origin);
            case "mainstream-network-families" -> mainstreamFamilies = yesOrNo(value, origin);
            case "errno" -> errno = Optional.of(new Setting<>(parseErrno(value), origin));
            case "inherit" -> inherit = Optional.of(new Setting<>(Inherit.parse(value), origin));
            case "firewall" -> firewall = Optional.of(new Setting<>(Firewall.parse(value), origin));
            case "violation-exit" -> violationExit = Optional.of(new Setting<>(parseExitCode(value), origin));
            case "net" -> net = Optional.of(new Setting<>(Net.parse(value), origin));
            case "publish" -> publications.add(new Setting<>(Publication.parse(value), origin));
            case "private-tmp" -> privateTmp = Optional.of(new Setting<>(PrivateTmp.parse(value), origin));
            case "user" -> user = Optional.of(new Setting<>(UserName.parse(value), origin));
            case "profile" -> profile = Optional.of(new Setting<>(value, origin));
            case "log" -> log = Optional.of(new Setting<>(fileName(value), origin));
            case "read-only" -> readOnly = yesOrNo(value, origin);
            case ALLOW_WRITE, WRITE_ALLOW -> writable.add(new FileAccess.Writable(path(value), Optional.empty(), origin));
            case "verbose" -> verbose = yesOrNo(value, origin);
            case "quiet" -> quiet = yesOrNo(value, origin);
            default -> throw new IllegalArgumentException(
                    "unknown option '" + Printable.escape(name) + "'" + unknown(name));
        }
    }

    /** Whether there is an option of this name. */
    static boolean takes(String name) {
        for (String known : NAMES) {
            if (known.equals(name)) {
                return true;
            }
        }
        return false;
    }

    /** The option whose name is near, or "". */
    static String nearest(String name) {
        return OptionWords.nearest(name, List.of(NAMES));
    }

    private static String unknown(String name) {
        String meant = OptionWords.meant(name, List.of(NAMES));
        return meant.isEmpty() ? Suggestion.of(name, NAMES) : meant;
    }

    /** Whether an option of this name cannot be written without a value. */
    static boolean needsValue(String name) {
        try {
            new OptionReader().add(name, "", Origin.DEFAULT);
            return name.equals("profile");
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    /** What was taken and contradicts something else that was: what is wrong, and where. */
    public Optional<Setting<String>> contradiction() {
        return writable.isEmpty() || readOnly.isEmpty() || readOnly.get().value() ? Optional.empty()
                : Optional.of(new Setting<>(WRITABLE_ANYHOW, writable.get(0).origin()));
    }

    public Options options() {
        return new Options(netmasks, ports, binds, allowResolv, noOutboundNetwork, mainstreamFamilies, errno, inherit, firewall,
                violationExit, readOnly, writable,
                new Surroundings(net, publications, privateTmp, user), profile, log, verbose, quiet);
    }

    /** The error of a denied call: EPERM, ECONNREFUSED or EACCES. */
    public static Errno parseErrno(String name) {
        switch (name) {
            case "EPERM":
                return Errno.EPERM;
            case "ECONNREFUSED":
                return Errno.ECONNREFUSED;
            case "EACCES":
                return Errno.EACCES;
            default:
                throw new IllegalArgumentException(
                        "'" + Printable.escape(name) + "' is no error to deny with; write EPERM, ECONNREFUSED or EACCES");
        }
    }

    /** The exit code of a run in which a call was denied: 1 to 255, for 0 would say that all is well. */
    public static int parseExitCode(String text) {
        int code = 0;
        for (int i = 0; i < text.length() && code <= 255; i++) {
            char digit = text.charAt(i);
            code = digit >= '0' && digit <= '9' ? 10 * code + digit - '0' : 256;
        }
        if (code < 1 || code > 255 || text.charAt(0) == '0') {
            throw new IllegalArgumentException("'" + Printable.escape(text) + "' is no exit code for denials; write a number from 1 to 255");
        }
        return code;
    }

    private static String fileName(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a file's name is missing");
        }
        return value;
    }

    private static String path(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("write the path of a file or a directory");
        }
        return value;
    }

    private void addNetmasks(String value, Origin origin) {
        try {
            for (Cidr network : AddressWords.parse(value)) {
                netmasks.add(new Setting<>(network, origin));
            }
        } catch (IllegalArgumentException e) {
            if (AddressWords.hasPorts(value)) {
                throw new IllegalArgumentException(e.getMessage() + "; its ports go to " + ALLOWED_PORT, e);
            }
            throw e;
        }
    }

    private static Optional<Setting<Boolean>> yesOrNo(String value, Origin origin) {
        return Optional.of(new Setting<>(value.isEmpty() || parseYesOrNo(value), origin));
    }

    /** @throws IllegalArgumentException saying what can be written */
    public static boolean parseYesOrNo(String value) {
        switch (value) {
            case "1", "yes", "true", "on":
                return true;
            case "0", "no", "false", "off":
                return false;
            default:
                throw new IllegalArgumentException(
                        "'" + Printable.escape(value) + "' is neither yes nor no; write 1, 0, yes, no, true, false, on or off");
        }
    }
}
