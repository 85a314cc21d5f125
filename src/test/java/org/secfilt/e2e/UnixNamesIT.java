package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;

/** Other names of denied unix sockets whose servers sock_diag(7) does not tell of by the file that a path leads to, and of servers that bind anew. */
class UnixNamesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String REBIND = Fixtures.compile("rebind").toString();

    private static final String SERVER = """
            import socket, sys, threading
            def serve(kind):
                s = socket.socket(socket.AF_UNIX, getattr(socket, 'SOCK_' + kind.upper()))
                s.bind(sys.argv[1] + '/' + kind)
                if kind != 'dgram':
                    s.listen(9)
                def take():
                    while True:
                        c = s if kind == 'dgram' else s.accept()[0]
                        print(kind, c.recv(9).decode() or 'ended', flush=True)
                threading.Thread(target=take).start()
            serve('stream')
            serve('dgram')
            serve('seqpacket')
            print('ready', flush=True)
            """;

    private static final String CLIENT = """
            import os, socket, sys
            for kind in 'stream', 'dgram', 'seqpacket':
                s = socket.socket(socket.AF_UNIX, getattr(socket, 'SOCK_' + kind.upper()))
                try:
                    s.connect(sys.argv[1] + '/' + kind)
                    print(kind, s.send(sys.argv[2].encode()))
                except OSError as e:
                    print(kind, e.strerror)
            """;

    /** The trap's own word for it: the directory may be another by then. */
    private static final String PLACE = "place=$(mktemp -d); trap 'rm -rf \"$place\"' EXIT; cd \"$place\"; chmod 755 .\n";

    /** Parameters: the server, the client, what the server is run by. What arrived is told at the end. */
    private static String linked(String before, String then) {
        return PLACE + before + """
                [ -d in ] || mkdir in out
                : > arrived
                $3 /usr/bin/python3 -c "$1" "$PWD/out" > arrived & server=$!
                until grep -q ready arrived; do sleep 0.02; done
                for kind in stream dgram seqpacket; do ln out/$kind in/$kind; done
                printf 'version: 1\\nunix: {deny: [%s/out/*]}\\n' "$PWD" > denied.yaml
                printf 'version: 1\\nunix: {deny: [%s/elsewhere/*]}\\n' "$PWD" > allowed.yaml
                """ + then + "\nsleep 0.2; kill $server; wait $server; sort arrived";
    }

    private static final String DENIED = "\"$SECFILT\" --policy=denied.yaml /usr/bin/python3 -c \"$2\" \"$PWD/in\" x";
    private static final String ALLOWED = "\"$SECFILT\" --policy=allowed.yaml /usr/bin/python3 -c \"$2\" \"$PWD/in\" x";
    private static final String BARE = "/usr/bin/python3 -c \"$2\" \"$PWD/in\" x";
    private static final String REFUSED =
            "stream Operation not permitted\ndgram Operation not permitted\nseqpacket Operation not permitted\n";
    private static final String REACHED = "stream 1\ndgram 1\nseqpacket 1\n";

    /** As a docker daemon without root has its socket in a network namespace of its own. */
    private static String elsewhere(User user) {
        return user == User.ROOT ? "unshare -n" : "unshare -Urn";
    }

    @ParameterizedTest
    @EnumSource
    void a_server_in_another_network_namespace_is_denied_by_a_hard_link_too(User user) {
        Outcome run = ROOM.bash(linked("", DENIED), SERVER, CLIENT, elsewhere(user)).as(user).run().exited(0);
        assertTrue(run.stdout().startsWith(REFUSED), run::toString);
        assertFalse(run.stdout().contains(" x\n"), run::toString);
        assertTrue(run.stderr().contains("secfilt: 3 calls denied"), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void one_that_is_allowed_is_reached_there(User user) {
        Outcome run = ROOM.bash(linked("", ALLOWED), SERVER, CLIENT, elsewhere(user)).as(user).run().exited(0);
        assertEquals(REACHED + "dgram x\nready\nseqpacket ended\nseqpacket x\nstream ended\nstream x\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** The one in the command's own namespace is told of, and sees no connection but the command's. */
    @ParameterizedTest
    @EnumSource
    void one_here_sees_nothing_of_it(User user) {
        Outcome run = ROOM.bash(linked("", ALLOWED), SERVER, CLIENT, "").as(user).run().exited(0);
        assertEquals(REACHED + "dgram x\nready\nseqpacket x\nstream x\n", run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** The same, bare: it does reach them. */
    @ParameterizedTest
    @EnumSource
    void without_secfilt_it_leads_there(User user) {
        Outcome run = ROOM.bash(linked("", BARE), SERVER, CLIENT, elsewhere(user)).as(user).run().exited(0);
        assertEquals(REACHED + "dgram x\nready\nseqpacket x\nstream x\n", run.stdout(), run::toString);
    }

    private static final String OVERLAY = """
            mkdir lower upper top; mount -t tmpfs tmpfs upper; mkdir upper/files upper/work
            mount -t overlay overlay -o lowerdir=lower,upperdir=upper/files,workdir=upper/work top
            mkdir top/in top/out; trap 'cd /; umount -l "$place/top" "$place/upper"; rm -rf "$place"' EXIT; cd top
            """;

    /** There stat(2) tells another device than the kernel has for the socket. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_overlay_of_two_file_systems_hides_no_server(boolean denied) {
        Outcome run = ROOM.bash("exec unshare -m bash -c \"$1\" bash \"$2\" \"$3\" ''",
                linked(OVERLAY, denied ? DENIED : ALLOWED), SERVER, CLIENT).run().exited(0);
        assertEquals(denied ? REFUSED + "ready\n" : REACHED + "dgram x\nready\nseqpacket x\nstream x\n", run.stdout(), run::toString);
        assertEquals(denied, run.stderr().contains("secfilt: 3 calls denied"), run::toString);
    }

    /** Nobody is bound to it, nobody listens, or not to the caller, or he is of another type: the kernel's own error, and nothing is told. */
    @ParameterizedTest
    @EnumSource
    void who_cannot_be_reached_there_is_no_denial(User user) {
        String place = """
                import os, socket, sys
                sockets = {name: socket.socket(socket.AF_UNIX) for name in ('dead', 'deaf', 'shut', 'full')}
                for name, s in sockets.items():
                    s.bind(name)
                    if name != 'deaf':
                        s.listen(0 if name == 'full' else 1)
                sockets['dead'].close()
                os.chmod('shut', 0)
                filler = socket.socket(socket.AF_UNIX)
                filler.connect('full')
                print('ready', flush=True)
                sys.stdin.read()
                """;
        String client = """
                import socket, sys
                def connect(name):
                    s = socket.socket(socket.AF_UNIX)
                    s.setblocking(False)
                    return s.connect_ex(name)
                print(connect('dead'), connect('deaf'), connect('shut'), connect('full'))
                def another(kind, call):
                    s = socket.socket(socket.AF_UNIX, kind)
                    try:
                        return call(s) or 0
                    except OSError as e:
                        return e.errno
                print(*[another(kind, lambda s: s.connect('deaf')) for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)],
                      *[another(kind, lambda s: s.sendto(b'x', 'deaf')) for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)],
                      another(socket.SOCK_DGRAM, lambda s: s.sendmsg([b'x'], [], 0, 'deaf')), another(socket.SOCK_DGRAM, lambda s: s.connect('dead')))
                """;
        String script = PLACE + "printf 'version: 1\\nunix: {deny: [/elsewhere/*]}\\n' > unix.yaml\n"
                + "mkfifo end; : > arrived; $3 /usr/bin/python3 -c \"$1\" < end > arrived & exec 7> end\n"
                + "until grep -q ready arrived; do sleep 0.02; done\n"
                + "\"$SECFILT\" --policy=unix.yaml /usr/bin/python3 -c \"$2\"; exec 7>&-; wait";
        Outcome run = ROOM.bash(script, place, client, elsewhere(user)).as(user).run().exited(0);
        assertEquals("111 111 " + (user == User.ROOT ? 0 : 13) + " 1\n91 91 91 107 91 111\n", run.stdout(), run::toString);
        assertTrue(run.stderr().contains("secfilt: 1 call denied"), run::toString);
        assertTrue(run.stderr().contains("the names of the sockets that are bound there cannot be told"), run::toString);
    }

    /** It binds to a name beside, and renames that over the one that is known, again and again: to who connects, it is always there. */
    @Test
    void a_server_that_binds_anew_is_found() {
        String script = PLACE + "printf 'version: 1\\nunix: {deny: [/elsewhere/*]}\\n' > unix.yaml\n"
                + "\"$SECFILT\" --policy=unix.yaml \"$1\" \"$PWD\" 3000 200";
        Outcome run = ROOM.bash(script, REBIND).timeoutMillis(60_000).run().exited(0);
        Matcher counts = Pattern.compile("([0-9]+) connected, ([0-9]+) refused, 0 failed otherwise\n").matcher(run.stdout());
        assertTrue(counts.matches() && Integer.parseInt(counts.group(2)) < 100, run::toString);
        assertEquals("", run.stderr(), run::toString);
    }
}
