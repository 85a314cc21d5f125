package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.secfilt.e2e.ProfileHost.GROUP;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is open when a command starts in a profile of net_cls, and carries traffic that the profile's class is not on. */
class ProfileInheritIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(ProfileHost::furnish);

    @RegisterExtension
    static final ProfileHost HOST = new ProfileHost(ROOM);

    /** Says which of the descriptors 5 to 9 are open. */
    private static final String SEE = "for fd in 5 6 7 8 9; do [ -e /proc/self/fd/$fd ] && echo $fd; done; true";

    /** Whose kinds are opened by root, whoever the command's user is. */
    private static Outcome inherit(User user, String kinds, String options, String command) {
        String become = user == User.ROOT ? "" : "setpriv --reuid=54771 --regid=54771 --clear-groups ".replace("54771", "" + Command.ORDINARY_UID);
        return ROOM.bash("""
                $SECFILT profile install -q t near.yaml %s || exit 99
                exec /usr/bin/python3 %s %s -- %s$SECFILT --profile=t %s bash -c "$1"
                """.formatted(GROUP, Built.fixture("inherit.py"), kinds, become, options), command)
                .with("PATH", Backend.NFT.path(ROOM)).run();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ring    | an io_uring submits calls that no filter sees
            packet  | a socket of family packet
            waiting | a socket with connections from before the profile that wait to be accepted
            tun     | a tunnel's end takes whole packets
            """)
    void what_the_class_is_not_on_is_closed_or_kept_or_refused(String kind, String why) {
        for (User user : User.values()) {
            Outcome run = inherit(user, kind, "", SEE);
            assertEquals("exit 0 " + List.of("secfilt: closed inherited descriptor 5: " + why), run.end() + " " + run.reports() + run.stdout());
            run = inherit(user, kind, "--inherit=keep", SEE);
            assertEquals("exit 0 " + List.of("secfilt: kept inherited descriptor 5: " + why) + "5\n", run.end() + " " + run.reports() + run.stdout());
            run = inherit(user, kind, "--inherit=refuse", SEE);
            assertEquals("exit 2 secfilt: inherited descriptor 5: " + why, run.end() + " " + run.reports().get(0) + run.stdout());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ring    | an io_uring submits calls that no filter sees
            packet  | a socket of family packet
            waiting | a socket with connections from before the profile that wait to be accepted
            """)
    void as_standard_input_it_has_the_run_refused(String kind, String why) {
        for (User user : User.values()) {
            Outcome run = inherit(user, "stdin:" + kind, "", "echo ran");
            assertEquals("exit 2 " + List.of("secfilt: descriptor 0 (standard input): " + why + "; nothing was run; write --inherit=keep to let it have that"),
                    run.end() + " " + run.reports() + run.stdout());
            run = inherit(user, "stdin:" + kind, "--inherit=keep", "echo ran");
            assertEquals("exit 0 []ran\n", run.end() + " " + run.reports() + run.stdout());
        }
    }

    @ParameterizedTest
    @EnumSource
    void what_the_class_is_on_stays(User user) {
        Outcome run = inherit(user, "udp listen pair file stdin:tcp", "", SEE);
        assertEquals("exit 0 []5\n6\n7\n8\n", run.end() + " " + run.reports() + run.stdout());
    }

    /** Nor may root's command make one; an ordinary user's has no filter. */
    @Test
    void roots_command_makes_none_of_mptcp() {
        Outcome run = inherit(User.ROOT, "file", "", "exec /usr/bin/python3 -c 'import socket; socket.socket(2, 1, 262)' 2>&1 | tail -1");
        assertEquals("PermissionError: [Errno 1] Operation not permitted\n", run.stdout(), run::toString);
    }

    /** The kernel's own sockets below it are in no table of descriptors. */
    @Test
    void what_listens_by_mptcp_is_closed() {
        Outcome run = inherit(User.ORDINARY, "mptcp", "", SEE);
        assertEquals(List.of("secfilt: closed inherited descriptor 5: a socket of MPTCP or SMC from before the profile, which has no say over"
                + " connections below it"), run.reports());
        assertEquals("", run.stdout());
    }

    /** One that is accepted is disconnected, and then connected elsewhere. */
    @ParameterizedTest
    @EnumSource
    void a_connection_that_waited_reaches_nobody(User user) {
        String reach = """
                exec /usr/bin/python3 -c '
                import ctypes, socket
                s = socket.socket(fileno=5).accept()[0]
                ctypes.CDLL(None).connect(s.fileno(), bytes(16), 16)
                s.connect(("10.77.2.1", 8001))
                s.send(b"x")'""";
        inherit(user, "waiting", "--inherit=keep", reach);
        assertEquals(List.of("tcp 10.77.2.1:8001"), ROOM.arrived());
        inherit(user, "waiting", "", reach);
        assertEquals(List.of(), ROOM.arrived());
    }
}
