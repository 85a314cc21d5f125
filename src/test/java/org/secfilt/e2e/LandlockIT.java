package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/**
 * Attacks on processes outside, which would act in the attacker's place, and on the supervisor: with the Landlock domain, and by
 * {@code --landlock=off} as on a kernel without one. A victim that was made to act sends a datagram.
 */
class LandlockIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String OUTSIDER = Fixtures.compile("outsider").toString();
    private static final String ALLOWED = "--allowed-netmask=127.0.0.1";
    private static final List<String> ACTED = List.of("udp 10.77.2.1:8002");
    private static final String WARNING = "secfilt: this kernel's Landlock is switched off or too old: the command can write to the memory of other"
            + " processes of its user (/proc/PID/mem), and send them signals by terminals (SIGIO)";

    /** Starts a victim, runs the words beside it, and waits for its end. */
    private static final String BESIDE_VICTIM = """
            trap : USR1; d=$(mktemp -d)
            "$OUTSIDER" victim "$d/victim" 10.77.2.1 8002 & victim=$!
            until [ -s "$d/victim" ]; do sleep 0.01; done
            "$@" "$d/victim"; code=$?
            sleep 0.1; kill $victim 2>/dev/null; wait $victim
            rm -r "$d"; exit $code""";

    private static Outcome attack(User user, String how, String... secfilt) {
        List<String> words = new ArrayList<>(List.of("setsid", "-w", "bash", "-c", BESIDE_VICTIM, "bash")); // a group of its own may be signalled
        words.addAll(List.of(secfilt));
        words.addAll(List.of(OUTSIDER, how));
        return ROOM.command(words.toArray(new String[0])).as(user).with("OUTSIDER", OUTSIDER).with("TMPDIR", "/tmp").run();
    }

    /** By what, and who gets through without a Landlock domain. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "ptrace, nobody", "process_vm_writev, nobody", "pidfd_getfd, nobody",
        "mem, ORDINARY", "mem-of-thread, ORDINARY",
        "kill, nobody", "kill-group, nobody", "tkill, nobody", "tgkill, nobody", "sigqueue, nobody", "tgsigqueue, nobody",
        "pidfd_send_signal, nobody", "pidfd-queue, nobody", "pidfd-thread, nobody", "pidfd-group, nobody", "proc-directory, nobody",
        "sigio, nobody",
    })
    void a_process_outside_is_not_made_to_act(String how, String without) {
        for (User user : User.values()) {
            assertEquals("done\n", attack(user, how).exited(0).stdout());
            assertEquals(ACTED, ROOM.arrived(), how + " does nothing without secfilt");
            Outcome held = attack(user, how, Built.program().toString(), ALLOWED, "--").exited(0);
            assertEquals(List.of(), ROOM.arrived(), held::toString);
            assertFalse(held.reports().contains(WARNING), held::toString);
            Outcome off = attack(user, how, Built.program().toString(), ALLOWED, "--landlock=off", "--").exited(0);
            assertEquals(without.equals(user.name()) ? ACTED : List.of(), ROOM.arrived(), off::toString);
            assertEquals(WARNING, off.reports().get(0));
            if (!how.matches(".*(kill|sig|queue|pidfd-|proc-).*")) {
                Outcome apart = attack(user, how, Built.program().toString(), "--net=none", "--").exited(0); // no rules, no domain of an ordinary user's
                assertEquals(List.of(), ROOM.arrived(), apart::toString);
            }
        }
    }

    /** In a PID namespace of its own, or it would reach every process of this user on the machine. */
    @Test
    void a_signal_to_everybody_stays_inside() {
        for (String secfilt : List.of("", Built.program() + " " + ALLOWED + " --", Built.program() + " --landlock=off " + ALLOWED + " --")) {
            List<String> words = new ArrayList<>(List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
                    "setpriv", "--reuid=54771", "--regid=54771", "--clear-groups", "bash", "-c", BESIDE_VICTIM, "bash"));
            words.addAll(secfilt.isEmpty() ? List.of() : List.of(secfilt.split(" ")));
            words.addAll(List.of(OUTSIDER, "kill-all"));
            Outcome run = ROOM.command(words.toArray(new String[0])).with("OUTSIDER", OUTSIDER).with("TMPDIR", "/tmp").run().exited(0);
            assertEquals(secfilt.isEmpty() ? ACTED : List.of(), ROOM.arrived(), run::toString);
        }
    }

    /** As a server says that it is ready; and what of /proc takes the right to trace. Landlock tells the command alone. */
    @Test
    void the_callers_script_is_out_of_reach_and_its_group_is_signalled_inside_alone() {
        String script = """
                trap 'echo signalled' USR1 URG
                "$@" bash -c 'kill -USR1 $PPID; echo $?; readlink /proc/$PPID/exe /proc/$PPID/cwd /proc/$PPID/root; echo $?
                trap "echo inside" URG; kill -URG 0; echo $?; grep -q bash /proc/$PPID/cmdline; echo $?' 2>/dev/null
                true""";
        for (User user : User.values()) {
            Outcome without = ROOM.bash(script, "setsid", "-w").as(user).run().exited(0);
            assertTrue(without.stdout().startsWith("0\n/"), without::toString);
            Outcome run = ROOM.bash("log=$(mktemp); set -- \"$@\" --log=\"$log\" " + ALLOWED + "\n" + script + "\ngrep -c '\"call\"' \"$log\"; rm \"$log\"",
                    Built.program().toString()).as(user).with("TMPDIR", "/tmp").run().exited(0);
            assertEquals("1\n1\ninside\n0\n0\n0\n", run.stdout(), run::toString);
        }
    }

    /** With a domain, and without one. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "kill", "tkill", "stop", "quit", "descriptors", "memory", "idle", "oom",
    })
    void nothing_gets_out_while_the_supervisor_is_disturbed(String how) {
        for (User user : User.values()) {
            for (String landlock : List.of("auto", "off")) {
                Outcome run = ROOM.secfilt("-q", ALLOWED, "--landlock=" + landlock, OUTSIDER, "supervisor-" + how, "10.77.2.1", "8002")
                        .as(user).run();
                assertEquals(List.of(), ROOM.arrived(), run::toString);
                assertEquals("EPERM\n", run.exited(0).stdout(), run::toString);
            }
        }
    }

    @Test
    void the_option_takes_auto_and_off() {
        assertTrue(ROOM.secfilt("--landlock=on", "true").run().exited(2).stderr().contains("write auto or off"));
        assertEquals(List.of(), ROOM.secfilt("--landlock=off", "true").run().exited(0).reports());
        assertTrue(ROOM.secfilt("-v", ALLOWED, "--landlock=off", "true").run().exited(0).stderr().contains("/proc/PID/mem is not"));
    }
}
