package org.secfilt.policy.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.MemoryFiles;

/** What is said of policies that are wrong. A row is a file, then line:column: message of all its complaints. */
class BadPolicyTest {
    private static final String HEAD = "version: 1\n";
    private static final String CONNECT = HEAD + "connect:\n  allow:\n    - ";
    private static final String UNIX = HEAD + "unix:\n  deny:\n    - ";
    private static final String TOP =
            "; known here: version, include, mode, errno, resolv, no-outbound-network, families, inherit, firewall, violation-exit, "
            + "connect, bind, unix, filesystem, net, publish, private-tmp, user, profile";

    private static final String[][] DOCUMENTS = {
        {"", "1:1: the file is empty; a policy begins with version: 1"},
        {"# comments alone\n", "1:1: the file is empty; a policy begins with version: 1"},
        {"---\n", "2:1: a policy is a mapping that begins with version: 1, not nothing"},
        {"- a\n", "1:1: a policy is a mapping that begins with version: 1, not a list"},
        {"text\n", "1:1: a policy is a mapping that begins with version: 1, not a single value"},
        {"allowed-netmask=10.0.0.0/8\n", "1:1: a policy is a mapping that begins with version: 1, not a single value;"
                + " a file of lines key=value is given by --config"},
        {"mode: deny\n", "1:1: the version is missing; a policy begins with version: 1"},
        {"version: 2\nfuture: 1\n", "1:10: version '2' is not known here; this secfilt reads version 1"},
        {"version: \"1\"\n", "1:10: 'version' is a whole number, without quotes; write version: 1"},
        {"version: 1.0\n", "1:10: 'version' is a whole number, without quotes; write version: 1"},
        {"version:\n", "1:9: 'version' is a whole number, without quotes; write version: 1"},
        {HEAD + "---\n" + HEAD, "3:1: a second document begins here; a policy is one document"},
        {HEAD + "...\ngarbage\n", "3:1: the policy has ended above; this belongs to no document"},
        {HEAD + "\tmode: deny\n", "2:1: a tab cannot stand here; indent with spaces"},
        {HEAD + "mode: 'deny\n", "2:7: the quote that opens here is not closed"},
        {HEAD + "mode: deny: x\n",
            "2:11: a ':' cannot stand here; is the line indented as its neighbours are, and a text that holds ': ' in quotes?"},
        {"? [a]\n: b\n", "1:4: a key must be a single word"},
        {HEAD + "unix: {deny: [@foo]}\n", "2:15: a text cannot begin with '@'; put it in quotes"},
        {HEAD + "connect:\n  allow: [::1]\n", "3:11: the syntax is wrong: expected the node content, but found ':'"
            + "; an IPv6 address between [ and ] stands in quotes"},
        {"version: 1\nmode: " + "[".repeat(40) + "\n", "2:7: 'mode' is allow, deny or local, not a list",
            "2:22: nested deeper than 16 levels"},
        {HEAD + "connect: &x\n  allow: *x\n  deny: !foo\n",
            "2:10: an anchor has no place in a policy; to share rules, include a file",
            "3:10: an alias has no place in a policy; write the value itself, a text that begins with * in quotes",
            "4:9: a tag has no place in a policy; write the value alone"},
        {HEAD + "connect:\n  allow:\n    - 10.0.0.0/33\n mode: x\n", "4:7: prefix 33 is above 32",
            "5:2: this is indented otherwise than what it belongs to; begin it in the same column"},
        {HEAD + "connect:\n  allow:\n   - 10.0.0.1\n  - 10.0.0.2\n", "5:3: this is indented otherwise than what it belongs to; begin it in the same column"},
        {HEAD + "connect:\n  allow:\n    - 10.0.0.1\n   - 10.0.0.2\n", "5:4: this is indented otherwise than what it belongs to; begin it in the same column"},
        {HEAD + "connect:\n  allow: [10.0.0.1\n", "3:10: the '[' that opens here is not closed"},
        {HEAD + "connect: {allow: [10.0.0.1\nunix: {}\n", "2:19: '10.0.0.1 unix' is no IPv4 or IPv6 address; write one such as 10.0.0.1, 10.0.0.0/8 or fd00::/8",
            "2:18: the '[' that opens here is not closed"},
        {HEAD + "connect: {allow: 10.0.0.1\n", "2:10: the '{' that opens here is not closed"},
        {HEAD + "connect:\n  - 10.0.0.1\n  mode: deny\n",
            "3:3: 'connect' is a mapping with mode, allow, deny, not a list",
            "4:3: a key cannot stand among the entries of a list; indent it as the other keys of its mapping"},
        {HEAD + "connect:\n  allow:\n    - 10.0.0.1\n    deny: []\n",
            "5:5: a key cannot stand among the entries of a list; indent it as the other keys of its mapping"},
        {HEAD + "mode: \"deny\" x\n",
            "2:14: the value ends before this; put all of it between one pair of quotes, or this in a line of its own"},
        {HEAD + "connect: {allow: [10.0.0.1]}}\n", "2:29: '}' closes nothing here; leave it out"},
        {HEAD + "connect:\n  allow: [10.0.0.1] 80\n", "3:21: the value ends before this; put all of it between one pair of quotes, or this in a line of its own"},
        {HEAD + "]\n", "2:1: ']' closes nothing here; leave it out"},
        {HEAD + "mode deny\nresolv: true\n", "2:1: a ':' and a blank are missing behind the key; write key: value"},
        {HEAD + "mode:deny\n", "2:1: a ':' and a blank are missing behind the key; write key: value"},
    };

