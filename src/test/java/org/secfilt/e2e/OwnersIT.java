package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.secfilt.Fixtures;

/** Signals of files, by their owners (fcntl(2) F_SETOWN), where Landlock scopes no signals: {@link SignalsIT} has those that a call sends. */
class OwnersIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String OUTSIDER = Fixtures.compile("outsider").toString();
    private static final String OWNER = Fixtures.compile("owner").toString();
    private static final List<String> UNSCOPED = List.of("--allowed-netmask=127.0.0.1", "--landlock=off");
    private static final List<String> WAYS = List.of("setown", "setown-group", "ex-tid", "ex-pid", "ex-group", "fiosetown", "fiosetown-group",
            "siocspgrp", "siocspgrp-group", "notify");

    /** Starts a victim in a group of its own, runs the words beside it, and waits for its end. */
    private static final String BESIDE_VICTIM = """
            d=$(mktemp -d)
            set -m; "$OUTSIDER" victim "$d/victim" 10.77.2.1 8002 & victim=$!; set +m
            until [ -s "$d/victim" ]; do sleep 0.01; done
            "$@" "file:$d/victim" 10; code=$?
            sleep 0.1; kill $victim 2>/dev/null; wait $victim
            rm -r "$d"; exit $code""";

    static List<Arguments> ways() {
        List<Arguments> rows = new ArrayList<>();
        for (String how : WAYS) {
            for (User user : User.values()) {
                rows.add(Arguments.of(how, user));
            }
        }
        return rows;
    }

    private static Outcome run(User user, boolean under, String... command) {
        List<String> words = new ArrayList<>(under ? List.of("-q", UNSCOPED.get(0), UNSCOPED.get(1), "--", "setsid", "-w") : List.of("setsid", "-w"));
        words.addAll(List.of(command));
        String[] all = words.toArray(new String[0]);
        return (under ? ROOM.secfilt(all) : ROOM.command(all)).as(user).with("TMPDIR", "/tmp").run();
    }

    /** A victim that was signalled sends a datagram. */
    @ParameterizedTest
    @MethodSource("ways")
    void a_process_outside_is_not_signalled_by_a_file(String how, User user) {
        String kind = how.startsWith("fio") || how.startsWith("sioc") ? "ioctl" : "fcntl";
        ROOM.bash(BESIDE_VICTIM, OWNER, how).as(user).with("OUTSIDER", OUTSIDER).with("TMPDIR", "/tmp").run().exited(0);
        assertEquals(List.of("udp 10.77.2.1:8002"), ROOM.arrived(), how + " does nothing without secfilt");
        Outcome run = ROOM.bash(BESIDE_VICTIM, Built.program().toString(), UNSCOPED.get(0), UNSCOPED.get(1), "--", OWNER, how)
                .as(user).with("OUTSIDER", OUTSIDER).with("TMPDIR", "/tmp").run().exited(0);
        assertEquals(List.of(), ROOM.arrived(), run::toString);
        assertEquals("EPERM\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("denied " + kind + " by owner["), run::toString);
        assertTrue(run.stderr().contains("the file would signal processes outside of the run"), run::toString);
    }

    /** SIGKILL to it would end the command. */
    @ParameterizedTest
    @MethodSource("ways")
    void the_supervisor_is_not_signalled_by_a_file(String how, User user) {
        Outcome run = run(user, true, "bash", "-c", "\"$1\" " + how + " tracer 9; echo here", "bash", OWNER).exited(0);
        assertEquals("EPERM\nhere\n", run.stdout(), run::toString);
    }

    static List<Arguments> inside() {
        List<Arguments> rows = new ArrayList<>();
        for (String how : WAYS) {
            rows.add(Arguments.of(how, "self"));
            if (!how.equals("ex-tid")) {
                rows.add(Arguments.of(how, "child"));
            }
        }
        for (String how : List.of("setown", "ex-tid", "ex-pid", "fiosetown")) {
            rows.add(Arguments.of(how, "thread"));
        }
        for (String how : List.of("setown", "ex-pid", "fiosetown", "siocspgrp")) {
            rows.add(Arguments.of(how, "0")); // nobody
        }
        for (String how : List.of("setown", "ex-tid", "ex-pid", "fiosetown")) {
            rows.add(Arguments.of(how, "4194303")); // nobody's
            rows.add(Arguments.of(how, "-4194303"));
        }
        for (String how : List.of("pipe", "wild", "odd")) {
            rows.add(Arguments.of(how, "self"));
        }
        return rows;
    }

    /** Signal 34 is a real-time one. */
    @ParameterizedTest
    @MethodSource("inside")
    void among_the_processes_of_a_run_files_signal_as_ever(String how, String whom) {
        for (User user : User.values()) {
            Outcome without = run(user, false, OWNER, how, whom, "34").exited(0);
            Outcome run = run(user, true, OWNER, how, whom, "34").exited(0);
            assertEquals(without.stdout(), run.stdout(), run::toString);
        }
    }

    /** By the supervisor's right it would signal whom the caller may not. */
    @ParameterizedTest
    @CsvSource({"ROOT", "ORDINARY"})
    void a_thread_of_another_process_is_no_owner(User user) {
        Outcome run = ROOM.secfilt(UNSCOPED.get(0), UNSCOPED.get(1), OWNER, "ex-tid", "child", "10").as(user).run().exited(0);
        assertTrue(run.stdout().startsWith("EPERM\n"), run::toString);
        assertTrue(run.stderr().contains("denied fcntl by owner["), run::toString);
        assertTrue(run.stderr().contains("by F_OWNER_TID a file may signal threads of the caller's own process alone"), run::toString);
    }
}
