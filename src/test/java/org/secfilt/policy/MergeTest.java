package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.IpAddress;
import org.secfilt.policy.yaml.PolicyFiles;

/** How files and options become one policy. */
class MergeTest {
    private static final List<IpAddress> NAMESERVERS = List.of(IpAddress.parse("10.0.0.53"), IpAddress.parse("fd00::53"));
    private static final String ALLOW_10 = "connect: {allow: [10.0.0.0/8]}";
    private static final String DENY_ALL = "mode: deny";

    /** Files, each in one line, then options; then {@code mode @origin +allow -deny} of connect. */
    private static final String[][] CONNECT = {
        {"", "ALLOW @default"},
        {"--allow-resolv", "ALLOW @default +[10.0.0.53/32, fd00::53/128][53]"},
        {"--allowed-netmask=192.168.1.7/24", "DENY @allowed-netmask +[192.168.1.0/24][]"},
        {"--allowed-netmask=::ffff:10.0.0.0/104 --allowed-netmask=::1",
            "DENY @allowed-netmask +[10.0.0.0/8, ::1/128][]"},
        {"--allowed-port=443 --allowed-port=8000-8099", "DENY @allowed-port +[][443, 8000-8099]"},
        {"--allowed-port=22 --allow-resolv", "DENY @allowed-port +[][22, 53]"},
        {"--allowed-netmask=127.0.0.0/8 --allow-resolv",
            "DENY @allowed-netmask +[127.0.0.0/8, 10.0.0.53/32, fd00::53/128][]"},
        {"--allowed-netmask=127.0.0.0/8 --allowed-port=22 --allow-resolv",
            "DENY @allowed-netmask, allowed-port +[127.0.0.0/8, 10.0.0.53/32, fd00::53/128][22, 53]"},
        {"--allowed-netmask=127.0.0.0/8 --allow-resolv=no", "DENY @allowed-netmask +[127.0.0.0/8][]"},
        {"--allowed-bind=127.0.0.1", "ALLOW @default"},
        {ALLOW_10, "", "DENY @1:2:11 +[10.0.0.0/8][]"},
        {"connect: {allow: []}", "", "DENY @1:2:11"},
        {"connect: {deny: [10.0.0.0/8]}", "", "ALLOW @default -[10.0.0.0/8][]"},
        {"resolv: true", "", "ALLOW @default +[10.0.0.53/32, fd00::53/128][53]"},
        {"resolv: true", "resolv: false", "", "ALLOW @default"},
        {"resolv: true", "--allowed-port=22", "DENY @allowed-port +[][22] +[10.0.0.53/32, fd00::53/128][53]"},
        {"resolv: true", "--allowed-port=22 --allow-resolv", "DENY @allowed-port +[][22, 53]"},
        {"resolv: true", "--allowed-port=22 --allow-resolv=no", "DENY @allowed-port +[][22]"},
        {DENY_ALL, "--allow-resolv", "DENY @1:2:7 +[10.0.0.53/32, fd00::53/128][53]"},
        {DENY_ALL, "mode: allow", "", "ALLOW @2:2:7"},
        {"mode: allow", DENY_ALL, "", "DENY @2:2:7"},
        {"mode: allow", ALLOW_10, "", "ALLOW @1:2:7 +[10.0.0.0/8][]"},
        {DENY_ALL, "connect: {mode: local}", "", "LOCAL @2:2:17"},
        {"mode: allow\nconnect: {mode: deny}", "", "DENY @1:3:17"},
        {"connect: {mode: deny}", "mode: allow", "", "ALLOW @2:2:7"},
        {"bind: {mode: deny}", "", "ALLOW @default"},
        {ALLOW_10, "connect: {allow: [loopback], deny: [10.0.0.9]}", "",
            "DENY @1:2:11 +[10.0.0.0/8][] +[127.0.0.0/8, ::1/128][] -[10.0.0.9/32][]"},
        {"mode: allow", "--allowed-port=22", "DENY @allowed-port +[][22]"},
        {DENY_ALL, "--allowed-port=22", "DENY @1:2:7 +[][22]"},
        {"mode: local", "--allowed-netmask=10.0.0.0/8", "LOCAL @1:2:7 +[10.0.0.0/8][]"},
        {ALLOW_10, "--allowed-netmask=::1", "DENY @allowed-netmask +[10.0.0.0/8][] +[::1/128][]"},
    };

    private static final String[][] BIND = {
        {"", "ALLOW @default"},
        {"--allowed-netmask=127.0.0.1", "ALLOW @default"},
        {"--allowed-bind=10.0.0.1:8000-8099 --allowed-bind=[::1]:80", "DENY @allowed-bind +[10.0.0.1/32][8000-8099] +[::1/128][80]"},
        {DENY_ALL, "--allowed-bind=loopback", "DENY @1:2:7 +[127.0.0.0/8, ::1/128][]"},
        {"mode: deny\nbind: {mode: allow}", "--allowed-bind=::1", "DENY @allowed-bind +[::1/128][]"},
    };

