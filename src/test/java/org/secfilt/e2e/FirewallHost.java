package org.secfilt.e2e;

import java.util.ArrayList;
import java.util.List;

/** A room whose inside is a host with a packet filter, of one kind or the other. */
final class FirewallHost {
    static final String REQUIRE = "--firewall=require";
    static final String[] NEAR = {"--allowed-netmask=" + NetworkRoom.NEAR, "--allowed-netmask=" + NetworkRoom.NEAR6};

    private final NetworkRoom room;

    FirewallHost(NetworkRoom room) {
        this.room = room;
    }

    Command secfilt(Backend backend, String... words) {
        return path(room.secfilt(words), backend);
    }

    Command bash(Backend backend, String script, String... arguments) {
        return path(room.bash(script, arguments), backend);
    }

    private Command path(Command command, Backend backend) {
        return command.with("PATH", backend.path(room));
    }

    Command packets(Backend backend, List<String> options, String kinds, String... addresses) {
        List<String> words = new ArrayList<>(options);
        words.addAll(List.of("/usr/bin/python3", Built.fixture("packets.py"), kinds));
        words.addAll(List.of(addresses));
        return secfilt(backend, words.toArray(new String[0]));
    }

    static List<String> near(String... more) {
        List<String> options = new ArrayList<>(List.of(REQUIRE));
        options.addAll(List.of(NEAR));
        options.addAll(List.of(more));
        return options;
    }

    /** All of the filter tables, comments and counters left out. */
    String tables(Backend backend) {
        return bash(backend, "iptables-save -t filter | grep -v '^[#:*C]'; ip6tables-save -t filter | grep -v '^[#:*C]'; iptables-save | grep SECFILT; true")
                .run().exited(0).stdout();
    }

    /** The cgroups of runs in the room's namespace. */
    String cgroups() {
        return room.bash("mkdir -p cg; mount -t cgroup2 none cg; find cg -name \"secfilt-$(stat -L -c %i /proc/self/ns/net)-*\"; umount cg")
                .run().exited(0).stdout();
    }
}
