package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Fixtures;

/** What a command does to have its supervisor wait, and with it all that this supervises. Memory that comes late is {@link SlowPageIT}'s. */
class StallAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /** A socket's flags and options are its own, while the supervisor acts on it. */
    @ParameterizedTest
    @CsvSource({
        "flip, ROOT", "linger, ROOT", "closing, ROOT", "queue, ROOT", "deadline, ROOT", "shut, ROOT", "spin, ROOT",
        "flip, ORDINARY", "linger, ORDINARY", "closing, ORDINARY", "queue, ORDINARY", "deadline, ORDINARY", "shut, ORDINARY", "spin, ORDINARY",
    })
    void a_command_cannot_have_it_wait(String way, User user) {
        Outcome run = ROOM.secfilt("--allowed-netmask=127.0.0.1", Fixtures.compile("stall").toString(), way, "4").as(user).timeoutMillis(60_000).run().exited(0);
        assertEquals("tried\n", run.stdout(), run::toString);
    }

    /** By the user's limit of signals that wait: those by which the supervisor wakes itself up do not count. */
    @Test
    void a_user_who_may_have_no_signals_waiting_keeps_nobody_waiting() {
        String calls = """
                import socket, struct, threading, time
                limit = struct.pack("qq", 1, 0)
                def others():
                    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    for i in range(20): udp.sendto(b"x", ("127.0.0.1", 9)); time.sleep(0.1)
                    print("others sent")
                other = threading.Thread(target=others); other.start()
                tcp = socket.socket(); tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
                try: tcp.connect(("10.77.1.99", 9))
                except OSError as e: print(e.strerror)
                other.join()""";
        Outcome run = ROOM.bash("ulimit -i 0; exec $SECFILT --allowed-netmask=127.0.0.0/8 --allowed-netmask=10.77.1.0/24 /usr/bin/python3 -c \"$1\"", calls)
                .as(User.ORDINARY).timeoutMillis(30_000).run().exited(0);
        assertEquals(List.of("Operation now in progress", "others sent"), run.stdout().lines().toList(), run::toString);
    }

    /** Memory that it reads may wait for a thread that was just made, and whose first stop it has not answered. */
    @Test
    void a_thread_that_was_made_is_let_go_before_it_reads_memory() {
        ROOM.command(Fixtures.compile("newborn").toString(), "100").run().exited(0);
        Outcome run = ROOM.secfilt("--allowed-netmask=127.0.0.1", Fixtures.compile("newborn").toString(), "10000").timeoutMillis(60_000).run().exited(0);
        assertEquals("sent 10000\n", run.stdout(), run::toString);
    }
}
