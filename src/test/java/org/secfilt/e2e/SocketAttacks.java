package org.secfilt.e2e;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.Fixtures;

/**
 * The attacks of one subject, {@code test-fixtures/socket-attack-SUBJECT.c}, with and without secfilt. What may be reached is loopback, the
 * room's own addresses and those near by; loopback and the own ones may be bound to.
 */
final class SocketAttacks {
    private final NetworkRoom room;
    private final String program;

    SocketAttacks(NetworkRoom room, String subject) {
        this.room = room;
        this.program = Fixtures.compile("socket-attack-" + subject).toString();
    }

    /** What the user writes to allow no more. */
    static List<String> options() {
        List<String> options = new ArrayList<>(List.of("--allowed-netmask=loopback", "--allowed-bind=loopback"));
        for (String own : List.of(NetworkRoom.INSIDE, NetworkRoom.INSIDE6)) {
            options.addAll(List.of("--allowed-netmask=" + own, "--allowed-bind=" + own));
        }
        options.addAll(List.of("--allowed-netmask=" + NetworkRoom.NEAR, "--allowed-netmask=" + NetworkRoom.NEAR6));
        return options;
    }

    /** The command that makes these attacks, one after the other. */
    List<String> words(int family, List<String> attacks) {
        List<String> words = new ArrayList<>(List.of(program, String.valueOf(family)));
        words.addAll(family == 4
                ? List.of(NetworkRoom.INSIDE, NetworkRoom.NEAR, NetworkRoom.FAR)
                : List.of(NetworkRoom.INSIDE6, NetworkRoom.NEAR6, NetworkRoom.FAR6));
        words.add("veth0");
        words.addAll(attacks);
        return words;
    }

    /** What it says without secfilt. */
    String bare(User user, int family, List<String> attacks) {
        return room.command(words(family, attacks).toArray(new String[0])).as(user).run().exited(0).stdout();
    }

    /** What it says under secfilt. */
    String inside(User user, int family, List<String> attacks) {
        List<String> words = new ArrayList<>(List.of("-q", "--firewall=off"));
        words.addAll(options());
        words.add("--");
        words.addAll(words(family, attacks));
        return room.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout();
    }

    /** What it says if all of them have this outcome. */
    static String said(List<String> attacks, String outcome) {
        StringBuilder said = new StringBuilder();
        for (String attack : attacks) {
            said.append(attack).append(' ').append(outcome).append('\n');
        }
        return said.toString();
    }
}
