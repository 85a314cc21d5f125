package org.secfilt.cli;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.secfilt.abi.Arch;
import org.secfilt.doctor.Look;
import org.secfilt.kernel.Kernel;
import org.secfilt.plan.HostFirewall;
import org.secfilt.sandbox.PacketFilter;

/** This host, for the process that the user started. */
final class HostLook implements Look {
    private static final int MAX_BYTES = 1 << 20;
    private static final List<String> DIRECTORIES =
            List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");
    /** A start takes a tenth of a second; a loaded machine may take fifty times that. */
    private static final int TRIAL_SECONDS = 30;

    private final Kernel kernel;
    private final int pid;
    private final PacketFilter filter;
    private final HostFirewall firewall;

    HostLook(Kernel kernel, int pid, PacketFilter filter) {
        this.filter = filter;
        this.firewall = filter.host();
        this.kernel = kernel;
        this.pid = pid;
    }

    @Override
    public Optional<String> read(String path) {
        try (InputStream in = new FileInputStream(path)) {
            return Optional.of(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<String> program(String name) {
        for (String directory : DIRECTORIES) {
            Path file = Path.of(directory, name);
            if (Files.isExecutable(file)) {
                try {
                    return Optional.of(file.toRealPath().toString());
                } catch (IOException e) {
                    return Optional.of(file.toString());
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public int landlockAbi() {
        return kernel.securityModules().landlockAbi();
    }

    @Override
    public HostFirewall firewall() {
        return firewall;
    }

    @Override
    public boolean changesNetwork() {
        return filter.mayChangeNetwork();
    }

    @Override
    public boolean changesParameters() {
        return Files.isWritable(Path.of("/proc/sys/net/ipv4/ip_forward"));
    }

    @Override
    public boolean makesCgroups() {
        return filter.mayMakeCgroup();
    }

    @Override
    public boolean makesProfiles() {
        return filter.profiles().mayMake();
    }

    @Override
    public boolean root() {
        return kernel.processStatus().permittedCapabilities(pid) != 0;
    }

    @Override
    public String processor() {
        return Arch.current().toString();
    }

    @Override
    public String status() {
        return read("/proc/" + pid + "/status").orElse("");
    }

    @Override
    public int java() {
        return Runtime.version().feature();
    }

    @Override
    public Optional<String> refusedCall() {
        return kernel.supervisor().refusedCall();
    }

    /** The caller's own program file, once more. No tracee of ours is there that waiting for a child could disturb. */
    @Override
    public String trial() {
        Optional<String> command = program("true");
        if (command.isEmpty()) {
            return "there is no command 'true' to try it with";
        }
        try {
            String self = Path.of("/proc/" + pid + "/exe").toRealPath().toString();
            Path said = freshFile();
            try {
                return trial(new ProcessBuilder(self, "-q", "--no-outbound-network", "--", command.get()), said);
            } finally {
                Files.deleteIfExists(said);
            }
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    /** Where /tmp is read-only, in memory. */
    private static Path freshFile() throws IOException {
        try {
            return Files.createTempFile("secfilt-doctor", "");
        } catch (IOException e) {
            return Files.createTempFile(Path.of("/dev/shm"), "secfilt-doctor", "");
        }
    }

    private static String trial(ProcessBuilder command, Path said) throws IOException, InterruptedException {
        Process run = command.redirectErrorStream(true).redirectInput(Path.of("/dev/null").toFile()).redirectOutput(said.toFile()).start();
        if (!run.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS)) {
            run.destroyForcibly();
            return "it had not ended after " + TRIAL_SECONDS + " s";
        }
        String words = Files.readString(said, StandardCharsets.ISO_8859_1).strip();
        return run.exitValue() == 0 ? "" : words.isEmpty() ? "exit code " + run.exitValue() : words.lines().findFirst().orElseThrow();
    }
}
