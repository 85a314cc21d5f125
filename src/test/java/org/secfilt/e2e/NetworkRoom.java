package org.secfilt.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.secfilt.Reachable;
import org.secfilt.Requirements;

/**
 * Two network namespaces joined by a veth pair, for the tests of one class: commands run <em>inside</em>, and a receiver
 * in each tells which traffic arrived. Use it as a static {@code @RegisterExtension} field.
 *
 * <p>Inside has 10.77.1.2 and fd77:1::2, and its default routes lead to the outside namespace, which has all the other
 * addresses named here and leads nowhere: no packet leaves the two. All of it is removed when the class is done, when the
 * tests' JVM is ended early, or by the next room after a JVM that was killed.
 */
public final class NetworkRoom implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    /** The peer's address on the joined network. */
    public static final String NEAR = "10.77.1.1";
    public static final String NEAR6 = "fd77:1::1";
    /** An address of the peer's in another network. */
    public static final String FAR = "10.77.2.1";
    public static final String FAR6 = "fd77:2::1";
    /** An address of the peer's that is neither private nor local (RFC 5737, RFC 3849). */
    public static final String PUBLIC = "198.51.100.1";
    public static final String PUBLIC6 = "2001:db8::1";
    /** Where clouds serve their metadata; here the peer's too. */
    public static final String METADATA = "169.254.169.254";
    /** On the near network, and silent: nor does the kernel find that nobody is there. */
    static final String SILENT = "10.77.1.98";
    /** The commands' own addresses. */
    public static final String INSIDE = "10.77.1.2";
    public static final String INSIDE6 = "fd77:1::2";
    /** Ports with an echo service for TCP and UDP, outside and inside, at every address. */
    public static final int PORT = 8001;
    public static final int OTHER_PORT = 8002;
    public static final int THIRD_PORT = 8090;

    private static final String[] SERVICES = {"23", "53", "80", "8001", "8002", "8090"};
    private static final String PREFIX = "sfroom-";
    private static final AtomicInteger ROOMS = new AtomicInteger();

    /** What the tests of a class need in the room's directory. */
    public interface Furnishing {
        /** Once, when the room is there. */
        void furnish(NetworkRoom room) throws IOException;
    }

    private final Furnishing furnishing;
    private final String name = PREFIX + ProcessHandle.current().pid() + "-" + ROOMS.incrementAndGet();
    private final Thread removal = new Thread(this::remove);
    private final List<Process> services = new ArrayList<>();
    private Path directory;
    private Receiver outside;
    private Receiver inside;

    public NetworkRoom() {
        this(room -> {});
    }

    public NetworkRoom(Furnishing furnishing) {
        this.furnishing = furnishing;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Requirements.kernel();
        Requirements.root();
        for (String program : List.of("ip", "python3", "bash")) {
            Requirements.program(program);
        }
        removeStale();
        Runtime.getRuntime().addShutdownHook(removal);
        try {
            directory = Files.createTempDirectory("secfilt-room");
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String out = outsideName();
        String in = insideName();
        ip("netns add " + out);
        ip("netns add " + in);
        ip("-n " + in + " link add veth0 type veth peer name veth0 netns " + out);
        for (String namespace : List.of(out, in)) {
            ip("-n " + namespace + " link set lo up");
            ip("-n " + namespace + " link set veth0 up");
        }
        for (String address : List.of(NEAR + "/24", FAR + "/24", PUBLIC + "/24", METADATA + "/32",
                NEAR6 + "/64 nodad", FAR6 + "/64 nodad", PUBLIC6 + "/64 nodad")) {
            ip("-n " + out + " addr add " + address + " dev veth0");
        }
        ip("-n " + in + " addr add " + INSIDE + "/24 dev veth0");
        ip("-n " + in + " addr add " + INSIDE6 + "/64 dev veth0 nodad");
        ip("-n " + in + " neigh add " + SILENT + " lladdr 02:00:00:00:00:98 dev veth0 nud permanent");
        ip("-n " + in + " route add default via " + NEAR);
        ip("-n " + in + " -6 route add default via " + NEAR6);
        outside = new Receiver(out, "veth0", SERVICES);
        inside = new Receiver(in, "lo", SERVICES);
        try {
            furnishing.furnish(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        outside.arrived();
        inside.arrived();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        remove();
        Runtime.getRuntime().removeShutdownHook(removal);
    }

    /** What came to the outside namespace since this was last asked, as {@code tcp 10.77.1.1:8001}, in order. */
    public List<String> arrived() {
        return outside.arrived();
    }

    /** What came over the inside's own loopback interface (and so to its own addresses) since this was last asked. */
    public List<String> arrivedInside() {
        return inside.arrived();
    }

    /** A command to be run inside as it is. */
    public Command command(String... words) {
        return new Command(insideName(), directory, List.of(words));
    }

    /** A command to be run outside, as it is. */
    public Command commandOutside(String... words) {
        return new Command(outsideName(), directory, List.of(words));
    }

    /** A bash script to be run inside, with the program's path in {@code $SECFILT}. */
    public Command bash(String script, String... arguments) {
        List<String> words = new ArrayList<>(List.of("bash", "-c", script, "bash"));
        words.addAll(List.of(arguments));
        return new Command(insideName(), directory, words);
    }

    /** The built secfilt with these words: options, then a command. */
    public Command secfilt(String... words) {
        List<String> all = new ArrayList<>(List.of(Built.program().toString()));
        all.addAll(List.of(words));
        return new Command(insideName(), directory, all);
    }

    /** Starts a server outside, which must say a line on stdout when it is ready; it is ended with the room. */
    public Process serveOutside(String... words) {
        return serve(outsideName(), words);
    }

    /** Starts a command inside, which must say a line on stdout when it is ready; {@link #end} it. */
    public Process startInside(String... words) {
        return serve(insideName(), words);
    }

    /** Kills such a command, and waits until it is gone. */
    public void end(Process server) {
        server.destroyForcibly();
        try {
            server.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process serve(String namespace, String... words) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        all.addAll(List.of(words));
        try {
            Process server = new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            services.add(server);
            if (server.inputReader().readLine() == null) {
                throw new IllegalStateException(all + " did not get ready");
            }
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A directory that is gone with the room, writable by everyone. */
    public Path directory() {
        return directory;
    }

    /** Runs {@code ip} on the inside namespace, such as {@code route add blackhole 10.77.9.0/24}. */
    public void ipInside(String words) {
        ip("-n " + insideName() + " " + words);
    }

    /** Makes this the inside's {@code /etc/resolv.conf} for commands that start later. */
    public void resolvConf(String text) {
        try {
            Files.createDirectories(etc());
            Files.writeString(etc().resolve("resolv.conf"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path etc() {
        return Path.of("/etc/netns", insideName());
    }

    private String insideName() {
        return name + "-in";
    }

    private String outsideName() {
        return name + "-out";
    }

    private void remove() {
        for (Process service : services) {
            service.destroyForcibly();
        }
        for (Receiver receiver : Arrays.asList(outside, inside)) {
            if (receiver != null) {
                receiver.close();
            }
        }
        removeNamespace(insideName());
        removeNamespace(outsideName());
        Reachable.remove(etc());
        if (directory != null) {
            Reachable.remove(directory);
        }
    }

    private static void removeNamespace(String namespace) {
        if (Files.exists(Path.of("/run/netns", namespace))) {
            ip("netns del " + namespace);
        }
    }

    /** Removes the rooms of test runs that were killed. */
    private static void removeStale() {
        for (Path where : List.of(Path.of("/run/netns"), Path.of("/etc/netns"))) {
            if (!Files.isDirectory(where)) {
                continue;
            }
            try (Stream<Path> rooms = Files.list(where)) {
                for (Path room : rooms.toList()) {
                    String found = room.getFileName().toString();
                    if (!found.startsWith(PREFIX)
                            || ProcessHandle.of(Long.parseLong(found.split("-")[1])).isPresent()) {
                        continue;
                    }
                    removeNamespace(found);
                    Reachable.remove(Path.of("/etc/netns", found));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void ip(String words) {
        List<String> all = new ArrayList<>(List.of("ip"));
        all.addAll(List.of(words.split(" ")));
        try {
            Process ip = new ProcessBuilder(all).redirectErrorStream(true).start();
            String said = new String(ip.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!ip.waitFor(10, TimeUnit.SECONDS) || ip.exitValue() != 0) {
                throw new IllegalStateException("ip " + words + ": " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("ip " + words, e);
        }
    }
}
