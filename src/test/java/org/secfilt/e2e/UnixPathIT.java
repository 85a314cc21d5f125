package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paths of unix sockets that lead nowhere: many programs ask for services that most hosts do not have, and that is no denial. */
class UnixPathIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String PLACES = "rm -rf places; mkdir -m 755 places; mkdir -m 700 places/shut; : > places/file;";

    /** No more than to the caller itself: root may search everywhere. */
    @ParameterizedTest
    @CsvSource({"none", "none/socket", "file/socket", "shut/socket"})
    void where_nothing_is_the_kernel_says_so_and_nothing_is_told(String place) throws IOException {
        Files.writeString(ROOM.directory().resolve("unix.yaml"), "version: 1\nunix: {mode: deny}\n");
        ROOM.bash(PLACES).run().exited(0);
        for (User user : User.values()) {
            String path = ROOM.directory() + "/places/" + place;
            String[] words = {"/usr/bin/python3", Built.fixture("unix-paths.py"), path};
            String without = ROOM.command(words).as(user).run().exited(0).stdout();
            assertTrue(without.contains("sendto stream ENOTSUP\n") && without.contains("sendto stream joined EISCONN\n"), without);
            for (String option : List.of("--no-outbound-network", "--policy=unix.yaml")) {
                Outcome run = ROOM.secfilt(option, "--violation-exit=77", words[0], words[1], words[2]).as(user).run().exited(0);
                assertEquals(without, run.stdout(), run::toString);
                assertEquals("", run.stderr(), run::toString);
            }
        }
    }

    @Test
    void where_something_is_it_stays_denied_and_told() {
        ROOM.bash(PLACES).run().exited(0);
        String path = ROOM.directory() + "/places/file";
        Outcome run = ROOM.secfilt("--no-outbound-network", "/usr/bin/python3", Built.fixture("unix-paths.py"), path).run().exited(0);
        assertTrue(run.stdout().contains("connect stream EPERM\nsendto stream EPERM\n"), run::toString);
        assertTrue(run.stderr().contains("denied connect unix:" + path + " by python3"), run::toString);
    }

    /** Who has changed to a deep directory names its sockets by short names. */
    @Test
    void a_deep_directory_is_as_good_as_any() throws IOException {
        String script = """
                import os, socket
                server = socket.socket(socket.AF_UNIX)
                for i in range(12):
                    os.makedirs('d' * 90, exist_ok=True)
                    os.chdir('d' * 90)
                if os.path.exists('s'):
                    os.remove('s')
                server.bind('s')
                server.listen()
                datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                if os.path.exists('d'):
                    os.remove('d')
                datagrams.bind('d')
                for kind, name in (socket.SOCK_STREAM, 's'), (socket.SOCK_DGRAM, 'd'), (socket.SOCK_STREAM, 'd'), (socket.SOCK_STREAM, 'none'):
                    client = socket.socket(socket.AF_UNIX, kind)
                    try:
                        client.connect(name)
                        print(client.getpeername(), client.send(b'x'))
                    except OSError as e:
                        print(e)
                """;
        String place = ROOM.directory() + "/deep";
        ROOM.bash("rm -rf deep; mkdir -m 777 deep").run().exited(0);
        for (User user : User.values()) {
            String inside = "import os\nos.chdir('" + place + "')\n" + script;
            String without = ROOM.command("/usr/bin/python3", "-c", inside).as(user).run().exited(0).stdout();
            assertEquals("s 1\nd 1\n[Errno 91] Protocol wrong type for socket\n[Errno 2] No such file or directory\n", without);
            for (String unix : List.of("{mode: deny, allow: [" + place + "/**]}", "{deny: [/nowhere]}")) {
                Files.writeString(ROOM.directory().resolve("deep.yaml"), "version: 1\nunix: " + unix + "\n");
                Outcome run = ROOM.secfilt("--policy=deep.yaml", "/usr/bin/python3", "-c", inside).as(user).run().exited(0);
                assertEquals(without, run.stdout(), run::toString);
                assertEquals("", run.stderr(), run::toString);
            }
            Files.writeString(ROOM.directory().resolve("deep.yaml"), "version: 1\nunix: {deny: [" + place + "/**/s]}\n");
            Outcome run = ROOM.secfilt("--policy=deep.yaml", "/usr/bin/python3", "-c", inside).as(user).run().exited(0);
            assertTrue(run.stdout().startsWith("[Errno 1] Operation not permitted\nd 1\n"), run::toString);
            ROOM.bash("rm -rf deep/*").run().exited(0);
        }
    }

    /** So programs name a socket whose path is too long for an address. */
    @Test
    void a_path_may_lead_through_a_descriptor() throws IOException {
        Files.writeString(ROOM.directory().resolve("fds.yaml"), "version: 1\nunix: {deny: [/nowhere]}\n");
        String script = """
                import os, socket, sys, tempfile
                place = tempfile.mkdtemp()
                server = socket.socket(socket.AF_UNIX)
                server.bind(place + '/s')
                server.listen()
                directory, file, null = os.open(place, os.O_PATH), os.open(place + '/s', os.O_PATH), os.open('/dev/null', os.O_RDONLY)
                pipe = os.pipe()
                for name in (f'self/fd/{directory}/s', f'thread-self/fd/{directory}//s', f'{os.getpid()}/fd/{directory}/s', f'self/fd/{file}',
                        f'self/fd/{directory}/../{os.path.basename(place)}/s', f'self/fd/{directory}', f'self/fd/{null}', f'self/fd/{pipe[1]}',
                        f'self/fd/{server.fileno()}', f'self/fd/{null}/s', f'self/fd/{directory}/none', 'self/fd/99', 'self/fd/99/s'):
                    client = socket.socket(socket.AF_UNIX)
                    try:
                        client.connect('/proc/' + name)
                        print(client.getpeername() == place + '/s')
                    except OSError as e:
                        print(e)
                """;
        for (User user : User.values()) {
            String without = ROOM.command("/usr/bin/python3", "-c", script).as(user).run().exited(0).stdout();
            assertTrue(without.startsWith("True\nTrue\nTrue\nTrue\nTrue\n[Errno 111]"), without);
            Outcome run = ROOM.secfilt("--policy=fds.yaml", "/usr/bin/python3", "-c", script).as(user).run().exited(0);
            assertEquals(without, run.stdout(), run::toString);
            assertEquals("", run.stderr(), run::toString);
        }
    }

    /** A relative name is short, and what it leads to may be; a socket of another family asks for the length of its own. */
    @Test
    void a_socket_of_another_family_answers_as_ever() throws IOException {
        Files.writeString(ROOM.directory().resolve("tmp.yaml"), "version: 1\nunix: {mode: deny, allow: [/tmp]}\n");
        String script = """
                import ctypes, errno, itertools, os, socket
                libc = ctypes.CDLL(None, use_errno=True)
                os.chdir('/')
                address = b'\\1\\0tmp'.ljust(110, b'\\0')
                for family, kind, length in itertools.product((2, 10), (1, 2), (110, 28, 24, 16, 15, 6, 5)):
                    for call in libc.connect, lambda fd, *name: libc.sendto(fd, b'x', 1, 0, *name):
                        s = socket.socket(family, kind)
                        print(family, kind, length, call(s.fileno(), address, length), errno.errorcode[ctypes.get_errno()])
                """;
        for (User user : User.values()) {
            String without = ROOM.command("/usr/bin/python3", "-c", script).as(user).run().exited(0).stdout();
            assertTrue(without.startsWith("2 1 110 -1 EAFNOSUPPORT\n") && without.contains("10 1 110 -1 EAFNOSUPPORT\n"), without);
            Outcome run = ROOM.secfilt("--policy=tmp.yaml", "/usr/bin/python3", "-c", script).as(user).run().exited(0);
            assertEquals(without, run.stdout(), run::toString);
        }
    }

    /** More sockets than one part of the kernel's answer tells of, and few of them at a path, so that it is not certain what a part has left out. */
    @Test
    void on_a_busy_host_servers_and_what_they_left_behind_answer_as_ever() throws IOException {
        Files.writeString(ROOM.directory().resolve("busy.yaml"), "version: 1\nunix: {deny: [/nowhere]}\n");
        String script = """
                import os, resource, socket, tempfile
                resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
                os.chdir(tempfile.mkdtemp())
                others = [socket.socketpair() for _ in range(1500)]
                servers = [socket.socket(socket.AF_UNIX, kind) for _ in range(5) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
                kinds = [server.type for server in servers]
                for i, server in enumerate(servers):
                    server.bind(str(i))
                    if server.type == socket.SOCK_STREAM:
                        server.listen()
                for again in range(2):
                    print([socket.socket(socket.AF_UNIX, kind).connect_ex(str(i)) for i, kind in enumerate(kinds)])
                    for server in servers:
                        server.close()
                """;
        String without = ROOM.command("/usr/bin/python3", "-c", script).run().exited(0).stdout();
        assertTrue(without.startsWith("[0, 0,") && without.contains("[111, 111,"), without);
        Outcome run = ROOM.secfilt("--policy=busy.yaml", "/usr/bin/python3", "-c", script).run().exited(0);
        assertEquals(without, run.stdout(), run::toString);
        assertEquals("", run.stderr(), run::toString);
    }

    /** The supervisor sees more than a command that has given up its rights. */
    @Test
    void what_another_user_may_not_see_is_not_told() {
        ROOM.bash(PLACES + ": > places/shut/file").run().exited(0);
        for (String place : List.of("shut/file", "shut/none")) {
            Outcome run = ROOM.secfilt("--no-outbound-network", "setpriv", "--reuid=54771", "--regid=54771", "--clear-groups", "/usr/bin/python3",
                    Built.fixture("unix-paths.py"), ROOM.directory() + "/places/" + place).run().exited(0);
            assertTrue(run.stdout().contains("connect stream EPERM\nsendto stream EPERM\n"), run::toString);
        }
    }

    @Test
    void who_looks_up_users_on_a_host_without_nscd_is_denied_nothing() {
        Outcome run = ROOM.bash("mount -t tmpfs none /run; \"$SECFILT\" --no-outbound-network ls -l / > /dev/null && \"$SECFILT\" --no-outbound-network id -un")
                .run().exited(0);
        assertEquals("root\n", run.stdout());
        assertEquals("", run.stderr());
    }
}