    private static final String[][] KEYS = {
        {HEAD + "moed: deny\nversoin: 3\nfoo: 1\n", "2:1: unknown key 'moed'; did you mean 'mode'?",
            "3:1: unknown key 'versoin'; did you mean 'version'?", "4:1: unknown key 'foo'" + TOP},
        {HEAD + "no_outbound_network: true\n", "2:1: unknown key 'no_outbound_network'; did you mean 'no-outbound-network'?"},
        {HEAD + "<<: {mode: deny}\n", "2:1: unknown key '<<'" + TOP},
        {HEAD + "\"a\\e[31m\": 1\n", "2:1: unknown key 'a\\x1b[31m'" + TOP},
        {HEAD + "mode: deny\nmode: allow\n", "3:1: 'mode' is given twice, first in line 2"},
        {HEAD + "connect:\n  allow: []\n  allow: []\n", "4:3: 'allow' is given twice, first in line 3"},
        {HEAD + "read-only: true\nallow-write: [a]\n", "2:1: 'read-only' belongs below filesystem:, indented",
            "3:1: 'allow-write' belongs below filesystem:, indented"},
        {HEAD + "allow: [loopback]\ndeny: []\n", "2:1: 'allow' belongs below connect:, bind: or unix:, indented",
            "3:1: 'deny' belongs below connect:, bind: or unix:, indented"},
        {HEAD + "group: staff\n", "2:1: 'group' belongs below profile:, indented"},
        {HEAD + "connect:\n  alow: []\n", "3:3: unknown key 'alow'; did you mean 'allow'?"},
        {CONNECT + "adress: 10.0.0.1\n      port: 1\n", "4:7: unknown key 'adress'; did you mean 'address'?"},
    };

