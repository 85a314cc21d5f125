package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/** A command that is process 1 of a process namespace, as a container's is: with it the kernel kills the supervisor. */
class InitIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String DENIED = "connect 10.77.2.1:8001/tcp by bash";

    private String before = "";

    @BeforeEach
    void look() {
        before = state();
    }

    @AfterEach
    void everything_is_left_as_found() {
        assertEquals(before, state());
        assertEquals("", ROOM.secfilt("gc").run().exited(0).stdout());
    }

    private static String state() {
        return ROOM.bash("""
                for save in iptables-save iptables-legacy-save ip6tables-save ip6tables-legacy-save; do $save 2>/dev/null | grep '^-'; done
                ip -o link | grep -o 'sfn[^@]*'; cat /proc/sys/net/ipv4/conf/*/forwarding | tr -d '\\n'""").run().exited(0).stdout();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            --firewall=require                     | exit 3                       | 3
            --firewall=require --cgroups=net_cls   | exit 3                       | 3
            --net=nat --publish=10105:80           | exit 3                       | 3
            --firewall=off                         | exec sh -c "exit 4"          | 4
            --firewall=require                     | exec sh -c "exit 4"          | 4
            --firewall=require --violation-exit=77 | exit 3                       | 77
            --firewall=require                     | exec /usr/bin/python3 $FIRST | 5
            """)
    void is_told_of_at_its_end_and_leaves_nothing_behind(String options, String end, String code) {
        String first = """
                import ctypes, os, threading, time
                def last():
                    time.sleep(0.3)
                    os._exit(5)
                threading.Thread(target=last).start()
                ctypes.CDLL(None).syscall(60, 0)  # exit(2), of the first thread alone
                """;
        Outcome run = ROOM.bash("echo \"$1\" > first.py; rm -f log; unshare -pf --mount-proc $SECFILT --log=log --allowed-netmask=10.77.1.1 " + options
                + " bash -c '(exec 3<>/dev/tcp/10.77.2.1/8001) 2>/dev/null; sleep 60 & (while :; do :; done) & sleep 0.2; "
                + end.replace("$FIRST", "first.py") + "'; echo $?; grep -c '\"event\":\"end\",\"pid\":1,\"exit\":" + code + ",\"signal\":null,\"denied\":1' log", first)
                .run().exited(0);
        assertEquals(code + "\n1\n", run.stdout(), run::toString);
        assertEquals(List.of("secfilt: 1 call denied:", "secfilt:   " + DENIED + ": not in allowed-netmask",
                "secfilt: to allow it, add --allowed-netmask=10.77.2.1"), run.reports().subList(1, 4), run::toString);
    }

    @Test
    void that_is_killed_from_outside_leaves_nothing_behind() {
        Outcome run = ROOM.bash("""
                rm -f log; coproc exec unshare -pf --kill-child --mount-proc $SECFILT --log=log --firewall=require --allowed-netmask=10.77.1.1 bash -c 'echo in; sleep 60 & read'
                read -u ${COPROC[0]} in; kill -KILL $(cat /proc/$COPROC_PID/task/$COPROC_PID/children)
                wait $COPROC_PID; for i in $(seq 100); do iptables-save | grep -q SECFILT || break; sleep 0.05; done
                grep -c '"event":"end","pid":1,"exit":null,"signal":9' log""").run().exited(0);
        assertEquals("1\n", run.stdout(), run::toString);
    }

    /** The supervisor is one, for process 1 adopts it. */
    @ParameterizedTest
    @CsvSource({"--firewall=require", "--firewall=off --notifications=off", "--policy=unix.yaml"})
    void that_waits_for_all_children_hears_when_there_are_none(String options) {
        Outcome run = ROOM.bash("""
                printf 'version: 1\\nunix: {deny: [/run/x]}\\n' > unix.yaml; echo "$1" > waits.py
                for secfilt in '' "$SECFILT -q --allowed-netmask=10.77.1.1 $2"; do
                    timeout -k 1 30 unshare -pf --kill-child --mount-proc $secfilt /usr/bin/python3 -S waits.py; echo $?
                done""", """
                import os, time
                for ask in (lambda: os.wait()[0], lambda: os.waitpid(-1, os.WNOHANG)[0], lambda: os.waitpid(0, 0)[0],
                            lambda: os.waitid(os.P_ALL, 0, os.WEXITED).si_pid, lambda: (os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) or [0])[0]):
                    for i in range(3):
                        if os.fork() == 0:
                            time.sleep(i / 10)
                            os._exit(0)
                    reaped = 0
                    try:
                        while True:
                            reaped += ask() > 0
                    except ChildProcessError:
                        print(reaped)
                """, options).timeoutMillis(90_000).run().exited(0);
        assertEquals("3\n3\n3\n3\n3\n0\n".repeat(2), run.stdout(), run::toString);
    }

    @Test
    void that_waits_for_the_child_of_a_thread_that_ends_hears_of_it() {
        Outcome run = ROOM.command("unshare", "-pf", "--kill-child", "--mount-proc", Built.program().toString(), "--allowed-netmask=10.77.1.1",
                Fixtures.compile("left-children").toString(), "300").timeoutMillis(90_000).run().exited(0);
        assertEquals("0 waits without a child\n", run.stdout(), run::toString);
    }

    /** Who may have been killed before anything was heard of them. */
    @Test
    void takes_along_whom_it_has_just_made() {
        Outcome run = ROOM.bash("""
                for i in $(seq 15); do
                    unshare -pf --mount-proc $SECFILT -q --firewall=require --allowed-netmask=10.77.1.1 sh -c 'sleep 30 & setsid sleep 30 & exit 4'
                done; echo $?""").timeoutMillis(60_000).run().exited(0);
        assertEquals("4\n", run.stdout(), run::toString);
        assertEquals("", run.stderr());
    }

    @Test
    void that_another_thread_turns_into_another_program_goes_on() {
        Outcome run = ROOM.bash("""
                unshare -pf --mount-proc $SECFILT -q --firewall=require --allowed-netmask=10.77.1.1 /usr/bin/python3 -c 'import os, threading, time
                threading.Thread(target=lambda: os.execv("/bin/sh", ["sh", "-c", "sleep 0.2; for i in 1 2 3; do /bin/true; done; exit 6"])).start(); time.sleep(20)'
                echo $?""").run().exited(0);
        assertTrue(run.stdout().equals("6\n"), run::toString);
    }

    /** Root without CAP_KILL signals none of another user: it lives until process 1 is gone, and is judged so long. */
    @Test
    void lets_none_go_unjudged_that_is_left_at_its_end() {
        Outcome run = ROOM.bash("""
                unshare -pf --mount-proc setpriv --bounding-set=-kill --inh-caps=-kill $SECFILT -q --firewall=off --allowed-netmask=10.77.1.1 sh -c '
                setpriv --reuid=65534 --clear-groups /usr/bin/python3 -c "$0" & sleep 0.7; exit 3' "$1"
                echo $?""", """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                while True:
                    try:
                        s.sendmsg([b"x"], [], 0, ("10.77.2.1", 8001))
                    except OSError:
                        pass""").run().exited(0);
        assertEquals("3\n", run.stdout(), run::toString);
        assertEquals(List.of(), ROOM.arrived());
    }
}
