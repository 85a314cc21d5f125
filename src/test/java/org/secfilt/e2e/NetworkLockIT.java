package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that change a network namespace wait for each other, and for nobody else. */
class NetworkLockIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String HOLD = "import fcntl; f = open('/proc/self/ns/net'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()";

    @RegisterExtension
    static final NatState STATE = new NatState(ROOM);

    /** The namespace itself can be opened, and so locked, by everybody. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--allowed-port=8001"})
    void nobody_else_can_hold_a_run_up(String options) {
        Outcome run = ROOM.bash("""
                coproc setpriv --reuid=%d --regid=%d --clear-groups /usr/bin/python3 -c "$1"; read -u ${COPROC[0]} held; echo $held
                $SECFILT --net=nat --publish=81:80 %s bash -c 'exec 3<>/dev/tcp/10.77.1.1/8001 && echo reached'
                left() { iptables-save -t nat | grep 'dport 81'; ip -o link | grep sfn; ls /run | grep secfilt-network-$(stat -L -c %%i /proc/self/ns/net); }
                for i in $(seq 400); do [ -z "$(left)" ] && echo undone && break; sleep 0.05; done
                echo >&${COPROC[1]} && wait $COPROC_PID && echo held all the time
                """.formatted(Command.ORDINARY_UID, Command.ORDINARY_UID, options), HOLD).timeoutMillis(120_000).run();
        assertEquals("held\nreached\nundone\nheld all the time\n", run.stdout(), run::toString);
        ROOM.arrived();
    }

    /** While rules are made; by then it is there. */
    @Test
    void the_lock_is_a_file_that_root_alone_can_open() {
        Outcome run = ROOM.bash("""
                mkdir -p slow; for p in iptables-save ip6tables-restore ip6tables-save iptables ip6tables; do ln -sf /usr/sbin/$p slow/$p; done
                cat > slow/iptables-restore <<end
                #!/bin/sh
                PATH=/usr/bin:/bin; touch $PWD/begun; for i in \\$(seq 400); do [ -e $PWD/go ] && break; sleep 0.05; done; exec /usr/sbin/iptables-restore "\\$@"
                end
                chmod +x slow/iptables-restore
                PATH=$PWD/slow:$PATH $SECFILT --net=nat true & run=$!
                for i in $(seq 400); do [ -e begun ] && break; sleep 0.05; done
                file=/run/secfilt-network-$(stat -L -c %i /proc/self/ns/net).lock; stat -c '%a %u' $file
                flock -n $file true || echo held; setpriv --reuid=54771 --regid=54771 --clear-groups flock -n $file true 2>&1 | grep -o 'Permission denied'
                touch go; wait $run; echo $?
                for i in $(seq 400); do [ "$(ip -o link | grep -c sfn)" = 0 ] && [ ! -e $file ] && echo gone && break; sleep 0.05; done""").run();
        assertEquals("600 0\nheld\nPermission denied\n0\ngone\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--net=nat --allowed-port=8001 true", "gc -q"})
    void locks_that_a_crash_has_left_are_removed_and_others_stay(String later) {
        Outcome run = ROOM.bash("""
                mount -t tmpfs none /run; touch /run/secfilt-network-1.lock /run/secfilt-network-2.lock /run/secfilt-network-$(stat -L -c %%i /proc/self/ns/net).lock
                chmod 600 /run/*.lock; exec 5< /run/secfilt-network-2.lock; flock 5; $SECFILT %s; ls /run/*.lock""".formatted(later)).run().exited(0);
        assertEquals("/run/secfilt-network-2.lock\n", run.stdout(), run::toString);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            mount -t tmpfs -o ro none /run | 0
            mount -t tmpfs -o ro none /run; coproc /usr/bin/python3 -c "$1"; read -u ${COPROC[0]} held | 125
            mount -t tmpfs none /run; touch /run/secfilt-network-$(stat -L -c %i /proc/self/ns/net).lock; chown 54771 /run/*.lock; exec 5< /run/*.lock; flock 5 | 0
            """)
    void where_no_such_file_can_be_the_namespace_is_held_and_who_waits_too_long_is_told(String where, int code) {
        Outcome run = ROOM.bash(where + "; $SECFILT --net=nat true; echo $?; [ -z $COPROC_PID ] || echo >&${COPROC[1]}", HOLD).timeoutMillis(120_000).run().exited(0);
        assertEquals(code + "\n", run.stdout(), run::toString);
        assertEquals(code == 0 ? List.of() : List.of("secfilt: flock(/proc/self/ns/net): another process has held this network's lock for 20 seconds"),
                run.reports(), run::toString);
    }
}