    @Test
    void merges_what_may_be_connected_to() throws InvalidPolicyException {
        for (String[] row : CONNECT) {
            assertEquals(row[row.length - 1], print(merge(row).connect()), String.join(" | ", row));
        }
    }

    @Test
    void merges_what_may_be_bound() throws InvalidPolicyException {
        for (String[] row : BIND) {
            assertEquals(row[row.length - 1], print(merge(row).bind()), String.join(" | ", row));
        }
    }

    @Test
    void a_mode_of_all_directions_leaves_unix_sockets_alone() throws InvalidPolicyException {
        assertEquals(Access.OPEN, merge("mode: deny", "", "").unix());
    }

    @Test
    void an_allow_list_of_unix_sockets_denies_the_rest() throws InvalidPolicyException {
        Access unix = merge("unix: {allow: [/run/x, '@y']}", "", "").unix();
        assertEquals(Mode.DENY, unix.mode());
        assertEquals(List.of(new Match.UnixPath("/run/x"), new Match.UnixAbstract("y")),
                List.of(unix.allow().get(0).match(), unix.allow().get(1).match()));
    }

    @Test
    void resolv_allows_this_machines_resolvers_by_their_unix_sockets() throws InvalidPolicyException {
        String sockets = " +/run/nscd/socket +/var/run/nscd/socket +/run/systemd/resolve/io.systemd.Resolve +/var/lib/sss/pipes/nss";
        assertEquals("DENY @1:2:14" + sockets, print(merge("unix: {mode: deny}\nresolv: true", "", "").unix()));
        assertEquals("DENY @1:2:14" + sockets, print(merge("unix: {mode: deny}", "--allow-resolv --allowed-port=22", "").unix()));
        assertEquals("DENY @1:2:14", print(merge("unix: {mode: deny}\nresolv: true", "--allow-resolv=no", "").unix()));
        assertEquals("DENY @1:2:14", print(merge("unix: {mode: deny}\nresolv: true", "--allow-resolv=no --allowed-port=22", "").unix()));
        assertTrue(merge("resolv: true", "", "").unix().open());
    }

    @Test
    void a_rule_unless_resolv_is_void_under_every_option_that_says_resolv() throws InvalidPolicyException {
        String file = "unix: {allow: [{path: /run/**}], deny: [{path: /run/nscd/**, unless: resolv}]}";
        String denied = " -/run/nscd/**";
        assertTrue(print(merge(file, "", "").unix()).endsWith(denied));
        for (String restriction : List.of("", " --allowed-netmask=10.0.0.0/8", " --allowed-port=22", " --allowed-netmask=10.0.0.0/8 --allowed-port=22")) {
            assertFalse(print(merge(file, "--allow-resolv" + restriction, "").unix()).contains(denied), restriction);
            assertTrue(print(merge(file, "--allow-resolv=no" + restriction, "").unix()).endsWith(denied), restriction);
        }
    }

    @Test
    void the_last_word_on_outbound_network_and_errno_counts() throws InvalidPolicyException {
        assertEquals("--no-outbound-network", merge("mode: allow", "--no-outbound-network", "").noOutbound().orElseThrow().toString());
        assertEquals("1:2:1", merge("no-outbound-network: true", "", "").noOutbound().orElseThrow().toString());
        assertTrue(merge("no-outbound-network: true", "--no-outbound-network=no", "").noOutbound().isEmpty());
        assertEquals("EACCES", merge("errno: ECONNREFUSED", "errno: EACCES", "", "").denial().name());
        assertEquals("ECONNREFUSED", merge("errno: EACCES", "--errno=ECONNREFUSED", "").denial().name());
    }

    @Test
    void writable_files_add_up_and_the_last_word_on_read_only_counts() throws InvalidPolicyException {
        String some = "filesystem: {allow-write: [a, {path: [b, /c], reason: x}]}";
        assertEquals("1:2:14 a b /c", files(some, "", ""));
        assertEquals("1:2:14 a b /c d", files(some, "--allow-write=d", ""));
        assertEquals("1:2:14", files("filesystem: {read-only: true}", "", ""));
        assertEquals("1:2:14", files("filesystem: {allow-write: []}", "", ""));
        assertEquals("open", files("filesystem: {read-only: false}", "", ""));
        assertEquals("open", files(some, "--read-only=0", ""));
        assertEquals("open", files(some, "filesystem: {read-only: false}", "", ""));
        assertEquals("allow-write d", files("filesystem: {read-only: false}", "--allow-write=d", ""));
        assertEquals("--read-only a b /c", files(some, "--read-only", ""));
        assertEquals("2:2:14", files("mode: allow", "filesystem: {read-only: true}", "", ""));
        Options both = options("--allow-write=x").over(options("--allow-write=y --read-only=0"));
        assertEquals("x", both.writable().get(0).path());
        assertTrue(both.readOnly().isEmpty());
    }