    private static final String[][] VALUES = {
        {HEAD + "mode: no\n", "2:7: unknown mode 'no'; known here: allow, deny, local"},
        {HEAD + "mode: denny\n", "2:7: unknown mode 'denny'; did you mean 'deny'?"},
        {HEAD + "mode: [deny]\n", "2:7: 'mode' is allow, deny or local, not a list"},
        {HEAD + "mode:\nerrno: ~\nconnect: null\n", "2:1: 'mode' has no value", "3:1: 'errno' has no value",
            "4:1: 'connect' has no value"},
        {HEAD + "errno: EIO\n", "2:8: 'EIO' is no error to deny with; write EPERM, ECONNREFUSED or EACCES"},
        {HEAD + "resolv: yes\n", "2:9: 'resolv' is true or false, without quotes, not 'yes'"},
        {HEAD + "resolv: \"true\"\n", "2:9: 'resolv' is true or false, without quotes, not 'true'"},
        {HEAD + "no-outbound-network: 1\n", "2:22: 'no-outbound-network' is true or false, without quotes, not '1'"},
        {HEAD + "families: [unix, inet7]\n",
            "2:18: 'inet7' is no address family; write one such as unix, inet, inet6 or netlink"},
        {HEAD + "families: {unix: 1}\n", "2:11: 'families' is an address family, or a list of such, not a mapping"},
        {HEAD + "connect: deny\n", "2:10: 'connect' is a mapping with mode, allow, deny, not a single value"},
        {HEAD + "bind:\n  - ::1\n", "3:3: 'bind' is a mapping with mode, allow, deny, not a list"},
        {HEAD + "violation-exit: 0\n", "2:17: '0' is no exit code for denials; write a number from 1 to 255"},
        {HEAD + "violation-exit: 256\n", "2:17: '256' is no exit code for denials; write a number from 1 to 255"},
        {HEAD + "violation-exit: [1]\n", "2:17: 'violation-exit' is an exit code, not a list"},
        {HEAD + "include: {a: b}\n", "2:10: 'include' is a file's name, or a list of names, not a mapping"},
        {HEAD + "include: [\"\", '']\n", "2:11: the name is empty; write a file's name", "2:15: the name is empty; write a file's name"},
        {HEAD + "include: ''\n", "2:10: the name is empty; write a file's name"},
    };

    private static final String[][] RULES = {
        {CONNECT + "10.0.0.0/33\n", "4:7: prefix 33 is above 32"},
        {CONNECT + "300.1.1.1\n", "4:7: '300.1.1.1' is no IPv4 or IPv6 address: 300 is above 255"},
        {CONNECT + "localhost\n", "4:7: 'localhost' is no network; write loopback for 127.0.0.0/8 and ::1"},
        {CONNECT + "mirror.lan\n", "4:7: 'mirror.lan' is no IPv4 or IPv6 address; 'getent ahosts mirror.lan' shows the name's"},
        {CONNECT + "::1:80\n", "4:7: '::1:80' would be an IPv6 address of its own; write [::1]:80 for ports of ::1, and [::1:80] for that address"},
        {CONNECT + "10.0.0.1:99999\n", "4:7: port 99999 is above 65535"},
        {CONNECT + "[10.0.0.1]\n",
            "4:7: a rule is an address, or a mapping with address, port, protocol, reason; not a list"},
        {CONNECT + "\n", "4:6: a rule is an address, or a mapping with address, port, protocol, reason; not nothing"},
        {CONNECT + "{}\n", "4:7: a rule names an address, a port or a protocol"},
        {CONNECT + "reason: none\n", "4:7: a rule names an address, a port or a protocol"},
        {CONNECT + "fd00::\n", "4:7: an address that ends in ':' stands in quotes: \"fd00::\""},
        {CONNECT + "address: []\n", "4:16: 'address' is an empty list; leave it out, or the whole rule"},
        {CONNECT + "address: 10.0.0.1:80\n",
            "4:16: '10.0.0.1:80' has ports in it; they stand under 'port'"},
        {CONNECT + "port: 70000\n", "4:13: port 70000 is above 65535"},
        {CONNECT + "ports: [443-80, 010, 0-65536]\n", "4:15: port range 443-80 is reversed; write 80-443",
            "4:23: port '010' has a leading zero; write 10", "4:28: port 65536 is above 65535"},
        {CONNECT + "ports: [0x50, -1, 1_0, 80.5, 22:22, yes]\n",
            noPort(15, "0x50"), noPort(21, "-1"), noPort(25, "1_0"), noPort(30, "80.5"), noPort(36, "22:22"), noPort(43, "yes")},
        {CONNECT + "ports: [1, ~]\n", "4:18: 'ports' is a port or a range of ports, or a list of such, not nothing"},
        {CONNECT + "port: 1\n      ports: 2\n", "5:7: 'port' and 'ports' mean the same; write one of them"},
        {CONNECT + "protocol: icmp\n", "4:17: 'icmp' is no protocol; write tcp or udp"},
        {CONNECT + "port: 1\n      reason: [a]\n", "5:15: 'reason' is a text, not a list"},
        {CONNECT + "port: 1\n      reason: \"\\e[31m\"\n", "5:15: a reason holds no control characters"},
        {CONNECT + "port: 1\n      reason: " + "x".repeat(201) + "\n",
            "5:15: a reason has 200 characters at most, it stands in one line of a report"},
    };

