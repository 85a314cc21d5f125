package org.secfilt.policy.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.IpAddress;
import org.secfilt.policy.CallerFiles;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Match;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;

/** The policies that come with secfilt. */
class ShippedPoliciesTest {
    private static final Path POLICIES = Path.of("policies").toAbsolutePath();

    @Test
    void every_one_is_a_policy_and_says_what_it_does_not_stop() throws IOException, InvalidPolicyException {
        try (Stream<Path> files = Files.list(POLICIES)) {
            for (Path file : files.filter(name -> name.toString().endsWith(".yaml")).toList()) {
                assertTrue(read(file.getFileName().toString()).restrictsAddresses(), file.toString());
                assertTrue(Files.readString(file).contains("# What it does not stop:"), file.toString());
            }
        }
    }

    @Test
    void no_network_denies_everything() throws InvalidPolicyException {
        Policy policy = read("no-network.yaml");
        assertTrue(policy.noOutbound().isPresent());
        assertEquals(Mode.DENY, policy.bind().mode());
    }

    @Test
    void ci_job_allows_loopback_and_the_resolver() throws InvalidPolicyException {
        Policy policy = read("ci-job.yaml");
        assertEquals(Mode.DENY, policy.connect().mode());
        assertEquals("[127.0.0.0/8, ::1/128]", networks(policy, 0));
        assertEquals("[10.0.0.53/32]", networks(policy, 1));
        assertEquals(2, policy.connect().allow().size());
    }

    @Test
    void the_denials_of_ci_job_outlast_a_file_that_includes_it() throws IOException, InvalidPolicyException {
        MemoryFiles files = new MemoryFiles()
                .with("ci-job.yaml", Files.readString(POLICIES.resolve("ci-job.yaml")))
                .with("mine.yaml", "version: 1\ninclude: ci-job.yaml\nconnect: {allow: [169.254.0.0/16]}\nunix: {allow: [/run/**]}\n");
        Policy policy = Policy.merge(PolicyFiles.read(List.of("mine.yaml"), files), List.of());
        assertEquals("cloud metadata service", policy.connect().deny().get(0).reason().orElseThrow());
        assertEquals(read("ci-job.yaml").unix().deny().size(), policy.unix().deny().size());
        assertEquals(Mode.ALLOW, policy.unix().mode());
    }

    @Test
    void ci_job_closes_the_resolvers_of_the_machine_unless_they_are_asked_for() throws IOException, InvalidPolicyException {
        MemoryFiles files = new MemoryFiles()
                .with("ci-job.yaml", Files.readString(POLICIES.resolve("ci-job.yaml")))
                .with("mine.yaml", "version: 1\ninclude: ci-job.yaml\nresolv: false\n");
        String with = Policy.merge(PolicyFiles.read(List.of("mine.yaml"), files), List.of()).unix().deny().toString();
        String without = read("ci-job.yaml").unix().deny().toString();
        for (String path : List.of("/run/nscd/**", "/var/run/nscd/**", "/run/systemd/resolve/**", "/var/lib/sss/pipes/nss")) {
            assertTrue(with.contains("[pattern=" + path + "]") && !without.contains("[pattern=" + path + "]"), path);
        }
    }

    private static String networks(Policy policy, int rule) {
        return ((Match.Inet) policy.connect().allow().get(rule).match()).networks().toString();
    }

    private static Policy read(String name) throws InvalidPolicyException {
        List<PolicyPart> parts =
                PolicyFiles.read(List.of(name), new CallerFiles(POLICIES, ProcessHandle.current().pid()));
        return Policy.merge(parts, List.of(IpAddress.parse("10.0.0.53")));
    }
}
