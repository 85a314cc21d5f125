package org.secfilt.e2e;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The places that tables of reach speak of, by a name in lower case, and what the receivers say when something gets there. */
enum Destination {
    NEAR(NetworkRoom.NEAR, 8001),
    NEAR_OTHER(NetworkRoom.NEAR, 8002),
    NEAR_THIRD(NetworkRoom.NEAR, 8090),
    NEAR_DNS(NetworkRoom.NEAR, 53),
    FAR(NetworkRoom.FAR, 8001),
    PUBLIC(NetworkRoom.PUBLIC, 8001),
    METADATA(NetworkRoom.METADATA, 80),
    /** An IPv4 destination in IPv6 clothes. */
    MAPPED("::ffff:" + NetworkRoom.NEAR, 8001, NetworkRoom.NEAR),
    NEAR6(NetworkRoom.NEAR6, 8001),
    NEAR6_OTHER(NetworkRoom.NEAR6, 8002),
    FAR6(NetworkRoom.FAR6, 8001),
    PUBLIC6(NetworkRoom.PUBLIC6, 8001),
    LOOP("127.0.0.1", 8001),
    LOOP_OTHER("127.0.0.1", 8002),
    /** Any address of 127.0.0.0/8 is loopback. */
    LOOP_ODD("127.1.2.3", 8001),
    LOOP6("::1", 8001),
    MAPPED_LOOP("::ffff:127.0.0.1", 8001, "127.0.0.1"),
    /** In connect and send the unspecified address means loopback. */
    ANY("0.0.0.0", 8001, "127.0.0.1"),
    ANY6("::", 8001, "::1"),
    /** The command's own address: its packets pass over the loopback interface. */
    OWN(NetworkRoom.INSIDE, 8001),
    OWN6(NetworkRoom.INSIDE6, 8001);

    /** Each way in which {@code test-fixtures/talk.c} sends. */
    static final String CALLS = "connect,fastopen,udp-connect,sendto,sendmsg,sendmmsg,send,write";

    private final String address;
    private final int port;
    private final String arrivesAt;

    Destination(String address, int port) {
        this(address, port, address);
    }

    Destination(String address, int port, String arrivesAt) {
        this.address = address;
        this.port = port;
        this.arrivesAt = (arrivesAt.contains(":") ? "[" + arrivesAt + "]" : arrivesAt) + ":" + port;
    }

    /** The destinations of a row: {@code "near near-other"}, or {@code all}. */
    static Set<Destination> named(String names) {
        if (names.equals("all")) {
            return new TreeSet<>(Arrays.asList(values()));
        }
        Set<Destination> found = new TreeSet<>();
        for (String name : names.isBlank() ? new String[0] : names.trim().split("\\s+")) {
            found.add(valueOf(name.toUpperCase().replace('-', '_')));
        }
        return found;
    }

    /** The words of a {@code talk} to every place by every call. */
    static List<String> talkToAll(String talk) {
        List<String> words = new ArrayList<>(List.of(talk, CALLS));
        for (Destination destination : values()) {
            words.addAll(List.of(destination.address, String.valueOf(destination.port)));
        }
        return words;
    }

    /** What {@link #talkToAll} says if only these are reached, and the others are refused with the error. */
    static String said(Set<Destination> reached, String error) {
        StringBuilder said = new StringBuilder();
        for (String call : CALLS.split(",")) {
            for (Destination destination : values()) {
                said.append(call).append(' ').append(destination.address).append(' ').append(destination.port).append(' ')
                        .append(reached.contains(destination) ? "ok" : error).append('\n');
            }
        }
        return said.toString();
    }

    /** What the receivers tell if only these are reached. */
    static Set<String> arrivals(Set<Destination> reached) {
        Set<String> arrivals = new TreeSet<>();
        for (Destination destination : reached) {
            arrivals.add("tcp " + destination.arrivesAt);
            arrivals.add("udp " + destination.arrivesAt);
        }
        return arrivals;
    }

    /** Everything that arrived in the room, but for the echo coming back over loopback to a port that nobody serves. */
    static Set<String> arrived(NetworkRoom room) {
        Set<String> arrived = new TreeSet<>(room.arrived());
        for (String line : room.arrivedInside()) {
            int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
            if (port < 32768) {
                arrived.add(line);
            }
        }
        return arrived;
    }
}
