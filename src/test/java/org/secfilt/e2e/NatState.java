package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** All that runs with --net=nat change on the host that a room's inside plays: each test is to leave it as it was found. */
final class NatState implements BeforeEachCallback, AfterEachCallback {
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

    @Override
    public void beforeEach(ExtensionContext context) {
        before = now();
    }

    /** At this moment. */
    void assertAsFound() {
        assertEquals(before, now());
    }

    /** A run without a tracer is cleaned up after its last process, a moment later. */
    @Override
    public void afterEach(ExtensionContext context) {
        for (int look = 0; look < 50 && !before.equals(now()); look++) {
            room.command("sleep", "0.1").run();
        }
        assertAsFound();
    }

    private String now() {
        return room.bash(STATE).run().exited(0).stdout();
    }
}
