package org.secfilt.policy;

import java.util.Optional;
import org.secfilt.abi.Errno;

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
 */
public record Policy(
        Optional<Origin> noOutbound,
        Access connect,
        Access bind,
        Access unix,
        Optional<Families> families,
        Errno denial) {
    /** Nothing is restricted. */
    public static final Policy OPEN =
            new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM);

    /** True if some internet or unix destination, or some bind, can be denied. */
    public boolean restrictsAddresses() {
        return noOutbound.isPresent() || !connect.open() || !bind.open() || !unix.open();
    }
}