    private static final String[][] FILES = {
        {HEAD + "filesystem: true\n", "2:13: 'filesystem' is a mapping with read-only, allow-write, not a single value"},
        {HEAD + "filesystem: {readonly: true}\n", "2:14: unknown key 'readonly'; did you mean 'read-only'?"},
        {HEAD + "filesystem: {read-only: yes}\n", "2:25: 'read-only' is true or false, without quotes, not 'yes'"},
        {HEAD + "filesystem: {read-only: false, allow-write: [a]}\n",
            "2:45: 'allow-write' means nothing where 'read-only' is false; leave out one of them"},
        {HEAD + "filesystem:\n  allow-write:\n", "3:3: 'allow-write' has no value"},
        {HEAD + "filesystem:\n  allow-write: [[a], '', {reason: x}, {path: []}, {path: a, why: b}]\n",
            "3:17: an entry of allow-write is the path of a file or a directory, or a mapping with path and reason, not a list",
            "3:22: the path is empty; write the path of a file or a directory",
            "3:26: 'path' is missing; it is the path of a file or a directory",
            "3:46: 'path' is an empty list; leave it out, or the whole rule",
            "3:61: unknown key 'why'; known here: path, reason"},
    };

    private static final String[][] SOCKETS = {
        {HEAD + "unix: {mode: local}\n", "2:14: a unix socket is always local; its mode is allow or deny"},
        {UNIX + "docker.sock\n",
            "4:7: the path of a socket begins with '/'; an abstract socket is written abstract: or with '@'"},
        {UNIX + "~/x\n", "4:7: the path of a socket begins with '/'; write it out, nothing is put in for '~'"},
        {UNIX + "$HOME/x\n", "4:7: the path of a socket begins with '/'; write it out, nothing is put in for '$'"},
        {UNIX + "/a//b\n", "4:7: the path can match no socket: it ends in '/', or holds '//', '/./' or '/../'"},
        {UNIX + "path: [/a/../b, /a/]\n", "4:14: the path can match no socket: it ends in '/', or holds '//', '/./' or '/../'",
            "4:23: the path can match no socket: it ends in '/', or holds '//', '/./' or '/../'"},
        {UNIX + "path: \"/a\\0b\"\n", "4:13: this is no path: it is too long or holds control characters"},
        {UNIX + "abstract: ''\n", "4:17: an abstract name is missing"},
        {UNIX + "abstract: '@x'\n", "4:17: an abstract name is written without its '@'"},
        {UNIX + "reason: x\n", "4:7: a rule names a path or an abstract name"},
        {UNIX + "[/a]\n", "4:7: a rule is a path, or a mapping with path, abstract, unless, reason; not a list"},
        {UNIX + "{path: /a, unless: dns}\n", "4:26: 'unless' is followed by resolv: the rule is void where 'resolv: true' holds"},
    };

    /** The policies of all tables. */
    static List<String> rejected() {
        List<String> policies = new ArrayList<>();
        for (String[][] table : new String[][][] {DOCUMENTS, KEYS, VALUES, RULES, FILES, SOCKETS}) {
            for (String[] row : table) {
                policies.add(row[0]);
            }
        }
        return policies;
    }

    private static String noPort(int column, String text) {
        return "4:" + column + ": '" + text + "' is no port and no range of ports; write one such as 443 or 8000-8099";
    }

    @Test
    void says_what_is_wrong_with_a_document_and_where() {
        assertRows(DOCUMENTS);
    }

    @Test
    void says_what_is_wrong_about_files() {
        assertRows(FILES);
    }

    @Test
    void says_which_keys_are_unknown_or_given_twice() {
        assertRows(KEYS);
    }

    @Test
    void says_what_is_wrong_with_a_single_value() {
        assertRows(VALUES);
    }

    @Test
    void says_what_is_wrong_with_a_rule() {
        assertRows(RULES);
    }

    @Test
    void says_what_is_wrong_with_a_rule_for_unix_sockets() {
        assertRows(SOCKETS);
    }