    private static String files(String... row) throws InvalidPolicyException {
        FileAccess files = merge(row).files();
        StringBuilder text = new StringBuilder(files.readOnly().map(Origin::toString).orElse("open"));
        files.writable().forEach(writable -> text.append(' ').append(writable.path()));
        return text.toString();
    }

    @Test
    void a_word_that_stands_for_several_networks_is_one_place() throws InvalidPolicyException {
        assertEquals("--allowed-netmask=loopback --allowed-netmask=10.0.0.1 --allowed-port=1",
                merge("--allowed-netmask=loopback --allowed-netmask=10.0.0.1 --allowed-port=1", "").connect().allow().get(0).origin().toString());
    }

    @Test
    void families_add_up() throws InvalidPolicyException {
        assertEquals("[unix, inet, inet6]",
                merge("families: [unix, inet]", "families: [inet, inet6]", "", "").families().orElseThrow().allowed().toString());
        assertEquals("[unix, inet, inet6, netlink]",
                merge("--mainstream-network-families", "").families().orElseThrow().allowed().toString());
        assertTrue(merge("--mainstream-network-families=no", "").families().isEmpty());
        assertEquals("[]", merge("families: []", "", "").families().orElseThrow().allowed().toString());
    }

    @Test
    void no_word_at_all_restricts_nothing() {
        assertEquals(Policy.OPEN, Policy.merge(List.of(), NAMESERVERS).withoutSources());
        assertEquals(Policy.OPEN, Policy.merge(List.of(new OptionReader().options().part(NAMESERVERS)), NAMESERVERS).withoutSources());
    }

    @Test
    void nameservers_are_wanted_only_where_they_are_allowed() {
        assertFalse(options("--allowed-port=1").wantsNameservers());
        assertFalse(options("--allow-resolv=0").wantsNameservers());
        assertTrue(options("--allow-resolv").wantsNameservers());
        assertTrue(Policy.wantsNameservers(List.of(options("--allow-resolv").part(NAMESERVERS))));
        assertFalse(Policy.wantsNameservers(List.of(options("--allow-resolv=0 --allowed-port=1").part(NAMESERVERS))));
    }

    @Test
    void the_rule_of_the_options_names_them_all() {
        PolicyPart part = options("--allowed-netmask=127.0.0.1 --allowed-port=22 --allow-resolv").part(NAMESERVERS);
        assertEquals(Origin.flag("--allowed-netmask=127.0.0.1 --allowed-port=22 --allow-resolv"), part.connect().allow().get(0).origin());
    }

    @Test
    void an_option_of_the_command_line_replaces_the_configurations_of_its_name() {
        Options both = options("--allowed-port=22 --errno=EACCES")
                .over(options("--allowed-port=80 --allowed-netmask=10.0.0.1 --errno=EPERM --no-outbound-network"));
        assertEquals("[10.0.0.1/32][22]", both.part(NAMESERVERS).connect().allow().get(0).match().accept(new Print()));
        assertEquals("10.0.0.1/32", both.netmasks().get(0).value().toString());
        assertEquals("EACCES", both.errno().orElseThrow().value().name());
        assertTrue(both.noOutboundNetwork().isPresent());
    }

    /** All of the row but its last item: files, and last the options. A file is named by its number. */
    private static Policy merge(String... row) throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < row.length - 2; i++) {
            String name = Integer.toString(i + 1);
            files.with(name, "version: 1\n" + row[i] + "\n");
            names.add(name);
        }
        List<PolicyPart> parts = new ArrayList<>(PolicyFiles.read(names, files));
        parts.add(options(row[row.length - 2]).part(NAMESERVERS));
        return Policy.merge(parts, NAMESERVERS);
    }

    private static Options options(String words) {
        OptionReader reader = new OptionReader();
        for (String word : words.isEmpty() ? new String[0] : words.split(" ")) {
            int equals = word.indexOf('=');
            String name = word.substring(2, equals < 0 ? word.length() : equals);
            reader.add(name, equals < 0 ? "" : word.substring(equals + 1), Origin.flag(word));
        }
        return reader.options();
    }

    private static String print(Access access) {
        StringBuilder text = new StringBuilder(access.mode() + " @" + access.modeOrigin());
        for (Rule rule : access.allow()) {
            text.append(" +").append(rule.match().accept(new Print()));
        }
        for (Rule rule : access.deny()) {
            text.append(" -").append(rule.match().accept(new Print()));
        }
        return text.toString();
    }

    private static final class Print implements Match.Visitor<String> {
        @Override
        public String inet(Match.Inet match) {
            return "" + match.networks() + match.ports();
        }

        @Override
        public String unixPath(Match.UnixPath match) {
            return match.pattern();
        }

        @Override
        public String unixAbstract(Match.UnixAbstract match) {
            return "@" + match.pattern();
        }
    }
}
