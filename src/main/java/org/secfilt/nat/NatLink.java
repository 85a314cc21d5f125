package org.secfilt.nat;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.IpAddress;

/**
 * The pair of virtual interfaces, as input for {@code ip -batch -}.
 *
 * @param name of this host's end; the command's is called eth0
 * @param v6 empty where the host cannot forward IPv6
 */
record NatLink(String name, Subnets v4, Optional<Subnets> v6) {
    /** What all names of ours begin with; hexadecimal digits follow. */
    static final String PREFIX = "sfn";
    /** Locally administered ones; there are no others on the link, so those of every pair may be the same. */
    private static final String HOST_ADDRESS = "02:5e:cf:17:00:01";
    private static final String OWN_ADDRESS = "02:5e:cf:17:00:02";

    /** @param pid of the command, which no other that lives in this process namespace has; a survivor of an earlier one may */
    static String freshName(int pid) {
        return PREFIX + Integer.toHexString(pid) + String.format("%04x", System.nanoTime() & 0xffff);
    }

    static boolean isName(String name) {
        if (!name.startsWith(PREFIX) || name.length() == PREFIX.length()) {
            return false;
        }
        for (int i = PREFIX.length(); i < name.length(); i++) {
            if ("0123456789abcdef".indexOf(name.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Its networks of one family; empty if it has none. */
    Optional<Subnets> of(boolean ofV4) {
        return ofV4 ? Optional.of(v4) : v6;
    }

    /** The command's addresses. */
    List<IpAddress> own() {
        return v6.isPresent() ? List.of(v4.own(), v6.get().own()) : List.of(v4.own());
    }

    /** Run in the host's network, first and by itself: it makes both ends or none. */
    String addition(int pid) {
        return "link add " + name + " address " + HOST_ADDRESS + " type veth peer name eth0 address " + OWN_ADDRESS + " netns " + pid + "\n";
    }

    /** Run in the host's network. */
    String atHost() {
        StringBuilder text = new StringBuilder();
        text.append("addr add ").append(v4.host()).append("/30 dev ").append(name).append('\n');
        if (v6.isPresent()) {
            text.append("addr add ").append(v6.get().host()).append("/64 dev ").append(name).append(" nodad\n");
        }
        text.append("link set ").append(name).append(" up\n");
        neighbours(text, true, name);
        return text.toString();
    }

    /** So that neither end needs to ask who the other is, nor the host to hear who the command says it is. ip-neighbour(8) */
    private void neighbours(StringBuilder text, boolean atHost, String device) {
        List<Subnets> families = v6.isPresent() ? List.of(v4, v6.get()) : List.of(v4);
        for (Subnets family : families) {
            text.append("neigh replace ").append(atHost ? family.own() : family.host()).append(" lladdr ").append(atHost ? OWN_ADDRESS : HOST_ADDRESS)
                    .append(" dev ").append(device).append(" nud permanent\n");
        }
    }

    /** Run in the command's network. */
    String atCommand() {
        StringBuilder text = new StringBuilder();
        text.append("addr add ").append(v4.own()).append("/30 dev eth0\n");
        if (v6.isPresent()) {
            text.append("addr add ").append(v6.get().own()).append("/64 dev eth0 nodad\n");
        }
        text.append("link set eth0 up\n");
        neighbours(text, false, "eth0");
        text.append("route add default via ").append(v4.host()).append('\n');
        if (v6.isPresent()) {
            text.append("route add ::/0 via ").append(v6.get().host()).append('\n');
        }
        return text.toString();
    }

    static String removal(String name) {
        return "link del " + name + "\n";
    }
}
