package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who is moved into a profile of net_cls, and out. The supervisor gets hold of the sockets of all processes of its run, which take on its
 * class, so these go together. What becomes of the sockets of one process tells {@link AssignSocketsIT}.
 */
class AssignProcessesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(ProfileHost::furnish);

    @RegisterExtension
    static final ProfileHost HOST = new ProfileHost(ROOM);

    /** Two processes of a run. At each turn both send, by an old socket and by a new one, and tell what became of it. */
    private static final String PAIR = """
            import errno, os, socket
            from turns import turns
            def send(s, *to):
                try:
                    s.sendto(b"x", to[0]) if to else s.send(b"x")
                    return "ok"
                except OSError as e:
                    return errno.errorcode[e.errno]
            far = ("10.77.2.1", 8001)
            def udp(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            name = "B" if os.fork() == 0 else "A"
            old = udp(); old.connect(far)
            open("pid-" + name, "w").write(str(os.getpid())); os.rename("pid-" + name, name)
            for turn in turns():
                said = send(udp(), far) + " " + send(old) # the first is judged, and so comes into the supervisor's hands
                open("said-" + name, "a").write(f"{name} {said}\\n")
            if name == "A": os.wait()
            """;
    /** Starts them; {@code say} has both send and tells it, in order. */
    private static final String RUN = """
            rm -f A B said-* go; : > go
            $SECFILT -q --policy protocol.yaml python3 pair.py & run=$!
            until [ -e A -a -e B ]; do sleep 0.05; done
            A=$(cat A) B=$(cat B) S=$(sed -n 's/^TracerPid:.//p' /proc/$(cat A)/status); S=$(sed -n 's/^Tgid:.//p' /proc/$S/status)
            told() { "$@" 2>&1 | tee last; return ${PIPESTATUS[0]}; }
            try() { told "$@" | sed "s/$A/A/g; s/$B/B/g; s/$S/S/g"; }
            follow() { eval "$(grep -o 'secfilt assign .*' last | sed 's/^secfilt/$SECFILT/')"; }
            say() {
                rm -f said-*; echo x >> go
                for i in $(seq 200); do [ "$(cat said-* 2>/dev/null | wc -l)" = 2 ] && break; sleep 0.05; done; cat said-*
            }
            end() { echo end >> go; wait $run; }
            """;
    private static final String REFUSED = "A EPERM EPERM\nB EPERM EPERM\n";
    private static final String SENT = "A ok ok\nB ok ok\n";
    private static final String ONE_RUN = "secfilt: process %s is of one run with %s, and their supervisor, S, gets hold of the sockets of all of them, which are"
            + " then in the profile that it is in: move them together: secfilt assign %s A B\n";

    @BeforeAll
    static void makeFiles() throws IOException {
        Files.writeString(ROOM.directory().resolve("pair.py"), PAIR);
        HOST.policy("kept.yaml", "firewall: off\nunix:\n  deny: [/nowhere.sock]\nconnect:\n  allow:\n    - {port: 8001, protocol: udp}\n");
    }

    private static Outcome run(String script) {
        return ROOM.bash("$SECFILT profile install -q t near.yaml || exit 99\n" + RUN + script + "\nend").timeoutMillis(60_000).run().exited(0);
    }

    /** Into a profile, and out. */
    @ParameterizedTest(name = "{0} {2}")
    @CsvSource({"A, B, t", "B, A, t", "A, B, --out", "B, A, --out"})
    void one_process_of_a_run_is_not_moved_without_the_others(String one, String other, String where) {
        boolean out = where.equals("--out");
        Outcome run = run((out ? "$SECFILT assign t $A $B; " : "") + "try $SECFILT assign " + where + " $" + one + "; say; follow; say");
        assertEquals(ONE_RUN.formatted(one, other, where).replace("A B", one + " " + other) + (out ? REFUSED + SENT : SENT + REFUSED),
                run.stdout(), run::toString);
        HOST.assertArrivedFar(4, run);
    }

    @Test
    void nobody_comes_into_an_inverted_profile_by_another_of_its_run() {
        Outcome run = run("$SECFILT profile install -q t far.yaml --inverted; try $SECFILT assign t $A; say; follow; say");
        assertEquals(ONE_RUN.formatted("A", "B", "t") + REFUSED + SENT, run.stdout(), run::toString);
        HOST.assertArrivedFar(4, run);
    }

    /** As somebody may have had it who moved them by hand. */
    @Test
    void a_run_is_in_one_profile_at_a_time() {
        Outcome run = run("""
                $SECFILT profile install -q u far.yaml; try $SECFILT assign t $A | cut -c1-40; try $SECFILT assign u $B | cut -c1-40
                mkdir -p classes; mount --make-rprivate /; mount -t cgroup -o net_cls none classes
                t=classes$($SECFILT --profile=t grep net_cls /proc/self/cgroup | cut -d: -f3)
                echo $A > $t/cgroup.procs
                try $SECFILT assign u $B; follow; try $SECFILT assign u $B | cut -c1-40; follow; say""");
        assertEquals("""
                secfilt: process A is of one run with B,
                secfilt: process B is of one run with A,
                secfilt: process B is of one run with A, which is already assigned to a net class: profile t; move it out first: secfilt assign --out A
                secfilt: process B is of one run with A,
                """ + REFUSED, run.stdout(), run::toString);
        HOST.assertArrivedFar(0, run);
    }

    @Test
    void a_supervisor_that_was_left_in_a_profile_is_named() {
        Outcome run = run("""
                mkdir -p classes; mount --make-rprivate /; mount -t cgroup -o net_cls none classes
                t=classes$($SECFILT --profile=t grep net_cls /proc/self/cgroup | cut -d: -f3)
                echo $S > $t/cgroup.procs
                $SECFILT profile install -q u far.yaml; try $SECFILT assign u $A $B; follow; $SECFILT assign u $A $B; say""");
        assertEquals("secfilt: the supervisor of process A, S, is already assigned to a net class: profile t; move it out first: secfilt assign --out S\n"
                + REFUSED, run.stdout(), run::toString);
        HOST.assertArrivedFar(0, run);
    }

    @Test
    void a_supervisors_number_stands_for_its_run() {
        Outcome run = run("$SECFILT assign t $S; say; try $SECFILT assign t $S; $SECFILT assign --out $S; say; try $SECFILT assign --out $S");
        assertEquals(REFUSED + "secfilt: process S is already assigned to a net class: profile t\n" + SENT + "secfilt: process S is in no profile\n",
                run.stdout(), run::toString);
        HOST.assertArrivedFar(4, run);
    }

    /** Sockets that the supervisor had in its hands meanwhile too. */
    @Test
    void all_sockets_are_right_when_they_have_been_moved() throws IOException {
        Files.writeString(ROOM.directory().resolve("busy.py"), """
                import errno, os, socket, time
                far = ("10.77.2.1", 8001)
                os.fork()
                sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(20)]
                for s in sockets: s.connect(far)
                open(f"at-{os.getpid()}", "w").close()
                while not os.path.exists("stop"):
                    for s in sockets:
                        try: s.connect(far)
                        except OSError: pass
                results = set()
                for s in sockets:
                    try: s.send(b"x"); results.add("ok")
                    except OSError as e: results.add(errno.errorcode[e.errno])
                open(f"result-{os.getpid()}", "w").write(" ".join(sorted(results)) + "\\n")
                """);
        Outcome run = ROOM.bash("""
                $SECFILT profile install -q t near.yaml || exit 99
                for out in '' out '' out; do
                    rm -f at-* result-* stop
                    timeout 20 $SECFILT -q --policy protocol.yaml python3 busy.py & run=$!
                    until [ $(ls | grep -c '^at-') = 2 ]; do sleep 0.05; done
                    pids=$(ls | sed -n 's/^at-//p')
                    $SECFILT assign t $pids; [ -z "$out" ] || $SECFILT assign --out $pids
                    touch stop; wait $run; until [ $(ls | grep -c ^result-) = 2 ]; do sleep 0.05; done; cat result-*
                done""").timeoutMillis(90_000).run().exited(0);
        assertEquals("EPERM\nEPERM\nok\nok\n".repeat(2), run.stdout(), run::toString);
        HOST.assertArrivedFar(80, run);
    }

    @Test
    void processes_that_are_born_meanwhile_are_moved_too() throws IOException {
        Files.writeString(ROOM.directory().resolve("crowd.sh"), """
                for i in 1 2 3; do (until [ -e stop ] || [ $SECONDS -gt 20 ]; do (sleep 0.3 & sleep 0.03); done; wait) & done
                echo > at; wait
                """);
        Outcome run = ROOM.bash("""
                $SECFILT profile install -q t near.yaml || exit 99
                rm -f at stop; $SECFILT -q --policy protocol.yaml bash crowd.sh & run=$!; until [ -e at ]; do sleep 0.05; done; sleep 0.3
                S=$(sed -n 's/^TracerPid:.//p' /proc/$run/status); S=$(sed -n 's/^Tgid:.//p' /proc/$S/status)
                $SECFILT assign t $S && echo moved
                for p in /proc/[0-9]*; do
                    t=$(sed -n 's/^TracerPid:.//p' $p/status 2>/dev/null)
                    [ "${t:-0}" = $S ] || [ "$(sed -n 's/^Tgid:.//p' /proc/${t:-0}/status 2>/dev/null)" = $S ] || continue
                    path=$(cat $p/cgroup 2>/dev/null) && grep -q '^State:.[^ZX]' $p/status 2>/dev/null && ! grep -q profile-t <<< "$path" && echo $path
                done
                touch stop; wait $run""").timeoutMillis(60_000).run().exited(0);
        assertEquals("moved\n", run.stdout(), run::toString);
    }

    /** A thread that lives on where the first of its process has ended. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"protocol.yaml", "kept.yaml"})
    void threads_are_no_others_and_the_keeper_is_none(String policy) throws IOException {
        Files.writeString(ROOM.directory().resolve("threads.py"), """
                import ctypes, errno, os, socket, threading, time
                def work():
                    open("at", "w").close()
                    while not os.path.exists("go"): time.sleep(0.05)
                    try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.77.2.1", 8001))
                    except OSError as e: open("said", "w").write(errno.errorcode[e.errno] + "\\n")
                    os._exit(0)
                threading.Thread(target=work).start(); threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
                ctypes.CDLL(None).syscall(60, 0)
                """);
        Outcome run = ROOM.bash("""
                rm -f at go said; $SECFILT profile install -q t near.yaml || exit 99
                timeout 20 $SECFILT -q --policy %s python3 threads.py & until [ -e at ]; do sleep 0.05; done; sleep 0.2
                pid=$(pgrep -f '^python3 threads.py'); [ -n "$pid" ] || pid=$(pgrep -P $!); grep ^State /proc/$pid/status
                $SECFILT assign t $pid && echo moved; $SECFILT assign --out $pid && echo out; $SECFILT assign t $pid && echo moved
                touch go; wait; cat said""".formatted(policy)).timeoutMillis(60_000).run().exited(0);
        assertEquals("State:\tZ (zombie)\nmoved\nout\nmoved\nEPERM\n", run.stdout(), run::toString);
        HOST.assertArrivedFar(0, run);
    }

    @Test
    void who_is_not_there_is_told_and_nobody_is_moved() {
        Outcome run = run("sleep 0 & gone=$!; wait $gone; told $SECFILT assign t $A $B $gone | sed s/$gone/gone/; say");
        assertEquals("secfilt: there is no process gone\n" + SENT, run.stdout(), run::toString);
        HOST.assertArrivedFar(4, run);
    }

    /** Cgroups | a process id as it is written | exit code | what is said of it. The kernel's first thread has number 2. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            net_cls | 0        | 2   | '0' is no process id; write a number from 1 to 4194304, as ps shows it
            net_cls | -5       | 2   | '-5' is no process id; write a number from 1 to 4194304, as ps shows it
            net_cls | -- -5    | 2   | '-5' is no process id; write a number from 1 to 4194304, as ps shows it
            net_cls | 4194305  | 2   | '4194305' is no process id; write a number from 1 to 4194304, as ps shows it
            net_cls | 12x      | 2   | '12x' is no process id; write a number from 1 to 4194304, as ps shows it
            net_cls | $gone    | 125 | there is no process GONE
            net_cls | 2        | 125 | process 2 is a thread of the kernel's own, and what the kernel sends is no profile's matter
            net_cls | $BASHPID | 125 | process OWN is this secfilt itself, which ends with its answer; name one that goes on
            unified | $gone    | 125 | there is no process GONE
            unified | 2        | 125 | process 2 is a thread of the kernel's own, and what the kernel sends is no profile's matter
            unified | $BASHPID | 125 | process OWN is this secfilt itself, which ends with its answer; name one that goes on
            """)
    void a_number_that_stands_for_nobody_who_can_be_moved_is_told_why(String cgroups, String pid, int code, String why) {
        Outcome run = ROOM.bash("""
                sleep 0 & gone=$!; wait $gone; sleep 20 & other=$!
                $SECFILT profile install -q t near.yaml --cgroups=$1 || exit 99
                (echo $BASHPID > own; exec $SECFILT assign --cgroups=$1 t $other NUMBER) > said 2>&1; code=$?
                sed "s/process $gone/process GONE/; s/process $(cat own)/process OWN/" said
                echo $code; grep -c profile-t /proc/$other/cgroup; kill $other; $SECFILT profile remove -q t --cgroups=$1
                """.replace("NUMBER", pid), cgroups).run().exited(0);
        assertEquals("secfilt: " + why + "\n" + (code == 2 ? "Try 'secfilt assign --help'.\n" : "") + code + "\n0\n", run.stdout(), run::toString);
    }

    /** Of more than can be written down the supervisor's number is told. */
    @Test
    void many_processes_of_a_run_are_named_by_their_supervisor() {
        Outcome run = ROOM.bash("""
                rm -f at go; $SECFILT profile install -q t near.yaml || exit 99
                $SECFILT -q --policy protocol.yaml bash -c 'for i in $(seq 150); do sleep 60 & done; echo > at; until [ -e go ]; do sleep 0.1; done; kill $(jobs -p)' & run=$!
                until [ -e at ]; do sleep 0.05; done
                S=$(sed -n 's/^TracerPid:.//p' /proc/$run/status); S=$(sed -n 's/^Tgid:.//p' /proc/$S/status)
                $SECFILT assign t $run 2>&1 | tee last | sed "s/$S/S/g; s/$run/P/g"
                eval "$(grep -o 'secfilt assign .*' last | sed 's/^secfilt/$SECFILT/; s/ (.*//')"; $SECFILT profile list | grep -c '^t *15[23] '
                touch go; wait $run""").timeoutMillis(60_000).run();
        assertTrue(run.stdout().matches("(?s).* with ([0-9]+, ){9}[0-9]+ and 14[01] more, .*"), run::toString);
        assertTrue(run.stdout().endsWith("move them together: secfilt assign t S (which stands for all of them)\n1\n"), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void a_member_moves_a_run_of_its_own(User user) {
        ROOM.bash("$SECFILT profile install -q t near.yaml --group=" + Command.ORDINARY_UID).run().exited(0);
        Outcome run = ROOM.bash(RUN + "try $SECFILT assign t $A; $SECFILT assign t $A $B; say\nend").as(user).timeoutMillis(60_000).run().exited(0);
        assertEquals(ONE_RUN.formatted("A", "B", "t") + REFUSED, run.stdout(), run::toString);
        HOST.assertArrivedFar(0, run);
    }
}
