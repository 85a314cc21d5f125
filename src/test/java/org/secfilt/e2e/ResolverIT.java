package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The resolvers of a machine that are asked by unix sockets: ways to names, which {@code resolv} opens, and nothing else opens by itself. */
class ResolverIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    /**
     * Runs the words after the user's name under a /run of its own, in which a server listens at each path; it says on standard output
     * which were connected to, and by which program: the supervisor looks up who it is. "ip netns exec" has made a mount namespace for us.
     */
    private static final String WITH_SERVERS = """
            mount -t tmpfs -o mode=755 none /run; mount -t tmpfs -o mode=755 none /var/lib
            /usr/bin/python3 "$SERVERS" $PATHS > told &
            server=$!
            until [ -s told ]; do sleep 0.01; done
            setpriv --reuid "$1" --regid "$1" --clear-groups -- "${@:2}"
            kill $server; wait $server
            cat told""";

    private static final String RESOLVERS = "/run/nscd/socket /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss";
    /** Of services that run programs for who asks them. */
    private static final String WAYS_OUT = "/run/docker.sock /run/containerd/containerd.sock /run/podman/podman.sock /run/crio/crio.sock"
            + " /run/systemd/private /run/systemd/io.systemd.Manager /run/dbus/system_bus_socket /run/user/54771/bus /run/user/54771/systemd/private"
            + " /run/user/54771/docker.sock /run/libvirt/libvirt-sock /run/snapd.socket"
            + " /run/user/54771/tmux-54771/default";

    private static List<String> asked(User user, String policy, String... command) throws IOException {
        return askedOf(RESOLVERS + " /run/docker.sock", user, policy, command);
    }

    private static List<String> askedOf(String paths, User user, String policy, String... command) throws IOException {
        Files.writeString(ROOM.directory().resolve("policy.yaml"), "version: 1\n" + policy + "\n");
        List<String> words = new ArrayList<>(List.of(user == User.ROOT ? "0" : "54771", Built.program().toString(), "-q", "--policy=policy.yaml"));
        words.addAll(List.of(command));
        String program = Path.of(command[0]).getFileName().toString();
        return ROOM.bash(WITH_SERVERS, words.toArray(new String[0])).with("SERVERS", Built.fixture("unix-servers.py")).with("PATHS", paths)
                .run().exited(0).stdout().lines().filter(line -> line.startsWith(program + " ")).map(line -> line.substring(program.length() + 1))
                .distinct().toList();
    }

    @ParameterizedTest
    @EnumSource
    void the_c_library_asks_nscd_where_resolv_is_true(User user) throws IOException {
        ROOM.resolvConf("nameserver 10.77.1.1\n");
        assertEquals(List.of("/run/nscd/socket"),
                asked(user, "mode: deny\nunix: {mode: deny}\nresolv: true", "/usr/bin/getent", "ahostsv4", "some.example"));
        assertEquals(List.of(), asked(user, "unix: {mode: deny}", "/usr/bin/getent", "ahostsv4", "some.example"));
    }

    private static final String BIND_FIRST = """
            import socket
            def told(of, call):
                try: call(); print(of, "ok")
                except OSError as e: print(of, e.strerror)
            for family, any, server in (socket.AF_INET, "0.0.0.0", "10.77.1.1"), (socket.AF_INET6, "::", "fd77:1::1"):
                s = socket.socket(family, socket.SOCK_DGRAM)
                s.settimeout(5)
                told("bind", lambda: s.bind((any, 0)))
                told("query", lambda: s.sendto(b"x", (server, 53)))
                told("fixed", lambda: socket.socket(family, socket.SOCK_DGRAM).bind((any, 5353)))
                told("tcp", lambda: socket.socket(family).bind((any, 0)))
                told("listen", lambda: socket.socket(family).listen())
            """;

    /** As dig, host and musl: the query's socket gets its port before it is used. */
    @ParameterizedTest
    @CsvSource({"ROOT, auto", "ORDINARY, auto", "ROOT, off", "ORDINARY, off"})
    void a_resolver_that_binds_first_asks_where_resolv_is_true(User user, String firewall) throws IOException {
        ROOM.resolvConf("nameserver 10.77.1.1\nnameserver fd77:1::1\n");
        Files.writeString(ROOM.directory().resolve("names.yaml"), "version: 1\nmode: deny\nresolv: true\n");
        String no = " Operation not permitted\n";
        String family = "bind ok\nquery ok\nfixed" + no + "tcp" + no + "listen" + no;
        for (String options : List.of("--policy=names.yaml", "--allow-resolv --allowed-netmask=127.0.0.1 --allowed-bind=127.0.0.1:1")) {
            List<String> words = new ArrayList<>(List.of("-q", "--firewall=" + firewall));
            words.addAll(List.of(options.split(" ")));
            words.addAll(List.of("/usr/bin/python3", "-c", BIND_FIRST));
            assertEquals(family + family, ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout(), options);
            assertEquals(List.of("udp 10.77.1.1:53", "udp [fd77:1::1]:53"), ROOM.arrived());
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            unix: {mode: deny}, resolv: true          | /run/nscd/socket /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss
            unix: {mode: deny}, resolv: false         | ''
            unix: {allow: [/run/x]}, resolv: true     | /run/nscd/socket /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss
            unix: {mode: deny, deny: [/run/nscd/*]}, resolv: true | /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss
            unix: {mode: allow}, resolv: true         | /run/nscd/socket /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss /run/docker.sock
            include: CI                               | /run/nscd/socket /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss
            include: CI, resolv: false                | ''
            include: CI, unix: {deny: [/run/nscd/*]}  | /run/systemd/resolve/io.systemd.Resolve /var/lib/sss/pipes/nss
            """)
    void resolv_opens_the_resolvers_and_no_other_socket(String policy, String open) throws IOException {
        String text = policy.replace("}, ", "}\n").replace("CI, ", "CI\n").replace("CI", Built.policy("ci-job.yaml").toString());
        List<String> asked = asked(User.ORDINARY, text, "/usr/bin/python3", "-c", """
                import socket
                for path in "/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve", "/var/lib/sss/pipes/nss", "/run/docker.sock":
                    try:
                        s = socket.socket(socket.AF_UNIX)
                        s.connect(path)
                        s.recv(1)  # until the server has seen who it is
                    except PermissionError:
                        pass""");
        assertEquals(open.isEmpty() ? List.of() : List.of(open.split(" ")), asked);
    }

    @ParameterizedTest
    @EnumSource
    void a_ci_job_reaches_the_resolvers_and_no_service_that_runs_programs(User user) throws IOException {
        String paths = RESOLVERS + " " + WAYS_OUT;
        String connect = """
                import socket, sys
                for path in sys.argv[1].split():
                    try:
                        s = socket.socket(socket.AF_UNIX)
                        s.connect(path)
                        s.recv(1)
                    except PermissionError:
                        pass""";
        assertEquals(List.of(paths.split(" ")), askedOf(paths, user, "unix: {mode: allow}", "/usr/bin/python3", "-c", connect, paths));
        assertEquals(List.of(RESOLVERS.split(" ")),
                askedOf(paths, user, "include: " + Built.policy("ci-job.yaml"), "/usr/bin/python3", "-c", connect, paths));
        assertEquals(List.of(),
                askedOf(paths, user, "include: " + Built.policy("ci-job.yaml") + "\nresolv: false", "/usr/bin/python3", "-c", connect, paths));
    }
}
