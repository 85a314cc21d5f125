package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Who has no right to a port gets it by no supervisor of root's that makes the bind in its place, where other ports than the lowest ask for one, too.
 * ip(7) "ip_unprivileged_port_start"
 */
class BindRightIT {
    private static final String POLICY = "version: 1\nbind: {mode: deny, allow: [{address: 0.0.0.0/0}]}\n";

    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(room -> Files.writeString(room.directory().resolve("bind.yaml"), POLICY));

    /** Binds to 3000 and, once "raised" is there, to 6000 and 3001. */
    private static final String BINDS = """
            cat > binds.py <<'EOF'
            import os, socket, time
            def bind(port):
                try:
                    socket.socket().bind(("0.0.0.0", port))
                    print(port, "bound", flush=True)
                except OSError as e:
                    print(port, e.strerror, flush=True)
            bind(3000)
            open("first", "w").close()
            while not os.path.exists("raised"):
                time.sleep(0.02)
            bind(6000)
            bind(3001)
            EOF
            limit=/proc/sys/net/ipv4/ip_unprivileged_port_start
            """;

    /** Of the supervisor's own network, in the middle of a run; of another one, from the start. */
    private static final String RAISED = BINDS + """
            "$@" setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 binds.py & run=$!
            for i in $(seq 500); do [ -e first ] && break; sleep 0.02; done
            echo 5000 > $limit; touch raised; wait $run; code=$?; echo 1024 > $limit; exit $code
            """;
    private static final String ELSEWHERE = BINDS + """
            touch raised
            "$@" unshare -Urn bash -c "echo 5000 > $limit; exec setpriv --bounding-set=-all --inh-caps=-all /usr/bin/python3 binds.py"
            """;

    @ParameterizedTest
    @CsvSource({"true, ''", "true, auto", "true, off", "false, ''", "false, auto", "false, off"})
    void a_port_that_asks_for_a_right_is_bound_for_none_that_has_none(boolean ours, String notifications) {
        String[] secfilt = notifications.isEmpty() ? new String[0]
                : new String[] {Built.program().toString(), "-q", "--notifications=" + notifications, "--policy", ROOM.directory() + "/bind.yaml"};
        String script = "cd \"$(mktemp -d)\"; chmod 777 .; trap 'rm -rf \"$PWD\"' EXIT\n" + (ours ? RAISED : ELSEWHERE);
        Outcome run = ROOM.bash(script, secfilt).run().exited(0);
        String last = "6000 bound\n3001 Permission denied\n";
        assertEquals((ours ? "3000 bound\n" : "3000 Permission denied\n") + last, run.stdout(), run::toString);
    }
}
