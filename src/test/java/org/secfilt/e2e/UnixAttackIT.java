package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;

/** Other names for a denied unix socket, judged at the socket. The races for one: {@link UnixRaceIT}. */
class UnixAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String SERVE = Fixtures.compile("path-race").toString();
    private static final String ALIAS = Fixtures.compile("mount-alias").toString();

    /** The same, bare: it does reach them. */
    @ParameterizedTest
    @EnumSource(User.class)
    void a_directory_of_another_mount_namespace_leads_past_any_path(User user) {
        Outcome run = ROOM.bash(UnixRaceIT.OUTSIDE + "\"$2\" \"$PWD/in\" \"$PWD/out\"" + UnixRaceIT.TELL, SERVE, ALIAS).as(user).run();
        assertTrue(run.stdout().startsWith("relative stream ok\nrelative dgram ok\ndescriptor stream ok\ndescriptor dgram ok\nexit 0\nready\n"), run::toString);
        assertTrue(run.stdout().contains("a connection came"), run::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ROOT | {mode: deny, allow: [$PWD/in/**]}", "ROOT | {deny: [$PWD/out/*]}",
        "ORDINARY | {mode: deny, allow: [$PWD/in/**]}", "ORDINARY | {deny: [$PWD/out/*]}",
    })
    void a_directory_of_another_mount_namespace_is_none_to_name_a_socket_from(User user, String rules) {
        String script = UnixRaceIT.OUTSIDE + "printf 'version: 1\\nunix: %s\\n' \"" + rules + "\" > unix.yaml\n"
                + "\"$SECFILT\" --policy=unix.yaml \"$2\" \"$PWD/in\" \"$PWD/out\"" + UnixRaceIT.TELL;
        Outcome run = ROOM.bash(script, SERVE, ALIAS).as(user).run();
        assertEquals("relative stream EPERM\nrelative dgram EPERM\ndescriptor stream EPERM\ndescriptor dgram EPERM\nexit 0\nready\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("secfilt: 4 calls denied"), run::toString);
    }

    /** As below /var/run, which is a link to /run: the rule names the same, and is followed when it is read. */
    @ParameterizedTest
    @CsvSource({"ROOT, out", "ROOT, real", "ORDINARY, out", "ORDINARY, real"})
    void a_socket_that_was_bound_below_a_link_is_known_by_another_name_too(User user, String named) {
        String script = """
                cd "$(mktemp -d)"; chmod 755 .; trap 'rm -rf "$PWD"' EXIT; mkdir in real; ln -s real out
                "$1" serve "$PWD/out" > arrived & server=$!
                until grep -q ready arrived; do sleep 0.02; done
                ln real/stream in/stream; ln real/dgram in/dgram
                printf 'version: 1\\nunix: {deny: [%s]}\\n' "$PWD/$3/stream, $PWD/$3/dgram" > unix.yaml
                "$SECFILT" -q --policy=unix.yaml /usr/bin/python3 -c "$2\"""";
        String client = """
                import socket
                print(socket.socket(socket.AF_UNIX).connect_ex('in/stream'))
                try:
                    print('sent', socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', 'in/dgram'))
                except OSError as e:
                    print(e.errno)
                """;
        Outcome run = ROOM.bash(script + UnixRaceIT.TELL, SERVE, client, named).as(user).run();
        assertEquals("1\n1\nexit 0\nready\n", run.stdout(), run::toString);
    }
}
