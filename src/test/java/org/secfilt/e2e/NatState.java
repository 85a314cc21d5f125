package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** All that runs with --net=nat change on the host that a room's inside plays. */
final class NatState {
    /** Rules, interfaces, sysctls. */
    private static final String STATE = """
            for save in iptables-save iptables-legacy-save ip6tables-save ip6tables-legacy-save; do $save 2>/dev/null | grep '^-'; done
            ip -o link | grep -o 'sfn[^@]*'
            for i in veth0 lo all default; do
                cat /proc/sys/net/ipv4/conf/$i/forwarding /proc/sys/net/ipv6/conf/$i/forwarding /proc/sys/net/ipv6/conf/$i/force_forwarding
            done
            true""";

    private final NetworkRoom room;
    private String before = "";

    NatState(NetworkRoom room) {
        this.room = room;
    }

    void look() {
        before = now();
    }

    /** At this moment. */
    void assertAsFound() {
        assertEquals(before, now());
    }

    /** A run without a tracer is cleaned up after its last process, a moment later. */
    void assertAsFoundSoon() {
        for (int look = 0; look < 50 && !before.equals(now()); look++) {
            room.command("sleep", "0.1").run();
        }
        assertAsFound();
    }

    private String now() {
        return room.bash(STATE).run().exited(0).stdout();
    }
}
