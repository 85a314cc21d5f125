package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import org.secfilt.Fixtures;

/**
 * Odd places to run in, odd callers, odd limits: a script is run with {@code $RUN} empty and with it secfilt, and must say the same. Where
 * secfilt cannot work it says so plainly and runs nothing. And what a command can notice is as the README says, no more.
 */
class PlacesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final int PATIENCE_MILLIS = 60_000;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '@', quoteCharacter = '`', textBlock = """
            process 1                    @ root @ unshare -pf --mount-proc $RUN sh -c 'echo $$ $PPID; sh -c "exit 3"; echo $?'; echo $?
            process 1 has the orphans    @ root @ unshare -pf --mount-proc $RUN bash -c '(sh -c "sleep 0.1; exit 5" &); sleep 0.5; for i in {1..100}; do n=$(grep -ls "State:.Z" /proc/[0-9]*/status | wc -l); [ $n = 0 ] && break; sleep 0.05; done; echo $n; exit 4'; echo $?
            process 1 is not killed      @ root @ unshare -pf --mount-proc $RUN bash -c 'kill -TERM 1; kill -KILL 1; sleep 0.1; echo here'; echo $?
            a child of process 1         @ root @ unshare -pf --mount-proc sh -c "$RUN sh -c 'echo \\$\\$ \\$PPID; kill -9 \\$\\$'; echo \\$?"
            /proc hides processes        @ root @ unshare -m sh -c "mount -t proc -o hidepid=2 proc /proc && $RUN sh -c 'echo \\$0; exit 3'; echo \\$?"
            no /dev                      @ root @ unshare -m sh -c "mount -t tmpfs none /dev && $RUN sh -c 'echo in; ls /dev'; echo \\$?"
            another root directory       @ root @ mkdir -p root; unshare -m sh -c "mount --rbind / root && cd root/usr && chroot .. $RUN sh -c 'pwd; cd /usr && pwd'; echo \\$?"
            another user inside          @ root @ $RUN setpriv --reuid 54772 --regid 54772 --clear-groups sh -c 'id -u; id -g; kill -TERM $$'; echo $?
            a reaper of orphans          @ both @ /usr/bin/python3 -c 'import ctypes, os; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0); print(os.system(os.environ["RUN"] + " sh -c \\"(sleep 0.3; exit 3) & exit 5\\"")); exec("ends = []\\ntry:\\n while True: ends.append(os.wait()[1])\\nexcept ChildProcessError: print([end for end in ends if end], len(ends) < 4)")'
            a session of its own         @ both @ setsid -w $RUN sh -c 'ps -o pid=,sid=,pgid= -p $$ | { read a b c; [ $a = $b -a $a = $c ] && echo leader; }; exit 3'; echo $?
            nohup                        @ both @ nohup $RUN sh -c 'kill -HUP $$; echo alive' < /dev/null; echo $?
            env -i                       @ both @ env -i A=b $RUN /usr/bin/env; echo $?
            timeout around               @ both @ timeout 0.9 $RUN sh -c 'sleep 20'; echo $?
            timeout -k around            @ both @ timeout -k 0.3 1.5 $RUN bash -c 'trap "echo TERM" TERM; for i in {1..200}; do sleep 0.05; done'; echo $?
            timeout --foreground         @ both @ timeout --foreground 0.9 $RUN sleep 20; echo $?
            a pseudo-terminal            @ both @ script -qec "$RUN sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size < /dev/tty; exit 3'" /dev/null < /dev/null; echo $?
            nice                         @ both @ nice -n 5 $RUN sh -c 'nice; nice -n 3 nice'; echo $?
            ionice                       @ both @ ionice -c 3 $RUN ionice; ionice -c 2 -n 6 $RUN ionice
            processors                   @ both @ taskset -c 0 $RUN taskset -p 0 | sed 's/.*: //'; $RUN nproc
            scheduling                   @ both @ chrt -b 0 $RUN sh -c 'chrt -p $$' | sed 's/.*: //'
            umask                        @ both @ umask 0; $RUN sh -c 'umask; touch new; stat -c %a new'; rm -f new; umask 0777; $RUN sh -c umask
            a directory that is gone     @ both @ mkdir gone && cd gone && rmdir ../gone && $RUN sh -c 'ls; cd ..; echo $?' 2>&1
            a relative command           @ both @ mkdir -p d && cp /bin/echo d/e && cd d && $RUN ./e here && $RUN ../d/e there
            the name it is called by     @ both @ $RUN bash -c 'exec -a odd sh -c "exit 3" x'; echo $?; $RUN bash -c 'exec -a odd cat /proc/self/cmdline | tr "\\0" " "'
            libraries of the user        @ both @ LD_LIBRARY_PATH=/nowhere LD_PRELOAD=libc.so.6 $RUN /usr/bin/env | grep ^LD_ | sort
            a daemon                     @ both @ $RUN sh -c '(setsid sh -c "sleep 0.3; echo late > late" < /dev/null > /dev/null 2>&1 &)'; echo $?; for i in $(seq 100); do [ -s late ] && break; sleep 0.1; done; cat late
            few descriptors              @ both @ ulimit -n 30; $RUN /usr/bin/python3 -c 'import os; exec("n = 0\\ntry:\\n  while True: os.dup(0); n += 1\\nexcept OSError as e: print(n, e)")'
            a small file                 @ both @ ulimit -Sf 8; $RUN dd if=/dev/zero of=f bs=1k count=100 status=none; echo $?; stat -c %s f; rm f
            little time                  @ both @ ulimit -St 1; $RUN bash -c 'while :; do :; done'; echo $?
            little memory                @ both @ ulimit -Sv 300000; $RUN /usr/bin/python3 -c 'exec("try: bytearray(1 << 30)\\nexcept MemoryError: print(1)")'; echo $?
            little stack                 @ both @ ulimit -Ss 256; $RUN sh -c 'ulimit -s; ulimit -Hs'
            the longest command line     @ both @ $RUN /usr/bin/python3 $PROBE/longest.py
            2000 programs                @ both @ $RUN bash -c 'for ((i = 0; i < 2000; i++)); do /bin/true || echo bad; done; echo done'
            200 threads                  @ both @ $RUN $CROWD 200 4 127.0.0.1 8001 127.0.0.1 8002
            a full pipe inside           @ both @ $RUN bash -c '(timeout 0.4 yes; echo $? >&2) | (sleep 0.8; head -c 4)' 2>&1
            end of input                 @ both @ $RUN cat < /dev/null; echo $?; printf x | $RUN sh -c 'cat; cat; echo $?'; $RUN cat <&-; echo $?
            traps                        @ both @ $RUN bash -c 'trap "echo CHLD" CHLD; sh -c "exit 3"; echo $?; trap "echo EXIT" EXIT; kill -USR1 $$' 2>&1; echo $?
            jobs of a shell              @ both @ $RUN bash -c 'sleep 20 & sh -c "sleep 0.3; exit 4" & wait -n; echo $?; kill %1; wait %1; echo $?; set -m; (kill -STOP $BASHPID; exit 6) & while ! jobs | grep -q Stopped; do sleep 0.05; done; kill -CONT %%; wait %%; echo $?' 2>/dev/null
            coprocesses                  @ both @ $RUN bash -c 'coproc cat; echo hi >&${COPROC[1]}; read -u ${COPROC[0]} a; echo $a; exec {COPROC[1]}>&-; wait; echo $?'
            """)
    void a_script_says(String subject, String who, String script) throws IOException {
        for (User user : User.values()) {
            if (user == User.ORDINARY && who.equals("root")) {
                continue;
            }
            Outcome bare = run(script, "", user);
            Outcome under = run(script, Built.program() + " --policy=" + policy() + " --", user);
            assertNotEquals("", bare.stdout(), bare::toString);
            assertEquals(bare.stdout() + bare.end(), under.stdout() + under.end(), () -> user + ": " + bare + "\n" + under);
            assertEquals(List.of(), under.reports());
        }
    }

    private static Outcome run(String script, String prefix, User user) throws IOException {
        Path home = Files.createTempDirectory(ROOM.directory(), "place");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        return ROOM.bash(script).as(user).in(home).with("RUN", prefix).with("HOME", home.toString())
                .with("CROWD", Fixtures.compile("crowd").toString()).with("PROBE", Path.of(Built.fixture("longest.py")).getParent().toString())
                .timeoutMillis(PATIENCE_MILLIS).run();
    }

    private static Path policy() throws IOException {
        Path policy = ROOM.directory().resolve("all.yaml");
        if (!Files.exists(policy)) {
            Files.writeString(policy, """
                    version: 1
                    connect: {mode: deny, allow: [0.0.0.0/0, "::/0"]}
                    bind: {mode: deny, allow: [0.0.0.0/0, "::/0"]}
                    unix: {mode: allow, deny: [/no/such/socket]}
                    """);
            Files.setPosixFilePermissions(policy, PosixFilePermissions.fromString("rw-r--r--"));
        }
        return policy;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '@', quoteCharacter = '`', textBlock = """
            no /proc                    @ root @ unshare -m sh -c "mount -t tmpfs none /proc; $SECFILT --allowed-port=1 echo it ran" @ there is no /proc here
            the /proc of others         @ root @ unshare -pf $SECFILT --allowed-port=1 echo it ran @ /proc is that of another PID namespace
            within another              @ both @ $SECFILT --allowed-port=1 $SECFILT --allowed-port=2 echo it ran @ secfilt: another secfilt (java[
            within another, hidden      @ root @ $SECFILT --firewall=off --allowed-port=1 unshare -pf --mount-proc $SECFILT --allowed-port=2 echo it ran @ within another secfilt, or a container that forbids that call, secfilt can hold no policy. Nothing was run
            within one without a tracer @ both @ $SECFILT --mainstream-network-families $SECFILT --allowed-port=2 echo it ran @ within another secfilt, or a container that forbids that call, secfilt can hold no policy. Nothing was run
            a /tmp within another       @ root @ $SECFILT --allowed-port=1 $SECFILT --private-tmp echo it ran @ secfilt: mount(/tmp): EPERM (Operation not permitted); the other secfilt that this one runs within forbids it. Give that one --private-tmp. Nothing was run
            a /tmp within read-only     @ both @ $SECFILT --read-only $SECFILT --private-tmp echo it ran @ (Permission denied); the other secfilt that this one runs within forbids it. Give that one --private-tmp. Nothing was run
            no descriptor               @ both @ ulimit -n 4; $SECFILT --allowed-port=1 echo it ran @ Too many open files
            hardly a descriptor         @ both @ ulimit -n 12; $SECFILT --allowed-port=1 echo it ran @ Too many open files
            a directory that is no text @ both @ d=$(mktemp -d)/$(printf '\\376'); cp -r "${SECFILT%/bin/*}" "$d" && "$d/bin/secfilt" --allowed-port=1 echo it ran; c=$?; rm -r "${d%/*}"; exit $c @ a directory whose name is no UTF-8, from where java loads no library; install it elsewhere
            no room for the vault       @ both @ (ulimit -f 0; $SECFILT --allowed-port=1 echo it ran 2>&1) | cat >&2; exit ${PIPESTATUS[0]} @ is there a limit on the size of files
            """)
    void where_it_cannot_work_it_says_why_and_runs_nothing(String subject, String who, String script, String why) {
        for (User user : User.values()) {
            if (user == User.ROOT || who.equals("both")) {
                Outcome run = ROOM.bash(script).as(user).run().exited(125);
                assertEquals("", run.stdout());
                assertTrue(run.stderr().startsWith("secfilt: ") && run.stderr().contains(why) && !run.stderr().contains("\tat "), run::toString);
            }
        }
    }

    /** A user who runs nothing else: all the processes and threads of one count. What fails first is another thing at each number. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5, 8, 10, 12, 15, 18, 20, 21, 22})
    void with_too_few_threads_it_says_so_in_one_line_and_runs_nothing(int limit) {
        Outcome run = ROOM.bash("setpriv --reuid=54990 --regid=54990 --clear-groups bash -c 'ulimit -u " + limit
                + "; exec $SECFILT --allowed-port=1 echo it ran'").run();
        if (run.end().equals("exit 0")) { // a java that does with fewer
            assertTrue(limit >= 20, run::toString);
            return;
        }
        run.exited(125);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().startsWith("secfilt: ") && run.stderr().contains("ulimit -u") && run.stderr().lines().count() == 1, run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-n 4", "-n 5", "-n 6", "-n 7", "-n 8", "-n 9", "-n 10", "-v 20000", "-v 100000", "-v 200000", "-v 300000", "-s 20"})
    void with_too_little_else_it_names_the_limit_in_one_line(String limit) {
        Outcome run = ROOM.bash("ulimit " + limit + "; exec $SECFILT --policy=" + Built.policy("ci-job.yaml") + " echo it ran").as(User.ORDINARY).run()
                .exited(125);
        assertEquals("", run.stdout());
        assertTrue(run.stderr().startsWith("secfilt: ") && run.stderr().contains("ulimit " + limit.substring(0, 2))
                && run.stderr().lines().count() == 1, run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void within_another_it_still_explains_itself_and_runs_what_needs_no_policy(User user) {
        assertTrue(ROOM.bash("$SECFILT --allowed-port=1 $SECFILT --version").as(user).run().exited(0).stdout().startsWith("secfilt "));
        assertEquals("plain\n", ROOM.bash("$SECFILT --allowed-port=1 $SECFILT echo plain").as(user).run().exited(0).stdout());
    }

    @ParameterizedTest
    @EnumSource
    void a_debugger_inside_is_refused_and_told(User user) {
        Outcome run = ROOM.secfilt("--allowed-port=1", "/usr/bin/python3", "-c", """
                import ctypes, os, sys
                libc = ctypes.CDLL(None, use_errno=True)
                for request in (0, 16, 0x4206):  # TRACEME, ATTACH, SEIZE
                    print(libc.ptrace(request, os.getppid(), 0, 0), os.strerror(ctypes.get_errno()))
                """).as(user).run().exited(0);
        assertEquals("-1 Operation not permitted\n".repeat(3), run.stdout());
        assertTrue(run.reports().get(0).contains("denied ptrace by python3["), run::toString);
        assertTrue(run.stderr().contains("a process has one tracer"), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void a_stderr_that_nobody_reads_delays_the_end_by_seconds_at_most(User user) {
        Outcome run = ROOM.command("/usr/bin/python3", "-c", """
                import os, subprocess, time
                reader, writer = os.pipe()
                os.set_blocking(writer, False)
                try:
                    while True: os.write(writer, b"x" * 4096)
                except BlockingIOError: pass
                os.set_blocking(writer, True)
                start = time.monotonic()
                run = subprocess.run([os.environ["SECFILT"], "--allowed-port=1", "bash", "-c",
                                      "for i in {10..60}; do exec 3<>/dev/tcp/127.0.0.1/$i; done 2>/dev/null; echo out; exit 3"],
                                     stdout=subprocess.PIPE, stderr=writer)
                print(run.returncode, run.stdout, time.monotonic() - start < 15)
                """).as(user).timeoutMillis(PATIENCE_MILLIS).run().exited(0);
        assertEquals("3 b'out\\n' True\n", run.stdout());
    }

    @Test
    void a_set_user_id_program_inside_gains_nothing() throws IOException {
        Path program = ROOM.directory().resolve("set-user-id");
        Files.copy(Path.of("/usr/bin/id"), program);
        new ProcessBuilder("chmod", "4755", program.toString()).start().onExit().join();
        assertEquals("0\n", ROOM.command(program.toString(), "-u").as(User.ORDINARY).run().exited(0).stdout());
        assertNotEquals("0\n", ROOM.secfilt("--allowed-port=1", program.toString(), "-u").as(User.ORDINARY).run().exited(0).stdout());
    }

    /** As a set-user-id program has it: the kernel shows such a process to nobody. */
    @Test
    void who_calls_as_two_users_is_told_so() {
        Outcome run = ROOM.command("/usr/bin/python3", "-c", "import os, sys; os.setresuid(65534, 65533, 65533); os.execv(sys.argv[1], sys.argv[1:])",
                Built.program().toString(), "--allowed-netmask=127.0.0.0/8", "true").with("HOME", "/tmp").run().exited(125);
        assertEquals(1, run.reports().size(), run::toString);
        assertTrue(run.stderr().contains("the real and the effective user or group differ"), run::toString);
    }
}
