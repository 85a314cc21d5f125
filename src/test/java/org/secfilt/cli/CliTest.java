package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.report.Volume;

class CliTest {
    private MemoryFiles files = new MemoryFiles();

    @Test
    void runs_the_words_behind_the_options() {
        Outcome.Run run = run("--allowed-netmask=127.0.0.0/8", "-v", "ssh", "-v", "host");
        assertEquals(3, run.commandIndex());
        assertEquals(Volume.VERBOSE, run.volume());
        assertEquals(4, run("-v", "--allowed-port", "22", "--", "ssh").commandIndex() - 1);
    }

    @Test
    void without_options_nothing_is_restricted() {
        assertEquals(Policy.OPEN, run("true").policy().withoutSources());
    }

    @Test
    void masks_and_ports_make_one_rule() {
        Policy policy = run("--allowed-netmask=10.0.0.7/8", "--allowed-port=22", "--allowed-port", "8000-8099", "x").policy();
        assertEquals(Mode.DENY, policy.connect().mode());
        assertEquals(1, policy.connect().allow().size());
        assertTrue(policy.bind().open());
        assertTrue(policy.unix().open());
    }

    @Test
    void resolv_takes_the_nameservers_of_the_caller() {
        files.with("/etc/resolv.conf", "search lan\nnameserver 10.1.2.3\n");
        Policy policy = run("--allowed-netmask=127.0.0.0/8", "--allow-resolv", "x").policy();
        assertTrue(policy.connect().allow().toString().contains("10.1.2.3"), policy.toString());
        files = new MemoryFiles();
        policy = run("--allowed-netmask=10.0.0.0/8", "--allow-resolv", "x").policy();
        assertTrue(policy.connect().allow().toString().contains("127.0.0.1"), policy.toString());
    }

    @Test
    void behind_the_host_resolv_takes_the_nameservers_that_can_be_asked_there() {
        files.with("/etc/resolv.conf", "nameserver 127.0.0.53\n").with("/run/systemd/resolve/resolv.conf", "nameserver 10.1.2.3\n");
        String resolv = "--allow-resolv";
        assertTrue(run("--allowed-netmask=10.0.0.7", resolv, "x").policy().connect().toString().contains("127.0.0.53"));
        String behind = run("--net=nat", "--allowed-netmask=10.0.0.7", resolv, "x").policy().connect().toString();
        assertTrue(behind.contains("10.1.2.3") && !behind.contains("127.0.0.53"), behind);
    }

    @Test
    void resolv_off_adds_nobody() {
        Policy policy = run("--allowed-netmask=10.0.0.0/8", "--allow-resolv=no", "x").policy();
        assertEquals(run("--allowed-netmask=10.0.0.0/8", "x").policy().withoutSources(), policy.withoutSources());
    }

    @ParameterizedTest
    @CsvSource({
        "--no-outbound-network, true", "--no-outbound-network=1, true", "--no-outbound-network=yes, true",
        "--no-outbound-network=true, true", "--no-outbound-network=on, true", "--no-outbound-network=0, false",
        "--no-outbound-network=no, false", "--no-outbound-network=false, false", "--no-outbound-network=off, false",
    })
    void a_switch_takes_every_word_for_yes_and_no(String word, boolean on) {
        assertEquals(on, run(word, "true").policy().noOutbound().isPresent());
        assertEquals(2, run(word, "true").commandIndex());
    }

    @Test
    void of_single_values_the_last_counts() {
        assertEquals(Errno.EACCES, run("--errno=EPERM", "--errno=EACCES", "x").policy().denial());
        assertEquals(Volume.QUIET, run("-v", "-q", "x").volume());
        assertEquals(Volume.VERBOSE, run("-q", "-v", "x").volume());
        assertTrue(run("--no-outbound-network", "--no-outbound-network=no", "x").policy().noOutbound().isEmpty());
    }

    @Test
    void denials_can_name_the_option() {
        assertEquals(Optional.of(Origin.flag("--no-outbound-network")), run("--no-outbound-network", "x").policy().noOutbound());
        Rule rule = run("--allowed-bind", "127.0.0.1:80", "x").policy().bind().allow().get(0);
        assertEquals("--allowed-bind=127.0.0.1:80", rule.origin().toString());
    }

