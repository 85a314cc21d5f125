package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a run ends: the command's own code or signal for every kind of caller, or secfilt's word why it did not start. */
class EndingsIT {
    private static final String LOOPBACK = "--allowed-netmask=127.0.0.1";

    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 42, 98, 125, 126, 127, 128, 130, 137, 143, 254, 255})
    void the_exit_code_is_the_commands(int code) {
        ROOM.secfilt(LOOPBACK, "bash", "-c", "exit " + code).run().exited(code);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6, 9, 10, 11, 13, 14, 15, 24, 34, 64})
    void death_by_a_signal_is_death_by_that_signal(int signal) {
        ROOM.secfilt(LOOPBACK, "perl", "-e", "kill " + signal + ", $$; sleep 5").as(User.ORDINARY).run().killedBy(signal);
    }

    @ParameterizedTest
    @EnumSource
    void every_parent_sees_the_signal(User user) {
        assertEquals("-9\n", ROOM.command("/usr/bin/python3", "-c", """
                import subprocess, sys, os
                print(subprocess.run([os.environ["SECFILT"], "--allowed-port=1", "sh", "-c", "kill -9 $$"]).returncode)
                """).as(user).run().exited(0).stdout());
        Outcome shell = ROOM.bash("$SECFILT --allowed-port=1 bash -c 'kill -TERM $$'; echo $?").as(user).run().exited(0);
        assertEquals("143\n", shell.stdout());
        assertTrue(shell.stderr().contains("Terminated"), shell::toString);
    }

    /** As who stops a service does, or closes a session: all of its processes are told, and the supervisor is one. */
    @ParameterizedTest
    @CsvSource({"TERM, ROOT", "TERM, ORDINARY", "HUP, ROOT"})
    void the_command_follows_a_signal_that_its_supervisor_gets_too(String signal, User user) {
        Outcome run = ROOM.bash("""
                rm -f ready
                $SECFILT -q --allowed-netmask=127.0.0.1 bash -c 'trap "sleep 0.5; : >/dev/udp/10.77.1.1/9 || echo clean; exit 5" '"$1"'
                    : > ready; while :; do sleep 0.02; done' 2>&1 & command=$!
                until [ -e ready ]; do sleep 0.02; done
                supervisor=$(sed -n 's/TracerPid:\t//p' /proc/$command/status)
                kill -"$1" $supervisor $command; wait $command; echo $?; rm -f ready""", signal).as(user).run().exited(0);
        assertTrue(run.stdout().endsWith("clean\n5\n"), run::toString);
    }

    /** Whoever may signal the supervisor: all signals but those that stop, those that tell of a fault, and those that it uses itself. */
    @ParameterizedTest
    @EnumSource
    void the_supervisor_does_nothing_for_a_signal(User user) {
        Outcome run = ROOM.bash("""
                rm -f ready seen
                $SECFILT -q --allowed-netmask=127.0.0.1 bash -c ': > ready; until [ -e seen ]; do sleep 0.02; done
                    : >/dev/udp/10.77.1.1/9 || echo clean; exit 5' 2>/dev/null & command=$!
                until [ -e ready ]; do sleep 0.02; done
                supervisor=$(sed -n 's/TracerPid:\t//p' /proc/$command/status)
                for signal in HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT CHLD CONT TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH PWR $(seq 34 64); do
                    kill -$signal $supervisor; sleep 0.02; kill -0 $supervisor || { echo died of $signal; break; }
                done
                touch seen; wait $command; echo $?; rm -f ready""").as(user).run().exited(0);
        assertEquals("clean\n5\n", run.stdout(), run::toString);
    }

    /** The limit is the command's, as every limit is. Not every root may raise one: it takes CAP_SYS_RESOURCE. */
    @Test
    void the_supervisors_own_time_is_limited_only_where_that_cannot_be_helped() {
        Outcome run = ROOM.bash("""
                cpu_of() { sed -n 's/Max cpu time *\\(\\w*\\) *\\(\\w*\\) .*/\\1 \\2/p' /proc/$1/limits; }
                ulimit -t 7; (ulimit -t unlimited) 2>/dev/null && echo unlimited unlimited || echo 7 7
                rm -f ready seen
                $SECFILT -q --allowed-netmask=127.0.0.1 bash -c ': > ready; until [ -e seen ]; do sleep 0.02; done' & command=$!
                until [ -e ready ]; do sleep 0.02; done
                cpu_of $(sed -n 's/TracerPid:\t//p' /proc/$command/status); cpu_of $command; touch seen; wait $command; rm -f ready seen""").run();
        List<String> lines = run.exited(0).stdout().lines().toList();
        assertEquals(List.of(lines.get(0), lines.get(0), "7 7"), lines, run::toString);
    }

    @Test
    void a_fault_is_the_faults_signal() {
        ROOM.secfilt(LOOPBACK, "/usr/bin/python3", "-c", "import ctypes; ctypes.string_at(0)").run().killedBy(11);
        ROOM.secfilt(LOOPBACK, "/usr/bin/python3", "-c", "import os; os.abort()").run().killedBy(6);
    }

    @Test
    void another_threads_execve_goes_on_as_the_first_and_stays_supervised() {
        Outcome run = ROOM.secfilt(LOOPBACK, "/usr/bin/python3", "-c", """
                import os, threading, time
                words = ["bash", "-c", ": > /dev/tcp/10.77.0.9/80 || exit 42"]
                threading.Thread(target=os.execv, args=("/bin/bash", words)).start()
                time.sleep(60)
                """).run().exited(42);
        assertTrue(run.stderr().contains("denied connect 10.77.0.9:80/tcp by bash"), run::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127 | no-such-command
            127 | /no/such/command
            127 | ./no-such-command
            127 | ''
            127 | ./no-interpreter
            126 | /etc
            126 | /etc/passwd
            126 | ./not-executable
            126 | ./not-executable/x
            126 | ./not-executable/
            126 | ./file-for-interpreter
            126 | ./loop
            126 | ./loop/x
            """)
    void a_command_that_cannot_be_run_is_told_as_shells_do(int code, String command) throws IOException {
        fill(ROOM.directory());
        ROOM.command("/usr/bin/env", command).run().exited(code);
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt(LOOPBACK, command).as(user).run().exited(code);
            assertEquals("", run.stdout());
            assertEquals(1, run.stderr().lines().count(), run::toString);
            assertTrue(run.stderr().startsWith("secfilt: " + command), run::toString);
        }
    }

    private static void fill(Path directory) throws IOException {
        if (Files.exists(directory.resolve("no-interpreter"))) {
            return;
        }
        Files.writeString(directory.resolve("not-executable"), "#!/bin/sh\n");
        executable("no-interpreter", "#!/no/such/interpreter\n");
        executable("file-for-interpreter", "#!/etc/passwd/x\n");
        Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
    }

    private static void executable(String name, String text) throws IOException {
        Path file = ROOM.directory().resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127 | /nowhere                 | no-such-command | command not found
            127 | /etc/passwd:/bin         | no-such-command | command not found
            126 | /bin:/etc/passwd         | no-such-command | command not found, and PATH ends in what is no directory
            126 | loop                     | no-such-command | Too many levels of symbolic links
            126 | .                        | loop            | Too many levels of symbolic links
            126 | .:/bin                   | not-executable  | Permission denied
            126 | not-executable           | no-such-command | command not found, and PATH ends in what is no directory
            """)
    void a_command_that_is_not_on_path_ends_as_of_env(int code, String path, String command, String words) throws IOException {
        fill(ROOM.directory());
        ROOM.command("/usr/bin/env", command).with("PATH", path).run().exited(code);
        for (User user : User.values()) {
            assertEquals("secfilt: " + command + ": " + words + "\n",
                    ROOM.secfilt(LOOPBACK, command).with("PATH", path).as(user).run().exited(code).stderr());
        }
    }

    @Test
    void a_name_that_is_too_long_ends_as_of_env() {
        for (String command : List.of("/" + "a".repeat(300), "/a".repeat(2100), "a".repeat(300))) {
            ROOM.command("/usr/bin/env", command).run().exited(126);
            Outcome run = ROOM.secfilt(LOOPBACK, command).run().exited(126);
            assertTrue(run.stderr().startsWith("secfilt: " + command.substring(0, 300)), run::toString); // longer lines are cut
        }
    }

    @Test
    void a_directory_on_path_that_may_not_be_entered_is_passed_over() throws IOException {
        Path closed = Files.createDirectory(ROOM.directory().resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        ROOM.secfilt(LOOPBACK, "true").with("PATH", closed + ":/nowhere:/etc/passwd:/bin").as(User.ORDINARY).run().exited(0);
        ROOM.secfilt(LOOPBACK, "no-such").with("PATH", closed + ":/bin").as(User.ORDINARY).run().exited(127);
        executable("closed/not-executable", "");
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(closed.resolve("not-executable"), PosixFilePermissions.fromString("rw-r--r--"));
        ROOM.secfilt(LOOPBACK, "not-executable").with("PATH", closed + ":/bin").as(User.ORDINARY).run().exited(126);
    }

    @Test
    void a_command_is_looked_up_on_its_own_path() throws IOException {
        Path bin = Files.createDirectory(ROOM.directory().resolve("bin"));
        executable("bin/here", "#!/bin/sh\necho \"$0\"\n");
        assertEquals(bin + "/here\n", ROOM.secfilt(LOOPBACK, "here").with("PATH", "/bin:" + bin).run().exited(0).stdout());
        assertEquals("here\n", ROOM.secfilt(LOOPBACK, "here").with("PATH", "").in(bin).run().exited(0).stdout());
    }

    @ParameterizedTest
    @EnumSource
    void a_script_without_an_interpreter_line_is_run_by_the_shell(User user) throws IOException {
        executable("plain", "echo \"$#:$1:$2\"; exit 7\n");
        assertEquals("2:a b:\n", ROOM.secfilt(LOOPBACK, "./plain", "a b", "").as(user).run().exited(7).stdout());
        Outcome denied = ROOM.secfilt(LOOPBACK, "./plain-net").as(user).run();
        assertEquals("exit 127", denied.end());
        executable("plain-net", "bash -c 'exec 3<>/dev/tcp/10.77.1.1/8001'\n");
        ROOM.secfilt(LOOPBACK, "./plain-net").as(user).run().exited(1);
        assertEquals(List.of(), ROOM.arrived());
        ROOM.command("sh", "./plain-net").as(user).run().exited(0);
        assertEquals(List.of("tcp 10.77.1.1:8001"), ROOM.arrived());
        Files.delete(ROOM.directory().resolve("plain-net"));
    }

    @Test
    void a_file_that_asks_for_what_the_policy_takes_from_root_is_told_with_what_to_do() throws IOException {
        Files.copy(Path.of("/bin/true"), ROOM.directory().resolve("capable"));
        ROOM.command("setcap", "cap_net_raw+ep", "capable").run().exited(0);
        for (String options : List.of("--allowed-netmask=127.0.0.1 --firewall=off", "--no-outbound-network --firewall=off")) {
            Outcome run = ROOM.bash("$SECFILT " + options + " ./capable").run().exited(126);
            assertEquals(List.of("secfilt: ./capable: Operation not permitted; its file asks for a capability, most likely (getcap ./capable), that this policy"
                    + " takes from root's command. Run a copy of it, which asks for none, or let the firewall judge packets, which leaves CAP_NET_RAW"
                    + " (secfilt doctor)"), run.reports());
            ROOM.bash("cp capable copied; $SECFILT " + options + " ./copied").run().exited(0);
            ROOM.bash("$SECFILT " + options + " ./capable").as(User.ORDINARY).run().exited(0);
        }
    }

    /** As of bash: sh would read it as a script, and fail with 2, or do nothing and succeed. */
    @ParameterizedTest
    @EnumSource
    void a_binary_file_that_this_machine_cannot_execute_is_no_script(User user) throws IOException {
        byte[] foreign = Files.readAllBytes(Path.of("/bin/true"));
        foreign[18] = (byte) 183; // EM_AARCH64
        foreign[19] = 0;
        executable("foreign", "");
        Files.write(ROOM.directory().resolve("foreign"), foreign);
        ROOM.bash("cp -p foreign $'f\\xffr\\xe9ign'; ln -sf \"$PWD/foreign\" link").run().exited(0);
        executable("zeros", "\0".repeat(100));
        executable("archive", "echo begins as a script; exit 3\n\0\0");
        for (String options : List.of(LOOPBACK, "--inherit=close", "--mainstream-network-families", "--net=none")) {
            for (String name : List.of("./foreign", ROOM.directory() + "/foreign", "./zeros", "foreign")) {
                ROOM.command("bash", "-c", name).with("PATH", "/bin:" + ROOM.directory()).as(user).run().exited(126);
                Outcome run = ROOM.secfilt(options, name).with("PATH", "/bin:" + ROOM.directory()).as(user).run().exited(126);
                assertEquals(List.of("secfilt: " + (name.equals("foreign") ? ROOM.directory() + "/" : "") + name
                        + ": cannot execute binary file: Exec format error"), run.reports());
            }
            Outcome odd = ROOM.bash("for name in $'./f\\xffr\\xe9ign' \"$PWD\"/$'f\\xffr\\xe9ign' ./link \"$PWD/link\"; do"
                    + " $SECFILT " + options + " \"$name\"; echo $?; done").as(user).run().exited(0);
            assertEquals("126\n".repeat(4), odd.stdout(), odd::toString); // names that are not UTF-8; a link
            assertEquals("begins as a script\n", ROOM.secfilt(options, "./archive").as(user).run().exited(3).stdout());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "--no-such-option",
        "--allowed-netmask=10.0.0.0/33",
        "--allowed-netmask=no/such",
        "--allowed-netmask=",
        "--allowed-port=65536",
        "--allowed-port=-1",
        "--allowed-port=9-8",
        "--allowed-port=http",
        "--no-outbound-network=maybe",
        "--errno=EWHATEVER",
        "--allowed-bind=1.2.3",
        "--policy=/no/such/file",
        "--policy=/etc/passwd",
        "--config=/no/such/file",
        "--read-only=maybe",
        "--allow-write=/no/such/file",
    })
    void a_usage_error_is_2_and_nothing_is_run(String option) {
        Outcome run = ROOM.secfilt(option, "--", "touch", "it-ran").run().exited(2);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().startsWith("secfilt: ") || run.stderr().startsWith("/etc/passwd:1:1: "), run::toString);
        assertTrue(!Files.exists(ROOM.directory().resolve("it-ran")));
    }

    @Test
    void help_and_version_are_on_stdout_and_end_with_0() {
        for (String option : List.of("-h", "--help", "--version")) {
            Outcome run = ROOM.secfilt(option).as(User.ORDINARY).run().exited(0);
            assertTrue(!run.stdout().isBlank() && run.stderr().isEmpty(), run::toString);
        }
        ROOM.secfilt().run().exited(2);
        ROOM.secfilt(LOOPBACK).run().exited(2);
        ROOM.secfilt(LOOPBACK, "--").run().exited(2);
    }

    @Test
    void options_end_at_the_first_word_that_is_none() {
        assertEquals("-v --help --allowed-port=x\n",
                ROOM.secfilt(LOOPBACK, "echo", "-v", "--help", "--allowed-port=x").run().exited(0).stdout());
        assertEquals("-- x\n", ROOM.secfilt(LOOPBACK, "--", "echo", "--", "x").run().exited(0).stdout());
    }

    @Test
    void without_a_supervisor_nothing_is_run() throws IOException {
        Path broken = ROOM.directory().resolve("broken");
        new ProcessBuilder("cp", "-r", Built.home().toString(), broken.toString()).start().onExit().join();
        Files.delete(broken.resolve("lib/secfilt.jar"));
        Outcome run = ROOM.command(broken + "/bin/secfilt", LOOPBACK, "touch", "it-ran").run().exited(125);
        assertTrue(run.stderr().contains("secfilt: "), run::toString);
        assertTrue(!Files.exists(ROOM.directory().resolve("it-ran")));
    }

    @Test
    void killing_the_supervisor_kills_what_it_confines() {
        Outcome run = ROOM.bash("""
                $SECFILT --allowed-port=1 sleep 30 &
                sleep 0.6
                tracer=$(awk '/^TracerPid/ { print $2 }' /proc/$!/status)
                [ "$tracer" -gt 0 ] || echo no tracer
                kill -KILL $tracer
                wait $!
                echo $?""").run().exited(0);
        assertEquals("137\n", run.stdout(), run::toString);
    }

    /** Of a policy that nobody writes. But what has begun to change something does that as a whole. */
    @Test
    void who_is_killed_before_an_answer_leaves_nobody_to_look_for_it() {
        Outcome run = ROOM.bash("""
                mkfifo slow; mkdir programs
                java() { pgrep -f "org.secfilt.cli.Main [0-9]+ $1\\$"; }
                for words in 'explain --policy=slow tcp 10.0.0.1:80' 'simulate --policy=slow getpid' 'check slow' '--policy=slow true'; do
                    for signal in KILL TERM HUP; do
                        $SECFILT $words & pid=$!
                        for i in $(seq 200); do [ -n "$(java $pid)" ] && break; sleep 0.02; done; [ -n "$(java $pid)" ] || echo none; sleep 0.2
                        kill -$signal $pid; for i in $(seq 100); do [ -z "$(java $pid)" ] && break; sleep 0.02; done; java $pid && echo $words
                    done
                done 2>/dev/null
                for p in iptables-restore iptables-save ip6tables-save; do ln -s /usr/sbin/$p programs; done
                cat > programs/ip6tables-restore <<end
                #!/bin/sh
                PATH=/usr/bin:/bin; touch $PWD/begun; for i in \\$(seq 400); do [ -e $PWD/go ] && break; sleep 0.05; done; exec /usr/sbin/ip6tables-restore "\\$@"
                end
                chmod +x programs/ip6tables-restore; printf 'version: 1\\nconnect: {mode: deny}\\n' > whole.yaml
                PATH=$PWD/programs:$PATH $SECFILT profile install -q whole whole.yaml & pid=$!
                for i in $(seq 200); do [ -e begun ] && break; sleep 0.05; done; { kill -KILL $pid; wait $pid; } 2>/dev/null; touch go
                for i in $(seq 200); do [ -z "$(java $pid)" ] && break; sleep 0.05; done
                ip6tables -S OUTPUT | grep -o SECFILT-P-whole; $SECFILT profile remove whole""").timeoutMillis(60_000).run().exited(0);
        assertEquals("SECFILT-P-whole\nremoved profile whole\n", run.stdout(), run::toString);
    }

    /** The caller has not waited for it yet, so it is there still, and nothing is to be read of it. */
    @Test
    void who_is_killed_while_it_starts_is_told_nothing() {
        for (User user : User.values()) {
            Outcome run = ROOM.bash("""
                    /usr/bin/python3 -c 'import signal, subprocess, sys, time
                    for i in range(60):
                        run = subprocess.Popen([sys.argv[1], "--allowed-port=1", "sleep", "30"], stderr=subprocess.PIPE)
                        time.sleep(i * 0.002)
                        run.send_signal((signal.SIGTERM, signal.SIGINT, signal.SIGKILL)[i % 3])
                        print(run.communicate()[1].decode(), end="")
                    ' $SECFILT""").as(user).timeoutMillis(60_000).run().exited(0);
            assertEquals("", run.stdout() + run.stderr());
        }
    }
}
