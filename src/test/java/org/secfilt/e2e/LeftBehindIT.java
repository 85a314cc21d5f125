package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Traffic that stays in the class of before where a process is moved by net_cls, as nobody can bring it along, is told. */
class LeftBehindIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(Backend::prepare);

    /** Does as its word says, and stays until there is a file {@code go}, or for twenty seconds. */
    private static final String HOLDER = """
            import ctypes, os, socket, struct, sys, time
            libc = ctypes.CDLL(None, use_errno=True)
            libc.syscall.restype = ctypes.c_long
            kept = []
            def ring():
                fd = libc.syscall(425, 8, ctypes.create_string_buffer(120)) # io_uring_setup
                if fd < 0: raise OSError(ctypes.get_errno(), "io_uring_setup")
                return fd
            def register(fd, s):
                if libc.syscall(427, fd, 2, ctypes.byref(ctypes.c_int(s.fileno())), 1) < 0: # io_uring_register, IORING_REGISTER_FILES
                    raise OSError(ctypes.get_errno(), "io_uring_register")
            def listener(*kind):
                s = socket.socket(*kind); s.setsockopt(1, 2, 1); s.bind(("127.0.0.1", 9190)); s.listen(5)
                return s
            def connect(s):
                s.connect(("127.0.0.1", 9190)); return s
            def udp():
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("10.77.2.1", 8001)); return s
            def dup(s, fd):
                os.dup2(s.fileno(), fd); s.close()
            what = sys.argv[1]
            if what == "waiting": dup(listener(), 50); kept.append(connect(socket.socket()))
            if what == "waiting6":
                s = socket.socket(socket.AF_INET6); s.setsockopt(1, 2, 1); s.bind(("::", 9190)); s.listen(5); dup(s, 50); kept.append(connect(socket.socket()))
            if what == "accepted": l = listener(); kept += [l, connect(socket.socket()), l.accept()[0]]
            if what == "mptcp": l = listener(); dup(connect(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)), 50); kept += [l, l.accept()[0]]
            if what == "mptcp-listener": dup(listener(socket.AF_INET, socket.SOCK_STREAM, 262), 50)
            if what == "uring": s = udp(); fd = ring(); register(fd, s); s.close(); os.dup2(fd, 50); os.close(fd)
            if what == "uring-open": s = udp(); fd = ring(); register(fd, s); kept.append(s)
            if what == "uring-empty": ring()
            if what == "packet": dup(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300), 50)
            if what == "tun": fd = os.open("/dev/net/tun", os.O_RDWR); os.dup2(fd, 50); os.close(fd)
            open("at", "w").close()
            for i in range(400):
                if os.path.exists("go"): break
                time.sleep(0.05)
            """;
    private static final String MOVE = """
            $SECFILT profile install -q t near.yaml || exit 99
            rm -f at go; $2 python3 holder.py $1 & pid=$!; until [ -e at ]; do sleep 0.05; done
            [ -z "$2" ] || pid=$(pgrep -f '^python3 holder.py')
            for where in t --out; do $SECFILT assign $where $pid; echo $?; grep -c profile-t /proc/$pid/cgroup; done 2>&1 | sed "s/process $pid/process P/"
            touch go; wait""";

    @BeforeAll
    static void makeFiles() throws IOException {
        Files.writeString(ROOM.directory().resolve("holder.py"), HOLDER);
        Files.writeString(ROOM.directory().resolve("near.yaml"), "version: 1\nconnect:\n  allow: [" + NetworkRoom.NEAR + "]\n");
    }

    @AfterEach
    void removeAll() {
        ROOM.bash("$SECFILT profile remove t --force -q").run().exited(0);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            waiting        | the connections that waited at its descriptor 50 to be accepted, which stay in the class of before: restart it, or end those that it had by then: ss -Kt sport = :9190
            waiting6       | the connections that waited at its descriptor 50 to be accepted, which stay in the class of before: restart it, or end those that it had by then: ss -Kt sport = :9190
            mptcp          | the connections below its MPTCP or SMC socket, descriptor 50, which stay in the class of before: restart it
            mptcp-listener | the connections below its MPTCP or SMC socket, descriptor 50, which stay in the class of before: restart it
            uring          | sockets that its io_uring alone may hold, descriptor 50, which stay in the class of before: restart it
            """)
    void traffic_that_stays_behind_is_told(String what, String words) {
        Outcome run = ROOM.bash(MOVE, what, "").run().exited(0);
        String told = "secfilt: process P has been moved, but not " + words + "\n125\n";
        assertEquals(told + "1\n" + told + "0\n", run.stdout(), run::toString);
    }

    /** Outside of profiles nobody expects another thing. */
    @ParameterizedTest
    @ValueSource(strings = {"packet", "tun"})
    void what_no_profile_sees_is_told_on_the_way_in(String what) {
        Outcome run = ROOM.bash(MOVE, what, "").run().exited(0);
        assertEquals("secfilt: process P has been moved, but not what leaves by its packet socket or tunnel, descriptor 50, for no profile sees that:"
                + " restart it by secfilt --profile, which closes such\n125\n1\n0\n0\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"accepted", "uring-open", "uring-empty"})
    void where_none_does_nothing_is_told(String what) {
        assertEquals("0\n1\n0\n0\n", ROOM.bash(MOVE, what, "").run().exited(0).stdout());
    }
}
