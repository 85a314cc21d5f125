package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;

/** Which network namespaces there are, and what this one is like. network_namespaces(7) */
public interface Networks {
    /** The inode number of the process's network namespace. */
    long namespace(int pid);

    /** Those of all processes and all that have names below /run/netns, as far as this process may look. */
    Set<Long> namespaces();

    /** Whether rights of this user namespace are rights over the one this process is in. ioctl_ns(2) */
    boolean isOurs();

    /** Which one this process is in: a number that no other has before the next boot. socket(7) SO_NETNS_COOKIE, Linux 5.14. */
    long cookie();

    /** Those of all that there are; empty if this process does not see all of them. */
    Optional<Set<Long>> cookies();

    /**
     * Whether whoever is in this one can be seen from here: it belongs to this user namespace, in which nobody can be whom the process
     * namespace, which is older, does not show. ioctl_ns(2)
     */
    boolean seesAllUsers();

    /** Who else has internet sockets in the process's network namespace, as {@code nc[4711]}. */
    List<String> users(int pid);

    /** The inode number of this process's process namespace. */
    long processNamespace();

    /** Whether sockets of AF_INET6 can be made: then traffic of it is to be judged. Loads the kernel's module where it is one. */
    boolean hasInternet6();

    /**
     * Whether there are rules by which packets of the family that leave this one may go elsewhere than their sender wrote. In doubt, as without
     * CAP_NET_ADMIN, there are.
     */
    boolean translates(Family family);

    /**
     * Has the kernel forget which way packets to a port of these addresses went so far: the next one of each flow goes where the rules say
     * now. Nothing is forgotten where the kernel shows nobody what it remembers (CONFIG_NF_CT_NETLINK), or without CAP_NET_ADMIN.
     *
     * @param to addresses of the one family are enough
     * @param leading where the flows lead that are meant: at least one network, all of one family
     * @param except of these, where the flows lead that stay
     */
    void forgetFlows(Protocol protocol, int port, List<Cidr> to, List<Cidr> leading, List<Cidr> except);

    /**
     * The same of all flows that this address began, or answers, and of those that others who are gone began in the name of this host.
     *
     * @param former of whom, all of one family
     * @param except of these, who is there
     * @param ports of this host, where what they began seemed to come from: there may be other clients with such addresses
     */
    void forgetFlows(IpAddress address, List<Cidr> former, List<Cidr> except, PortRange ports);
}