    @Test
    void quotes_the_line_and_puts_a_caret_below_the_place() {
        String policy = CONNECT + "address: 10.0.0.1\n      port: 70000\n";
        assertEquals(
                "policies/web.yaml:5:13: port 70000 is above 65535\n"
                        + "      port: 70000\n"
                        + "            ^",
                complaintsOf("policies/web.yaml", new MemoryFiles().with("policies/web.yaml", policy)).getMessage());
    }

    @Test
    void refuses_bytes_that_are_no_utf_8_where_they_stand() {
        assertFile("version: 1\nmode: \u00ff\n".getBytes(StandardCharsets.ISO_8859_1),
                "p.yaml:2:7: the file is not UTF-8 from here on; save it as UTF-8\nmode: \n      ^");
        assertFile("version: 1\n".getBytes(StandardCharsets.UTF_16), "p.yaml:1:1: the file is not UTF-8 from here on; save it as UTF-8");
    }

    @Test
    void quotes_no_line_of_an_empty_file() {
        assertFile(new byte[0], "p.yaml:1:1: the file is empty; a policy begins with version: 1");
    }

    @Test
    void refuses_control_characters_where_they_stand() {
        assertFile("version: 1\nmode:\u001b[2J deny\n".getBytes(StandardCharsets.UTF_8),
                "p.yaml:2:6: a control character, U+001B, stands here\nmode:\\x1b[2J deny\n     ^");
        assertFile("version: 1\u2028mode: deny\n".getBytes(StandardCharsets.UTF_8),
                "p.yaml:1:11: a control character, U+2028, stands here\nversion: 1\\xe2\\x80\\xa8mode: deny\n          ^");
        assertFile("version: 1\rmode: deny\r\n".getBytes(StandardCharsets.UTF_8),
                "p.yaml:1:11: a control character, U+000D, stands here\nversion: 1\\x0dmode: deny\n          ^");
    }

    @Test
    void refuses_a_file_beyond_all_measure() {
        assertFile(("version: 1\n#" + "x".repeat(256 * 1024)).getBytes(StandardCharsets.UTF_8),
                "p.yaml: the file is longer than 256 KiB; write it as several, each given by itself");
    }

    @Test
    void answers_any_damage_to_a_policy_with_complaints_at_places_within_it() {
        String good = CONNECT + "address: [10.0.0.0/8, 'fd00::/8']\n      ports: [1, 2-3]\n      reason: \"why\"\n"
                + "unix: {deny: [/a, \"@b\"]}\n";
        String odd = "[]{}:,#&*!|>'\"%@`\t\n -?~0x\\\u00e9\ud83d\ude00";
        for (int seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder(good);
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                int at = random.nextInt(text.length());
                text.replace(at, Math.min(text.length(), at + random.nextInt(3)), odd.substring(random.nextInt(odd.length())));
            }
            int lines = text.toString().split("\n", -1).length;
            try {
                PolicyFiles.read(List.of("p.yaml"), new MemoryFiles().with("p.yaml", text.toString()));
            } catch (InvalidPolicyException e) {
                for (Complaint complaint : e.complaints()) {
                    assertTrue(complaint.line() >= 1 && complaint.line() <= lines && complaint.column() >= 1,
                            "seed " + seed + ": " + complaint);
                }
            }
        }
    }

    private static void assertRows(String[][] rows) {
        for (String[] row : rows) {
            List<String> said = new ArrayList<>();
            for (Complaint complaint : complaintsOf("p.yaml", new MemoryFiles().with("p.yaml", row[0])).complaints()) {
                said.add(complaint.line() + ":" + complaint.column() + ": " + complaint.message());
            }
            List<String> expected = new ArrayList<>(List.of(row).subList(1, row.length));
            said.sort(null);
            expected.sort(null);
            assertEquals(String.join("\n", expected), String.join("\n", said), row[0]);
        }
    }

    private static void assertFile(byte[] bytes, String message) {
        assertEquals(message, complaintsOf("p.yaml", new MemoryFiles().with("p.yaml", bytes)).getMessage());
    }

    private static InvalidPolicyException complaintsOf(String name, MemoryFiles files) {
        return assertThrows(InvalidPolicyException.class, () -> PolicyFiles.read(List.of(name), files));
    }
}
