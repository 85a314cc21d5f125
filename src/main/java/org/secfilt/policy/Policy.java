package org.secfilt.policy;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;

/**
 * All that the user asked for, merged from files and flags.
 *
 * @param noOutbound where {@code --no-outbound-network} was given: then connect and every send that names an address are denied
 *     for all families, unix sockets too, whatever the lists say
 * @param connect internet destinations of connect, sendto, sendmsg, sendmmsg
 * @param bind internet addresses of bind
 * @param unix unix sockets, connected or sent to (binding one is a matter of files)
 * @param families the families socket(2) may make, if the user named them
 * @param denial the error a denied call fails with
 * @param inherit what becomes of sockets open at launch that are connected elsewhere than allowed
 * @param firewall whether packets are judged too, and who said so
 * @param violationExit the code the command's caller sees if a call was denied, 1 to 255; empty: the command's own
 * @param surroundings what the command has of its own
 * @param files the files that may be changed
 * @param sources what it is merged from; empty if it is made otherwise
 */
public record Policy(
        Optional<Origin> noOutbound,
        Access connect,
        Access bind,
        Access unix,
        Optional<Families> families,
        Errno denial,
        Inherit inherit,
        Setting<Firewall> firewall,
        Optional<Integer> violationExit,
        Surroundings surroundings,
        FileAccess files,
        Optional<Sources> sources) {
    private static final Setting<Firewall> AUTO = new Setting<>(Firewall.AUTO, Origin.DEFAULT);

    /** Nothing is restricted. */
    public static final Policy OPEN =
            new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE);

    /** With the firewall where the host has it, the command's own exit code, and files left alone. */
    public Policy(
            Optional<Origin> noOutbound,
            Access connect,
            Access bind,
            Access unix,
            Optional<Families> families,
            Errno denial,
            Inherit inherit) {
        this(noOutbound, connect, bind, unix, families, denial, inherit, AUTO, Optional.empty(), Surroundings.EMPTY, FileAccess.OPEN);
    }

    /** Merged from nothing. */
    public Policy(
            Optional<Origin> noOutbound,
            Access connect,
            Access bind,
            Access unix,
            Optional<Families> families,
            Errno denial,
            Inherit inherit,
            Setting<Firewall> firewall,
            Optional<Integer> violationExit,
            Surroundings surroundings,
            FileAccess files) {
        this(noOutbound, connect, bind, unix, families, denial, inherit, firewall, violationExit, surroundings, files, Optional.empty());
    }

    /**
     * Merges what the files and the options say, in the order given: an included file stands before the file that includes
     * it, the options of the command line stand last.
     *
     * <ul>
     *   <li>Lists add up: allow lists, deny lists, families, published ports. Deny beats allow beats the mode, whatever file each is
     *       from.
     *   <li>Of single values (a direction's mode, errno, resolv, no-outbound-network, inherit, firewall, violation-exit, net,
     *       private-tmp, user) the last one given counts.
     *   <li>Writable files add up. The last source that says read-only, yes or no, or implies it by naming writable files, decides.
     *   <li>Where no source sets a direction's mode, an allow list, be it empty, denies the rest; without one the rest is allowed.
     *   <li>An option that restricts is never without effect: masks and ports turn connect's mode {@code allow} into
     *       {@code deny}, --allowed-bind does so for bind. {@code local} and {@code deny} stay.
     * </ul>
     *
     * @param nameservers of /etc/resolv.conf, as {@link Resolvers#parse} reads them; looked at only if a part
     *     {@linkplain #wantsNameservers wants} them
     */
    public static Policy merge(List<PolicyPart> parts, List<IpAddress> nameservers) {
        return new Sources(parts, Options.NONE, Options.NONE, nameservers).policy();
    }

    /** Whether {@link #merge} of these parts looks at the nameservers. */
    public static boolean wantsNameservers(List<PolicyPart> parts) {
        for (PolicyPart part : parts) {
            if (part.resolv().isPresent() && part.resolv().get().value()) {
                return true;
            }
        }
        return false;
    }

    /** The same, to be compared with others: whatever it is merged from. */
    public Policy withoutSources() {
        return new Policy(noOutbound, connect, bind, unix, families, denial, inherit, firewall, violationExit, surroundings, files);
    }

    /** These rules and nothing else. */
    public static Policy ofRules(Access connect, Access bind, Access unix) {
        return new Policy(Optional.empty(), connect, bind, unix, OPEN.families, OPEN.denial, OPEN.inherit);
    }

    /** True if files are read-only, all or nearly all. */
    public boolean restrictsFiles() {
        return files.readOnly().isPresent();
    }

    /** True if some internet destination can be denied. */
    public boolean restrictsDestinations() {
        return noOutbound.isPresent() || !connect.open();
    }

    /** True if some internet or unix destination, or some bind, can be denied. */
    public boolean restrictsAddresses() {
        return noOutbound.isPresent() || !connect.open() || !bind.open() || !unix.open();
    }
}
