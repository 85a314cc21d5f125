package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/**
 * The sockets of a process that is moved into a profile of net_cls, or out: they come along, wherever they are among its descriptors, or that
 * is told.
 */
class AssignSocketsIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(ProfileHost::furnish);

    @RegisterExtension
    static final ProfileHost HOST = new ProfileHost(ROOM);

    /**
     * {@code start shared|parted|ended [words of a command to run it by]}: a process whose second thread shares the descriptors of the first
     * one, has parted from them, or goes on when that has ended; {@code say} has that thread send by its old socket, and tells what became of
     * it. {@code blind} is secfilt run by a root who may not look at another user's descriptors.
     */
    private static final String OWN = """
            cat > own.py <<'END'
            import ctypes, errno, os, socket, sys, threading, time
            from turns import turns
            libc = ctypes.CDLL(None)
            def work():
                if sys.argv[1] == "parted" and libc.unshare(0x400): # CLONE_FILES
                    os._exit(9)
                old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); old.connect(("10.77.2.1", 8001))
                os.write(1, b"%d\\n" % os.getpid())
                for turn in turns():
                    try: old.send(b"x"); said = "ok"
                    except OSError as e: said = errno.errorcode[e.errno]
                    os.write(1, said.encode() + b"\\n")
                os._exit(0)
            threading.Thread(target=work).start()
            if sys.argv[1] == "ended": libc.syscall(60, 0) # exit, of this thread alone
            time.sleep(20)
            END
            $SECFILT profile install -q t near.yaml || exit 99
            start() { whose=$1; shift; : > go; exec 5< <(timeout 20 "$@" python3 own.py $whose); read -t 9 pid <&5; sleep 0.2; }
            say() { echo x >> go; read -t 9 said <&5; echo $said; }
            blind() { setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace --reuid 0 $SECFILT "$@"; }
            """;
    private static final String LEFT_BEHIND = "secfilt: process P cannot be moved: sockets of its thread T, which has descriptors that the first one has not,"
            + " would stay behind: pidfd_getfd(T): EPERM (Operation not permitted)\n";
    private static final String HOP = Fixtures.compile("hop-descriptors").toString();

    /** Of a thread that parted from the first one's, and of one that goes on where the first has ended. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"shared, ''", "parted, ''", "ended, ''", "parted, $SECFILT -q --policy protocol.yaml", "ended, $SECFILT -q --policy protocol.yaml"})
    void sockets_follow_whoevers_descriptors_they_are_among(String whose, String under) {
        Outcome run = ROOM.bash(OWN + """
                start $1 %s; say
                $SECFILT assign t $pid; say; $SECFILT assign --out $pid; say
                echo end >> go; wait; $SECFILT profile list""".formatted(under), whose).timeoutMillis(60_000).run().exited(0);
        assertEquals("ok\nEPERM\nok\nNAME  PROCESSES  WHO MAY ENTER\nt     0          root\n", run.stdout(), run::toString);
        HOST.assertArrivedFar(2, run);
    }

    /** A rule of the host's own sees which class a socket has, when no profile is left. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"shared, ''", "parted, ''", "ended, ''", "parted, $SECFILT -q --policy protocol.yaml", "ended, $SECFILT -q --policy protocol.yaml"})
    void no_socket_stays_in_a_profile_that_is_forced_away(String whose, String under) {
        Outcome run = ROOM.bash(OWN + """
                start $1 %s; $SECFILT assign t $pid; say
                class=$($SECFILT profile show t | sed -n 's/^class *//p'); $SECFILT profile remove t --force
                iptables -I OUTPUT -m cgroup --cgroup $((class)) -j DROP; say; iptables -D OUTPUT -m cgroup --cgroup $((class)) -j DROP
                echo end >> go; wait""".formatted(under), whose).timeoutMillis(60_000).run().exited(0);
        assertEquals("EPERM\nremoved profile t\nok\n", run.stdout(), run::toString);
        HOST.assertArrivedFar(1, run);
    }

    @Test
    void none_is_forced_away_whose_sockets_nobody_can_bring_along() {
        Outcome run = ROOM.bash(OWN + """
                start parted setpriv --reuid 65534 --clear-groups; $SECFILT assign t $pid
                blind profile remove t --force 2>&1 | sed "s/$pid/P/; s/[0-9]\\+/T/g"; say
                $SECFILT profile list | tail -1; echo end >> go; wait""").timeoutMillis(60_000).run();
        assertEquals(LEFT_BEHIND + "EPERM\nt     1          root\n", run.stdout(), run::toString);
        HOST.assertArrivedFar(0, run);
    }

    /** That is seen before anybody is moved. */
    @Test
    void nobody_is_moved_whose_sockets_nobody_can_bring_along() {
        Outcome run = ROOM.bash(OWN + """
                start parted setpriv --reuid 65534 --clear-groups
                blind assign t $pid 2>&1 | sed "s/$pid/P/; s/[0-9]\\+/T/g"; say
                echo end >> go; wait""").timeoutMillis(60_000).run();
        assertEquals(LEFT_BEHIND + "ok\n", run.stdout(), run::toString);
        HOST.assertArrivedFar(1, run);
    }

    /** To numbers that were looked at before. */
    @Test
    void a_socket_that_moves_among_the_descriptors_is_not_left_behind() {
        Outcome run = ROOM.bash("""
                $SECFILT profile install -q t near.yaml || exit 99
                for i in 1 2 3 4 5 6; do
                    rm -f moved; $1 2.5 10.77.2.1 8001 8002 moved > hopped & pid=$!; sleep 0.3
                    $SECFILT assign t $pid && touch moved; wait $pid; cat hopped
                done""", HOP).timeoutMillis(60_000).run().exited(0);
        assertEquals("0 sent, others refused\n".repeat(6), run.stdout(), run::toString);
        assertFalse(ROOM.arrived().contains("udp 10.77.2.1:8002"), run::toString);
    }

    /** The kernel looks through a thousand numbers at a time, and left it behind at one move of sixteen or so. */
    @Test
    void nor_is_one_that_moves_among_thousands() {
        Outcome run = ROOM.bash("""
                $SECFILT profile install -q t near.yaml || exit 99
                for i in 1 2 3 4 5; do
                    rm -f moved; $1 4 10.77.2.1 8001 8002 moved 15000 > hopped & pid=$!; sleep 0.3
                    $SECFILT assign t $pid && touch moved; wait $pid; cat hopped
                done""", HOP).timeoutMillis(60_000).run().exited(0);
        assertEquals("0 sent, others refused\n".repeat(5), run.stdout(), run::toString);
        assertFalse(ROOM.arrived().contains("udp 10.77.2.1:8002"), run::toString);
    }

    /** Who is traced is stopped by nobody else. */
    @Test
    void a_socket_of_a_run_that_could_be_left_behind_is_told() throws IOException {
        HOST.policy("hop.yaml", "firewall: off\nconnect:\n  allow:\n    - {port: 8002, protocol: udp}\n");
        Outcome run = ROOM.bash("""
                $SECFILT profile install -q t near.yaml || exit 99
                rm -f moved; $SECFILT -q --policy hop.yaml $1 9 10.77.2.1 0 8002 moved > hopped & pid=$!
                for i in $(seq 100); do [ $(ls /proc/$pid/task | wc -l) = 2 ] && break; sleep 0.05; done; sleep 0.2
                $SECFILT assign t $pid 2>&1 | sed "s/$pid/P/g; s/thread [0-9]*/thread T/"
                kill -STOP $pid; $SECFILT assign --out $pid && $SECFILT assign t $pid && touch moved; kill -CONT $pid; wait $pid; cat hopped""", HOP)
                .timeoutMillis(60_000).run().exited(0);
        assertEquals("secfilt: process P has been moved, but perhaps not all of its sockets that were open before: thread T never stands still, and cannot"
                + " be stopped from here, as somebody traces it; go on: kill -STOP P, move it back, and again, kill -CONT P\n0 sent, others refused\n",
                run.stdout(), run::toString);
        assertFalse(ROOM.arrived().contains("udp 10.77.2.1:8002"), run::toString);
    }
}
