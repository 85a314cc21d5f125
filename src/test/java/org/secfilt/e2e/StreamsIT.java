package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pipes, files and jobs of a shell, with secfilt at each place in a pipeline. */
class StreamsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @Test
    void passes_a_large_stream_unchanged() {
        byte[] bytes = new byte[8 << 20];
        new Random(1).nextBytes(bytes);
        Outcome run = ROOM.bash("$SECFILT --allowed-port=1 cat | $SECFILT --allowed-port=1 tee /dev/null | cat").input(bytes)
                .run().exited(0);
        assertEquals(new String(bytes, StandardCharsets.ISO_8859_1), run.stdout());
        assertEquals("", run.stderr());
    }

    @Test
    void leaves_stdin_that_the_command_did_not_read_to_the_next() {
        assertEquals("one\ntwo\n", ROOM.bash("$SECFILT --allowed-port=1 true; $SECFILT --allowed-port=1 bash -c 'read a; echo $a'; cat")
                .input("one\ntwo\n".getBytes(StandardCharsets.US_ASCII)).run().exited(0).stdout());
    }

    /** It cannot be opened once more, as sudo -u finds it. The command has what follows. */
    @Test
    void a_policy_comes_from_the_pipe_of_another_user() {
        String script = "for v in '--policy - cat' '--policy /dev/stdin echo ran' '--policy /dev/fd/0 echo ran' 'check -'; do printf 'version: 1\\nmode: deny\\n' | "
                + String.join(" ", User.TO_ORDINARY) + " $SECFILT $v 2>&1; done";
        assertEquals("ran\nran\n-: clean\n", ROOM.bash(script).run().exited(0).stdout());
    }

    /** Nor can a socket, nor, by another user, a pipe that does not block, of which the writer may come late. */
    @Test
    void a_policy_comes_from_a_socket_and_from_a_pipe_that_does_not_block() {
        String script = """
                import os, socket, subprocess, sys, time
                policy = b"version: 1\\nmode: deny\\n"
                def check(end, tell):
                    def user(): os.setgroups([]); os.setgid(65534); os.setuid(65534)
                    run = subprocess.Popen([os.environ["SECFILT"], "check", "-"], stdin=end, preexec_fn=user)
                    time.sleep(0.5); tell(); run.wait()
                a, b = socket.socketpair(); b.sendall(policy)
                check(a, b.close)
                r, w = os.pipe(); os.set_blocking(r, False)
                check(r, lambda: (os.write(w, policy), os.close(w)))
                """;
        assertEquals("-: clean\n-: clean\n", ROOM.bash("/usr/bin/python3 -c \"$1\" 2>&1", script).run().exited(0).stdout());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '@', quoteCharacter = '`', textBlock = """
            stdout and stderr are two              @ $SECFILT -q --allowed-port=1 sh -c 'echo o; echo e >&2' 2>/dev/null @ o
            a reader that leaves                   @ $SECFILT --allowed-port=1 yes | head -1; echo ${PIPESTATUS[*]} @ y/141 0
            a writer that ends                     @ echo x | $SECFILT --allowed-port=1 cat; echo $? @ x/0
            SIGPIPE ignored by the caller          @ (trap '' PIPE; $SECFILT --allowed-port=1 sh -c 'yes 2>/dev/null; echo $? >&2' | head -1) 2>&1 @ y/1
            command substitution                   @ x=$($SECFILT --allowed-port=1 echo in); echo "<$x>" @ <in>
            here-document                          @ $SECFILT --allowed-port=1 cat <<< word @ word
            closed stdin                           @ $SECFILT --allowed-port=1 sh -c '[ -e /proc/self/fd/0 ] && echo open || echo closed' <&- @ closed
            closed stdout                          @ $SECFILT --allowed-port=1 sh -c 'exit 3' >&-; echo $? @ 3
            closed stderr                          @ $SECFILT --allowed-port=1 bash -c 'exec 5<>/dev/tcp/10.77.1.1/8001' 2>&-; echo $? @ 141
            all closed                             @ $SECFILT --allowed-port=1 sh -c 'exit 4' <&- >&- 2>&-; echo $? @ 4
            a full stderr stops nothing            @ $SECFILT --allowed-port=1 bash -c ': <>/dev/tcp/10.77.1.1/8001' 2>/dev/full; echo $? @ 1
            process substitution                   @ cat <($SECFILT --allowed-port=1 echo sub) @ sub
            a policy from standard input           @ printf 'version: 1\\nmode: deny\\n' | $SECFILT -q --policy - bash -c '(: <>/dev/tcp/10.77.1.1/8001) 2>/dev/null; echo $?; cat; echo end' @ 1/end
            a policy from a here-document          @ $SECFILT --policy=- sh -c 'cat; echo end' <<< 'version: 1' @ end
            a policy from a file as standard input @ printf 'version: 1\\nmode: deny\\n' > p.yaml; $SECFILT --policy - echo ran < p.yaml; $SECFILT check - < p.yaml @ ran/-: clean
            a policy and no standard input         @ $SECFILT --policy - echo ran <&- 2>&1; echo $? @ secfilt: --policy=-: standard input is closed/2
            a full stdout is no success            @ printf 'version: 1\\nmode: deny\\n' > f.yaml; for v in 'check f.yaml' 'check f.yaml none.yaml' 'simulate read' 'explain' 'compile -o -' 'check --help'; do $SECFILT $v > /dev/full 2>&1; echo $?; done | uniq @ 125
            nor is a closed one                    @ printf 'version: 1\\nmode: deny\\n' > f.yaml; for v in 'check f.yaml' 'simulate read' 'explain' 'compile' 'doctor' 'profile --help' --help --version; do $SECFILT $v 2>&1 >&- | tr '\\n' ' '; echo ${PIPESTATUS[0]}; done | uniq @ secfilt: standard output is closed 125
            a reader that left is told nothing     @ printf 'version: 1\\nmode: deny\\n' > f.yaml; for v in 'check f.yaml' 'simulate read' 'explain' 'compile' 'doctor' 'profile --help' --help --version; do ($SECFILT $v | true; echo ${PIPESTATUS[0]}) 2>&1; done | uniq @ 141
            nor with SIGPIPE ignored               @ printf 'version: 1\\nmode: deny\\n' > f.yaml; for v in 'check f.yaml' 'simulate read' 'explain' 'compile' 'doctor' 'profile --help' --help --version; do (trap '' PIPE; $SECFILT $v | true; echo ${PIPESTATUS[0]}) 2>&1; done | uniq @ 141
            nor is one of complaints               @ for v in '--no-such echo ran' 'check none.yaml' 'explain nowhere'; do for t in : "trap '' PIPE"; do (eval "$t"; $SECFILT $v 2>&1 | true; echo ${PIPESTATUS[0]}); done; done | uniq @ 2
            a filter to standard output            @ $SECFILT compile --allowed-port=1 -o - | head -1; [ -e ./- ] || echo none @ ; no other architecture than x86_64/none
            a policy from process substitution     @ $SECFILT -q --policy <(echo 'version: 1'; echo mode: deny) --policy=<(echo version: 1) bash -c '(: <>/dev/tcp/10.77.1.1/8001) 2>/dev/null; echo $?' @ 1
            what a policy without a place includes @ echo 'mode: [x]' > base.yaml; $SECFILT --policy <(echo version: 1; echo include: base.yaml) echo ran 2>&1 | head -1 | cut -d: -f1 @ base.yaml
            options from process substitution      @ $SECFILT -q -c <(echo allowed-port=1) bash -c '(: <>/dev/tcp/10.77.1.1/8001) 2>/dev/null; echo $?' @ 1
            descriptors of one's own               @ exec 7>&1; $SECFILT --allowed-port=1 sh -c 'echo seven >&7' @ seven
            $! and wait                            @ $SECFILT --allowed-port=1 sh -c 'exit 9' & wait $!; echo $? @ 9
            kill by $!                             @ $SECFILT --allowed-port=1 sleep 20 & sleep 0.5; kill $!; wait $!; echo $? @ 143
            $! is the command                      @ $SECFILT --allowed-port=1 sh -c 'echo $$' > pid & wait $!; [ $(cat pid) = $! ] && echo same @ same
            an early kill                          @ $SECFILT --allowed-port=1 sleep 20 & kill -9 $!; wait $!; echo $? @ 137
            exec                                   @ exec $SECFILT --allowed-port=1 echo execed @ execed
            timeout around                         @ timeout 0.7 $SECFILT --allowed-port=1 sleep 20; echo $? @ 124
            timeout inside                         @ $SECFILT --allowed-port=1 timeout 0.2 sleep 20; echo $? @ 124
            timeout that kills                     @ timeout -s KILL 0.7 $SECFILT --allowed-port=1 sleep 20; echo $? @ 137
            nohup                                  @ nohup $SECFILT --allowed-port=1 sh -c 'kill -HUP $$; echo alive' 2>/dev/null @ alive
            a trap in the command                  @ $SECFILT --allowed-port=1 bash -c 'trap "echo caught; exit 5" TERM; echo ready; while :; do sleep 0.05; done' > log & sleep 0.7; kill -TERM $!; wait $!; echo $? $(cat log) @ 5 ready caught
            xargs                                  @ printf '1 2 3 4' | xargs -n1 -P4 $SECFILT --allowed-port=1 echo | sort @ 1/2/3/4
            secfilt in a loop                      @ for i in 1 2 3 4 5; do $SECFILT --allowed-port=1 echo $i; done @ 1/2/3/4/5
            no child for the command               @ $SECFILT --allowed-port=1 /usr/bin/python3 -c 'import os;exec("try: os.wait()\\nexcept ChildProcessError: print(0)")' @ 0
            the parent is the caller               @ $SECFILT --allowed-port=1 sh -c "[ \\$PPID = $$ ] && echo same"; true @ same
            """)
    void a_shell_sees(String subject, String script, String expected) throws IOException {
        for (User user : User.values()) {
            Outcome run = ROOM.bash(script).as(user).in(directoryOf(user)).run().exited(0);
            assertEquals(expected, run.stdout().strip().replace('\n', '/'), () -> user + ": " + run);
        }
    }

    private static Path directoryOf(User user) throws IOException {
        Path directory = ROOM.directory().resolve(user.toString());
        if (!Files.exists(directory)) {
            Files.createDirectory(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        return directory;
    }

    @Test
    void a_pipeline_ends_with_the_command_though_a_silent_child_lives_on() {
        Outcome run = ROOM.bash("""
                $SECFILT --allowed-port=1 bash -c 'sleep 2 < /dev/null > /dev/null 2>&1 & echo done' | cat; date +%s%N > end
                """).run().exited(0);
        assertEquals("done\n", run.stdout());
        assertTrue(run.millis() < 1500, run::toString);
    }

    /** A call that is denied, or allowed beside it, waits for no reader: the lines do. */
    @Test
    void a_full_stderr_keeps_no_call_waiting_and_loses_no_line() {
        Outcome run = ROOM.command("/usr/bin/python3", "-c", """
                import fcntl, os, subprocess, sys
                r, w = os.pipe()
                fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
                os.write(w, b"x" * 4096)
                inside = "for port in 8001 8002 8003 8004; do : <>/dev/tcp/10.77.1.1/$port; done 2>/dev/null; echo done; read"
                run = subprocess.Popen([os.environ["SECFILT"], "--allowed-port=1", "bash", "-c", inside], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=w, text=True)
                os.close(w)
                print(run.stdout.readline(), end="")
                os.read(r, 4096)
                run.stdin.close()
                sys.stdout.write(open(r).read())
                """).run().exited(0);
        List<String> said = run.stdout().lines().map(line -> line.replaceAll("\\[\\d+\\]", "")).toList();
        assertEquals("done", said.get(0));
        for (int i = 1; i <= 4; i++) {
            assertEquals("secfilt: denied connect 10.77.1.1:800" + i + "/tcp by bash: not in allowed-port", said.get(i), run::toString);
        }
        assertEquals("secfilt: 4 calls denied (4 distinct):", said.get(5), run::toString);
    }

    @Test
    void who_waits_for_stderr_too_waits_no_longer_than_for_the_command() {
        Outcome run = ROOM.command("/usr/bin/python3", "-c", """
                import os, subprocess, time
                start = time.time()
                run = subprocess.run([os.environ["SECFILT"], "--allowed-port=1", "sh", "-c", "echo out; echo err >&2"],
                                     capture_output=True, text=True)
                print(run.stdout, run.stderr, time.time() - start < 2)
                """).run().exited(0);
        assertEquals("out\n err\n True\n", run.stdout());
    }

    @Test
    void a_process_left_behind_stays_confined() {
        String leave = "(sleep 0.5; exec 3<>/dev/tcp/10.77.1.1/8001; exec 3<>/dev/tcp/10.77.1.1/8002) < /dev/null > /dev/null 2>&1 &";
        ROOM.bash(leave.replace(";", " ;")).run().exited(0);
        assertEquals(List.of("tcp 10.77.1.1:8001", "tcp 10.77.1.1:8002"), ROOM.arrived());
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt("--allowed-port=8002", "bash", "-c", leave
                    .replace("exec 3<>/dev/tcp/10.77.1.1/8001", "(exec 3<>/dev/tcp/10.77.1.1/8001)")).as(user).run().exited(0);
            assertTrue(run.millis() < 500, run::toString);
            assertEquals(List.of("tcp 10.77.1.1:8002"), ROOM.arrived(), user::toString);
        }
    }
}