    @Test
    void an_option_replaces_the_list_of_that_name_in_the_configuration() {
        files.with("f.conf", "allowed-netmask=10.0.0.0/8\nallowed-port=22\nno-outbound-network=\nquiet=\n");
        Outcome.Run run = run("-c", "f.conf", "--allowed-netmask=192.168.0.0/16", "--no-outbound-network=no", "x");
        String rules = run.policy().connect().allow().toString();
        assertTrue(rules.contains("192.168.0.0/16") && !rules.contains("10.0.0.0"), rules);
        assertTrue(rules.contains("ports=[22]"), rules);
        assertTrue(run.policy().noOutbound().isEmpty());
        assertEquals(Volume.QUIET, run.volume());
        assertEquals(Volume.VERBOSE, run("-c", "f.conf", "-v", "x").volume());
        assertEquals(Optional.empty(), run("-c", "f.conf", "x").profile());
    }

    @Test
    void a_configuration_names_a_profile_too() {
        files.with("f.conf", "profile=lan\n");
        files.with("bad.conf", "quiet=\nprofile=a/b\n");
        assertEquals("Optional[lan]", run("-c", "f.conf", "x").profile().toString());
        assertEquals("Optional[other]", run("--profile=other", "-c", "f.conf", "x").profile().toString());
        Outcome.Exit exit = assertInstanceOf(Outcome.Exit.class, parse("-c", "bad.conf", "x"));
        assertTrue(exit.code() == 2 && exit.err().startsWith("secfilt: bad.conf:2:1: 'a/b' is no name of a profile"), exit.err());
    }

    @Test
    void policies_and_options_add_up() {
        files.with("a.yaml", "version: 1\nconnect: {allow: [10.0.0.1]}\n");
        files.with("b.yaml", "version: 1\nconnect: {allow: [10.0.0.2], deny: [10.0.0.3]}\n");
        Policy policy = run("--policy=a.yaml", "--policy", "b.yaml", "--allowed-netmask=10.0.0.4", "x").policy();
        assertEquals(3, policy.connect().allow().size());
        assertEquals(1, policy.connect().deny().size());
    }

    @Test
    void compile_is_a_verb_in_the_first_place_only() {
        assertInstanceOf(Outcome.Compile.class, parse("compile"));
        assertEquals(2, run("--", "compile").commandIndex());
        assertEquals(2, run("-v", "compile").commandIndex());
    }

    @Test
    void compile_takes_format_output_and_arch() {
        Outcome.Compile plain = assertInstanceOf(Outcome.Compile.class, parse("compile", "--allowed-port=1"));
        assertEquals(Outcome.Compile.Format.ASM, plain.format());
        assertEquals(Optional.empty(), plain.output());
        assertEquals(Arch.X86_64, plain.arch());
        assertEquals(1, plain.policy().connect().allow().size());
        Outcome.Compile full = assertInstanceOf(
                Outcome.Compile.class, parse("compile", "--format", "bin", "-o", "out", "--arch=aarch64"));
        assertEquals(Outcome.Compile.Format.BIN, full.format());
        assertEquals(Optional.of("out"), full.output());
        assertEquals(Arch.AARCH64, full.arch());
    }

