package org.secfilt.policy.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.Rule;

/** What a policy file means, and how files include each other. */
class PolicyFilesTest {
    private static final String HEAD = "version: 1\n";

    @Test
    void reads_every_key_of_the_schema() throws InvalidPolicyException {
        PolicyPart part = part(HEAD + "mode: local\nerrno: ECONNREFUSED\nresolv: true\nfamilies: unix\nno-outbound-network: false\n"
                + "connect:\n  mode: deny\n  allow:\n    - 127.0.0.1:8000-8099\n    - \"[::1]:80\"\n"
                + "    - address: [loopback, 10.0.0.7/8]\n      ports: [443, 8000-8099]\n      protocol: tcp\n      reason: mirror\n"
                + "    - port: 53\n    - {protocol: udp}\n  deny: 10.0.0.9\n"
                + "unix:\n  mode: allow\n  deny:\n    - /run/*.sock\n    - \"@x*\"\n"
                + "    - path: [/a, /b/**]\n      abstract: y\n      reason: >\n        two\n        lines\n");
        assertEquals("DENY", part.connect().mode().orElseThrow().value().toString());
        assertEquals("LOCAL", part.bind().mode().orElseThrow().value().toString());
        assertEquals("ALLOW", part.unix().mode().orElseThrow().value().toString());
        assertEquals("ECONNREFUSED", part.denial().orElseThrow().value().name());
        assertEquals("[unix]", part.families().orElseThrow().allowed().toString());
        assertTrue(part.resolv().orElseThrow().value());
        assertTrue(!part.noOutbound().orElseThrow().value());
        assertEquals(List.of(
                "Inet[networks=[127.0.0.1/32], ports=[8000-8099], protocol=Optional.empty] Optional.empty p.yaml:10:7",
                "Inet[networks=[::1/128], ports=[80], protocol=Optional.empty] Optional.empty p.yaml:11:7",
                "Inet[networks=[127.0.0.0/8, ::1/128, 10.0.0.0/8], ports=[443, 8000-8099], protocol=Optional[tcp]] Optional[mirror]"
                        + " p.yaml:12:7",
                "Inet[networks=[], ports=[53], protocol=Optional.empty] Optional.empty p.yaml:16:7",
                "Inet[networks=[], ports=[], protocol=Optional[udp]] Optional.empty p.yaml:17:7"), print(part.connect().allow()));
        assertEquals(List.of("Inet[networks=[10.0.0.9/32], ports=[], protocol=Optional.empty] Optional.empty p.yaml:18:9"),
                print(part.connect().deny()));
        assertEquals(List.of(
                "UnixPath[pattern=/run/*.sock] Optional.empty p.yaml:22:7",
                "UnixAbstract[pattern=x*] Optional.empty p.yaml:23:7",
                "UnixPath[pattern=/a] Optional[two lines] p.yaml:24:14",
                "UnixPath[pattern=/b/**] Optional[two lines] p.yaml:24:18",
                "UnixAbstract[pattern=y] Optional[two lines] p.yaml:25:17"), print(part.unix().deny()));
    }

    @Test
    void reads_which_files_may_be_written() throws InvalidPolicyException {
        FileAccess.Part files = part(HEAD + "filesystem:\n  read-only: true\n  allow-write:\n    - target\n"
                + "    - path: [/dev/null, a b]\n      reason: build output\n").files();
        assertEquals(Origin.file("p.yaml", 3, 3), files.readOnly().orElseThrow().origin());
        assertTrue(files.readOnly().orElseThrow().value());
        assertEquals(Origin.file("p.yaml", 4, 3), files.implied().orElseThrow());
        assertEquals("[Writable[path=target, reason=Optional.empty, origin=p.yaml:5:7], "
                + "Writable[path=/dev/null, reason=Optional[build output], origin=p.yaml:6:14], "
                + "Writable[path=a b, reason=Optional[build output], origin=p.yaml:6:25]]", files.writable().toString());
        assertEquals("x", part(HEAD + "filesystem: {allow-write: x}\n").files().writable().get(0).path());
    }

    @Test
    void a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_with_cr_lf() throws InvalidPolicyException {
        assertEquals(Origin.file("p.yaml", 2, 7), part("\ufeff# x\r\nmode: deny\r\nversion: 1\r\n").connect().mode().orElseThrow().origin());
    }

    @Test
    void json_is_yaml() throws InvalidPolicyException {
        assertEquals(1, part("{\"version\": 1, \"connect\": {\"allow\": [\"::1\"]}}").connect().allow().size());
    }

    @Test
    void an_included_file_stands_before_the_one_that_includes_it() throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles()
                .with("d/top.yaml", HEAD + "include: [a.yaml, sub/b.yaml]\nmode: deny\n")
                .with("d/a.yaml", HEAD + "include: /abs/c.yaml\n")
                .with("d/sub/b.yaml", HEAD + "mode: allow\nconnect: {allow: [::1]}\n".replace("[::1]", "['::1']"))
                .with("/abs/c.yaml", HEAD + "mode: local\n");
        List<PolicyPart> parts = PolicyFiles.read(List.of("d/top.yaml"), files);
        List<String> modes = new ArrayList<>();
        for (PolicyPart part : parts) {
            part.connect().mode().ifPresent(mode -> modes.add(mode.value() + " " + mode.origin()));
        }
        assertEquals(List.of("LOCAL /abs/c.yaml:2:7", "ALLOW d/sub/b.yaml:2:7", "DENY d/top.yaml:3:7"), modes);
    }

    /** A run would wait for the command's standard input, and take it for a policy. */
    @Test
    void a_file_named_dash_is_no_standard_input() throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles()
                .with("top.yaml", HEAD + "include: ['-']\n")
                .with("-", HEAD + "mode: deny\n");
        for (String name : List.of("top.yaml", "./top.yaml")) {
            PolicyPart part = PolicyFiles.read(List.of(name), files).get(0);
            assertEquals("./-:2:7", part.connect().mode().orElseThrow().origin().toString());
        }
    }

    @Test
    void a_file_included_twice_brings_its_rules_once() throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles()
                .with("a", HEAD + "include: [b, c]\n")
                .with("b", HEAD + "include: ./c\n")
                .with("c", HEAD + "connect: {allow: [10.0.0.1]}\n");
        assertEquals(1, Policy.merge(PolicyFiles.read(List.of("a", "c"), files), List.of()).connect().allow().size());
    }

    @Test
    void says_where_files_include_each_other_in_a_circle() {
        MemoryFiles files = new MemoryFiles()
                .with("a.yaml", HEAD + "include: [b.yaml, ./a.yaml, none.yaml]\nmode: x\n")
                .with("b.yaml", HEAD + "include: a.yaml\n");
        assertEquals(
                "a.yaml:2:19: the file includes itself: a.yaml -> ./a.yaml\n"
                        + "include: [b.yaml, ./a.yaml, none.yaml]\n                  ^\n"
                        + "a.yaml:2:29: cannot include 'none.yaml': No such file or directory\n"
                        + "include: [b.yaml, ./a.yaml, none.yaml]\n                            ^\n"
                        + "a.yaml:3:7: unknown mode 'x'; known here: allow, deny, local\nmode: x\n      ^\n"
                        + "b.yaml:2:10: the file includes itself: a.yaml -> b.yaml -> a.yaml\ninclude: a.yaml\n         ^",
                assertThrows(InvalidPolicyException.class, () -> PolicyFiles.read(List.of("a.yaml"), files)).getMessage());
    }

    @Test
    void a_tower_of_double_includes_ends_at_a_limit() {
        MemoryFiles files = new MemoryFiles();
        for (int i = 0; i < 40; i++) {
            files.with("f" + i, HEAD + "include: [f" + (i + 1) + ", f" + (i + 1) + "]\n");
        }
        files.with("f40", HEAD);
        String message = assertThrows(InvalidPolicyException.class, () -> PolicyFiles.read(List.of("f0"), files)).getMessage();
        assertTrue(message.contains("these are more than 64 files, inclusions counted"), message);
    }

    @Test
    void a_missing_file_is_named_as_the_user_named_it() {
        assertEquals("x/none.yaml: No such file or directory", assertThrows(InvalidPolicyException.class,
                () -> PolicyFiles.read(List.of("x/none.yaml"), new MemoryFiles())).getMessage());
    }

    private static PolicyPart part(String text) throws InvalidPolicyException {
        return PolicyFiles.read(List.of("p.yaml"), new MemoryFiles().with("p.yaml", text)).get(0);
    }

    private static List<String> print(List<Rule> rules) {
        List<String> lines = new ArrayList<>();
        for (Rule rule : rules) {
            lines.add(rule.match() + " " + rule.reason() + " " + rule.origin());
        }
        return lines;
    }
}