    @Test
    void explain_and_simulate_take_words_among_their_options() {
        Outcome.Explain explain = assertInstanceOf(Outcome.Explain.class,
                parse("explain", "--allowed-port=1", "tcp", "1.2.3.4:443", "-q", "unix:/x", "--", "-q"));
        assertEquals(List.of("tcp", "1.2.3.4:443", "unix:/x", "-q"), explain.destinations());
        assertEquals(1, explain.policy().connect().allow().size());
        assertEquals(Volume.QUIET, explain.volume());
        Outcome.Simulate simulate = assertInstanceOf(Outcome.Simulate.class,
                parse("simulate", "mmap", "0", "1", "-1", "--arch=x32", "-1"));
        assertEquals(List.of("mmap", "0", "1", "-1", "-1"), simulate.call());
        assertEquals(Optional.of("x32"), simulate.entry());
        assertEquals(Arch.X86_64, simulate.arch());
        assertEquals(Optional.empty(), assertInstanceOf(Outcome.Simulate.class, parse("simulate", "--arch=aarch64", "read")).entry());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "--help x", "-vh", "--bogus=1 --help", "--policy=missing -h x"})
    void help_goes_to_standard_output(String line) {
        Outcome outcome = parse(line.equals("--bogus=1 --help") ? new String[] {"--quiet=1", "--help"} : line.split(" "));
        assertEquals(new Outcome.Exit(0, Help.text(Verb.RUN, false), ""), outcome);
    }

    @Test
    void a_verb_has_help_of_its_own() {
        assertEquals(new Outcome.Exit(0, Help.text(Verb.COMPILE, false), ""), parse("compile", "--allowed-port=x", "-h"));
    }

    @Test
    void the_version_is_the_one_that_was_built() throws IOException {
        assertEquals(new Outcome.Exit(0, "secfilt " + Cli.VERSION + "\n", ""), parse("--version"));
        String pom = Files.readString(Path.of("pom.xml"));
        String own = pom.substring(pom.indexOf("<artifactId>secfilt</artifactId>"));
        assertEquals(Cli.VERSION, own.substring(own.indexOf("<version>") + 9, own.indexOf("</version>")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | no command given",
                "-v | no command given",
                "--allowed-port=1 -- | no command given",
                "--allowed-port=70000 x | --allowed-port=70000: port 70000 is above 65535",
                "--allowed-port 70000 x | --allowed-port=70000: port 70000 is above 65535",
                "--allowed-port=20-10 x | --allowed-port=20-10: port range 20-10 is reversed; write 10-20",
                "--allowed-netmask=10.0.0.0/33 x | --allowed-netmask=10.0.0.0/33: prefix 33 is above 32",
                "--no-outbound-network=maybe x | --no-outbound-network=maybe: 'maybe' is neither yes nor no; write 1, 0, yes, no, true, false, on or off",
                "--no-outbound-network= x | --no-outbound-network= needs a value after the '=': 1, 0, yes, no, true, false, on or off",
                "--errno=EIO x | --errno=EIO: 'EIO' is no error to deny with; write EPERM, ECONNREFUSED or EACCES",
                "compile --format=elf | --format=elf: write asm or bin",
                "compile --arch=i386 | --arch=i386: write x86_64 or aarch64",
                "simulate --arch=mips read | --arch=mips: write x86_64, aarch64, i386 or x32",
                "explain tcp 1.2.3.4:5 --bogus | unknown option '--bogus'; a word that begins with '-' stands behind --",
                "explain --format=asm | --format is no option of 'secfilt explain'",
                "compile -v ls | compile runs no command, and got 'ls'",
                "--bogus x | unknown option '--bogus'; a command that begins with '-' stands behind --",
            })
    void a_mistake_ends_with_2_and_says_what_to_write(String line, String message) {
        Outcome outcome = parse(line.isEmpty() ? new String[0] : line.split(" "));
        String program = Verb.of(List.of(line.split(" "))).program();
        assertEquals(new Outcome.Exit(2, "", "secfilt: " + message + "\nTry '" + program + " --help'.\n"), outcome);
    }

    @Test
    void mistakes_in_words_and_in_files_are_told_together() {
        files.with("a.ini", "allowed-port=70000\nno=\n").with("b.yaml", "version: 1\nmoed: deny\n");
        Outcome.Exit exit = assertInstanceOf(Outcome.Exit.class,
                parse("--errno=EIO", "-c", "a.ini", "--policy=b.yaml", "--policy=c.yaml", "--bogus", "x"));
        assertEquals(2, exit.code());
        List<String> told = exit.err().lines().filter(line -> line.matches("(secfilt|[abc]\\.(ini|yaml)|Try).*"))
                .map(line -> line.substring(0, Math.min(30, line.length()))).toList();
        assertEquals(List.of("secfilt: unknown option '--bog", "secfilt: --errno=EIO: 'EIO' is", "a.ini:1:14: port 70000 is abov",
                "a.ini:2:1: unknown option 'no'", "b.yaml:2:1: unknown key 'moed'", "secfilt: --policy=c.yaml: No s", "Try 'secfilt --help'."), told);
    }

    /** A file of another name would be read, or granted. */
    @ParameterizedTest
    @ValueSource(strings = {"--allow-write=d<fe>", "--log=<fe>", "--policy=<fe>.yaml", "-c <fe>", "check <fe>", "explain unix:/x<fe>"})
    void a_word_that_is_no_utf_8_is_refused(String line) {
        String[] words = (line + (line.startsWith("-") ? " true" : "")).replace("<fe>", "\udcfe").split(" ");
        Outcome.Exit exit = assertInstanceOf(Outcome.Exit.class, parse(words));
        assertEquals(2, exit.code());
        assertTrue(exit.err().contains("\\xfe") && exit.err().contains("' is no UTF-8; name the file otherwise, as by a link\n"), exit.err());
    }

    @Test
    void a_commands_words_may_be_any_bytes() {
        assertInstanceOf(Outcome.Run.class, parse("--read-only", "--", "cat", "\udcfe"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "explian | true | ; did you mean 'secfilt explain'?", "chekc | true | ; did you mean 'secfilt check'?",
        "gcc | true | ''", "g | true | ''", "ls | true | ''", "explian | false | ''",
        "explain | false | ; a verb is the first word: secfilt explain [options]",
        "help | true | ; write 'secfilt --help'", "version | true | ; write 'secfilt --version'", "version | false | ''",
        "run | true | ; the command stands by itself: secfilt [options] command [args]", "run | false | ''",
    })
    void a_command_that_is_like_a_verb_may_have_been_meant_for_it(String command, boolean first, String meant) {
        assertEquals(meant, Verb.meant(command, first));
    }

    @ParameterizedTest
    @CsvSource({
        "--read-only, --read-only, ''",
        "--read-only=no, '', ''",
        "--allow-write=/tmp, allow-write, /tmp",
        "--allow-write /tmp --write-allow=/run, allow-write, /tmp /run",
        "--read-only=1 --allow-write=/tmp, --read-only=1, /tmp",
        "--read-only=0 --allow-write=/tmp --read-only, --read-only, /tmp",
        "-c no.ini --allow-write=/tmp, allow-write, /tmp", // which the file's no does not undo
        "-c some.ini --read-only=0, '', ''",
    })
    void options_for_files(String line, String origin, String paths) {
        List<String> words = new ArrayList<>(Arrays.asList(line.split(" ")));
        words.add("true");
        files.with("no.ini", "read-only=no\n").with("some.ini", "allow-write=/tmp\n");
        Outcome.Run run = assertInstanceOf(Outcome.Run.class, parse(words.toArray(new String[0])));
        FileAccess files = run.policy().files();
        assertEquals(origin, files.readOnly().map(Origin::toString).orElse(""));
        assertEquals(paths, files.writable().stream().map(FileAccess.Writable::path).collect(Collectors.joining(" ")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--read-only=0 --allow-write=/tmp", "--allow-write=/tmp --read-only=0", "--read-only --allow-write=/tmp --read-only=no"})
    void writable_files_where_all_are_writable_are_a_mistake(String line) {
        Outcome.Exit exit = assertInstanceOf(Outcome.Exit.class, parse((line + " true").split(" ")));
        assertEquals(2, exit.code());
        assertEquals("secfilt: --allow-write=/tmp: 'allow-write' means nothing where 'read-only' is false; leave out one of them\n"
                + "Try 'secfilt --help'.\n", exit.err());
    }

    @Test
    void all_mistakes_are_told_at_once() {
        Outcome.Exit exit = assertInstanceOf(Outcome.Exit.class, parse("--allowed-port=x", "--quiet=1", "--errno=y", "--zzz"));
        assertEquals(5, exit.err().lines().count(), exit.err());
    }

    @Test
    void what_the_user_wrote_cannot_steer_the_terminal() {
        Outcome.Exit exit =
                assertInstanceOf(Outcome.Exit.class, parse("--allowed-netmask=\u001b[2J\n", "--errno=\u202e", "--\u0007"));
        assertTrue(exit.err().chars().allMatch(c -> c == '\n' || c >= ' ' && c < 0x7f), exit.err());
        assertEquals(4, exit.err().lines().count(), exit.err());
    }

    @Test
    void an_invalid_file_ends_with_2_and_its_place() {
        files.with("bad.yaml", "version: 1\nmod: deny\n");
        Outcome.Exit exit = assertInstanceOf(Outcome.Exit.class, parse("--policy=bad.yaml", "x"));
        assertEquals(2, exit.code());
        assertTrue(exit.err().startsWith("bad.yaml:2:1: "), exit.err());
        assertTrue(exit.err().endsWith("^\n"), exit.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--policy", "--config"})
    void a_missing_file_ends_with_2(String option) {
        assertEquals(
                new Outcome.Exit(2, "", "secfilt: " + option + "=missing: No such file or directory\n"), parse(option, "missing", "x"));
    }

    private Outcome.Run run(String... words) {
        return assertInstanceOf(Outcome.Run.class, parse(words));
    }

    private Outcome parse(String... words) {
        return Cli.parse(List.of(words), new Environment(files, Arch.X86_64, false));
    }
}
