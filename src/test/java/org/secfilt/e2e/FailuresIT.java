package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.Requirements;

/** Every step by which a run's walls, or a profile, are set up, failing: it is named, what was made is unmade, and nothing is run. */
class FailuresIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String BEGIN = ". " + Built.fixture("breaking.sh") + "; . " + Built.fixture("net-cls.sh") + "\n";

    @BeforeAll
    static void makeFiles() throws IOException {
        for (String program : List.of("iptables", "ip6tables", "nsenter")) {
            Requirements.program(program);
        }
        Files.writeString(ROOM.directory().resolve("near.yaml"), "version: 1\nconnect:\n  allow: [10.77.1.1, \"fd77:1::1\"]\n");
        Files.writeString(ROOM.directory().resolve("far.yaml"), "version: 1\nconnect:\n  allow: [10.77.2.1]\n");
        makeManyRules();
    }

    /** Rules that take more memory than a program is given. */
    private static void makeManyRules() throws IOException {
        StringBuilder text = new StringBuilder("version: 1\nconnect:\n  allow:\n");
        for (int i = 0; i < 4000; i++) {
            text.append("    - 10.").append(i >> 8).append('.').append(i & 255).append(".7\n    - \"fd77:").append(Integer.toHexString(i)).append("::7\"\n");
        }
        Files.writeString(ROOM.directory().resolve("many.yaml"), text.toString());
    }

    private static Command bash(String script, String... arguments) {
        return ROOM.bash(BEGIN + script, arguments).with("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").timeoutMillis(180_000);
    }

    /** In a process namespace of its own: the mount for members is made where its eldest process lives. */
    private static Command alone(String script, String... arguments) {
        List<String> words = new ArrayList<>(List.of("unshare", "-pf", "--mount-proc", "bash", "-c", BEGIN + script, "bash"));
        words.addAll(List.of(arguments));
        return ROOM.command(words.toArray(new String[0])).with("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").timeoutMillis(180_000);
    }

    /** Fails the first program that is run, then the second, and so on until none is left to fail. A line each: what came of it. */
    private static List<String> eachProgramFails(String how, String tried) {
        Outcome run = bash("""
                echo $1 > how
                for n in $(seq 60); do
                    echo $n > fails; try "$2"
                    [ $(cat count) -lt $n ] && { echo "$n none $code"; echo 0 > fails; break; }
                    echo 0 > fails; same=same; cmp -s was is || { same=left; $SECFILT gc -q; state > is; cmp -s was is && same=collected; }
                    echo "$n $code $([ -e ran ] && echo ran || echo -) $same $(grep -c "no space for" err) $(head -1 err)"
                    [ $same = left ] && { diff was is; exit 1; }
                done""", how, tried).run();
        assertEquals("exit 0", run.end(), run::toString);
        List<String> lines = new ArrayList<>(run.stdout().lines().toList());
        assertTrue(lines.size() > 2 && lines.remove(lines.size() - 1).endsWith("none 0"), run::toString);
        return lines;
    }

    @ParameterizedTest(name = "{0} it has done its work: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            before | 2   | --firewall=require --allowed-netmask=10.77.1.1
            after  | 2   | --firewall=require --allowed-netmask=10.77.1.1
            before | 2   | --no-supervisor --allowed-netmask=10.77.1.1
            before | 2   | --cgroups=net_cls --firewall=require --allowed-netmask=10.77.1.1
            before | 125 | --net=nat --publish=10105:80 --publish=10105:80/udp --allowed-port=1
            after  | 125 | --net=nat --publish=10105:80 --publish=10105:80/udp
            """)
    void a_program_that_fails_is_named_and_nothing_is_run(String how, int code, String options) {
        boolean supervised = options.contains("--allowed") && !options.contains("--no-supervisor");
        for (String line : eachProgramFails(how, "$SECFILT " + options + " touch ran")) {
            assertTrue(line.matches("\\d+ " + code + " - same [1-9] secfilt: .*no space for .*") // it fails when something is made
                    || line.matches("\\d+ 0 ran same 0 .*") // a look at what is there
                    || line.matches("\\d+ 0 ran (same|collected) [1-9] secfilt: .*no space for .*; secfilt gc removes what is left")
                    || !supervised && line.matches("\\d+ 0 ran collected 0 "), line); // nobody is there to be told
        }
    }

    @ParameterizedTest(name = "{0} it has done its work: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            before | profile install t near.yaml
            after  | profile install t near.yaml
            before | profile install t near.yaml --group=54771
            after  | profile install t near.yaml --group=54771
            before | profile install t near.yaml --cgroups=unified
            after  | profile install t near.yaml --cgroups=unified
            before | profile install kept far.yaml --inverted
            after  | profile install kept far.yaml --inverted
            before | profile remove kept
            """)
    void a_profile_is_changed_as_a_whole_or_not_at_all(String how, String words) {
        String changed = words.contains("remove") ? "$SECFILT profile install kept ../near.yaml -q" : words.contains("kept")
                ? "$SECFILT profile install kept ../near.yaml -q" : "$SECFILT profile remove t -q" + (words.contains("unified") ? " --cgroups=unified" : "");
        Outcome run = alone("""
                $SECFILT profile install kept ../near.yaml -q; state > was; grep -c "^-A OUTPUT.*SECFILT-P-kept" was; echo $1 > how
                for n in $(seq 60); do
                    echo $n > fails; try "$SECFILT $2 && touch ran"
                    [ $(cat count) -lt $n ] && { echo "$n none $code"; echo 0 > fails; break; }
                    echo 0 > fails; same=same; cmp -s was is || same=changed
                    echo "$n $code $([ -e ran ] && echo ran || echo -) $same $(grep -c "no space for" err) $(head -1 err)"
                    [ $code != 0 ] && [ $same = changed ] && diff was is
                    [ -e ran ] && { eval "$3"; state > is; diff was is || exit 1; }
                done
                eval "$3"; $SECFILT profile remove kept -q""", how, words.replace(" near", " ../near").replace(" far", " ../far"), changed).run();
        assertEquals("exit 0", run.end(), run::toString);
        List<String> lines = run.stdout().lines().toList();
        assertEquals("2", lines.get(0), run::toString);
        for (String line : lines.subList(1, lines.size())) {
            assertTrue(line.matches("\\d+ 125 - same [1-9] secfilt: .*no space for .*")
                    || line.matches("\\d+ 0 ran changed 0 ") || line.matches("\\d+ none 0"), run::toString);
        }
    }

    /** The options | what is told | how it is broken: steps of the kernel's that fail. */
    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            --firewall=require --allowed-netmask=10.77.1.1 | for want of mkdir(cgroup /own- | enter; echo 0 > $two/own-$id/cgroup.max.descendants
            --no-supervisor --allowed-netmask=10.77.1.1 | for want of mkdir(cgroup /own- | enter; echo 0 > $two/own-$id/cgroup.max.descendants
            --firewall=require --allowed-netmask=10.77.1.1 | for want of write(cgroup /own- | echo threaded > $two/own-$id/cgroup.type; enter
            --net=nat | write(/proc/sys/net/ipv4/conf/veth0/forwarding) | keep ipv4/conf/veth0/forwarding
            --net=nat | write(/proc/sys/net/ipv6/conf/veth0/force_forwarding) | keep ipv6/conf/veth0/force_forwarding
            --net=nat | /forwarding): | late ipv4 forwarding
            --net=nat --publish=10105:80 | /route_localnet): | late ipv4 route_localnet
            --net=nat --publish=10105:80 | /force_forwarding): | late ipv6 force_forwarding
            --net=nat | no private IPv4 network is free on this host | for net in 10.200.0.0/14 172.30.0.0/15 192.168.0.0/16; do real/ip route add blackhole $net; done
            --net=nat | link add sfn | clash 9
            --firewall=require --policy ../many.yaml | for want of iptables-restore: killed by signal 9 | starve iptables-restore
            --firewall=require --policy ../many.yaml | for want of ip6tables-restore: killed by signal 9 | starve ip6tables-restore
            --firewall=require --allowed-netmask=10.77.1.1 | can't open lock file | mkdir /run/xtables.lock; for p in iptables ip6tables; do cp /usr/sbin/$p-legacy-restore bin/$p-restore; done
            --net=nat | can't open lock file | mkdir /run/xtables.lock; for p in iptables ip6tables; do for s in save restore; do ln -sf /usr/sbin/$p-legacy-$s bin/$p-$s; done; done
            """)
    void a_step_of_the_kernels_that_fails_is_named_and_nothing_is_run(String options, String message, String breaking) {
        Outcome run = bash(breaking + """

                state | grep -v sfn > was; try "$SECFILT $1 touch ran"; [ -e ran ] && echo ran; cat err; grep -v sfn is | diff was -; grep -c ': sfnq' is
                for i in $(ls -d /proc/sys/net/ipv4/conf/sfnq* 2> /dev/null | grep -o 'sfnq.*'); do real/ip link del $i; done
                for net in 10.200.0.0/14 172.30.0.0/15 192.168.0.0/16; do real/ip route del blackhole $net; done 2> /dev/null
                exit $code""", options).run();
        assertTrue(run.end().matches(options.contains("nat") ? "exit 125" : "exit 2"), run::toString);
        List<String> lines = run.stdout().lines().toList();
        assertTrue(lines.get(0).startsWith("secfilt: ") && lines.get(0).contains(message), run::toString);
        assertEquals(List.of(breaking.startsWith("clash") ? "5" : "0"), lines.subList(1, lines.size()), run::toString);
    }

    @Test
    void a_name_that_is_taken_is_left_alone_and_another_is_chosen() {
        Outcome run = bash("""
                clash 2; state > was; try "$SECFILT --net=nat touch ran"; ls ran; cat err
                ip -o link | grep -c ': sfnq'
                for i in $(ls -d /proc/sys/net/ipv4/conf/sfnq* | grep -o 'sfnq.*'); do real/ip link del $i; done
                $SECFILT gc -q; state | diff was - # what bears such a name counts as a pair of ours, for which others forward
                """).run().exited(0);
        assertEquals("ran\n2\n", run.stdout(), run::toString);
    }

    /** The command is then where it was: what cannot be done | how it is broken. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            write(cgroup | echo threaded > $two/own-$id/cgroup.type
            posix_spawn( | rm bin/ip6tables-restore; printf '\\177ELF' > bin/ip6tables-restore; chmod +x bin/ip6tables-restore
            """)
    void without_a_firewall_that_fails_on_the_way_the_command_runs_if_it_may(String missing, String breaking) {
        Outcome run = bash(breaking + """

                enter; state > was; grep 0:: /proc/self/cgroup > outside
                try "$SECFILT -v --allowed-netmask=10.77.1.1 sh -c 'grep 0:: /proc/self/cgroup | diff - outside; touch ran; exit 7'"
                echo $code; [ -e ran ] && echo ran; grep -c "$1" err; diff was is
                try "$SECFILT --firewall=require --allowed-netmask=10.77.1.1 touch ran"; echo $code; [ -e ran ] && echo ran; grep -c "$1" err
                diff was is; [ "$(cat /proc/self/cgroup | grep 0::)" = "$(cat outside)" ]""", missing).run().exited(0);
        assertTrue(run.stdout().matches("7\nran\n[1-9]\n2\n1\n"), run::toString);
    }

    /** The rules come while the command's process moves into its cgroup: whenever that ends, it ran inside or not at all. */
    @Test
    void a_supervisor_that_is_killed_at_any_moment_of_a_start_lets_nothing_out() {
        Outcome run = bash("""
                state > was
                for n in $(seq 40); do
                    $SECFILT -q --firewall=require --allowed-netmask=10.77.1.1 sh -c 'grep 0:: /proc/self/cgroup >> ran; sleep 0.3' & p=$!
                    sleep $(printf 0.%03d $((n * 4)))
                    java=$(pgrep -f "org.secfilt.cli.Main [0-9]+ $p\\$") && kill -KILL $java && echo killed; wait $p
                done 2> /dev/null | sort | uniq -c
                touch ran; grep -v 0::.*/secfilt- ran
                for i in $(seq 40); do $SECFILT gc -q; state > is; cmp -s was is && break; sleep 0.05; done; diff was is""").run().exited(0);
        assertTrue(run.stdout().matches(" *[1-9]\\d* killed\n"), run::toString);
    }

    @Test
    void a_cgroup_that_bears_the_name_of_a_profile_is_taken_over_unless_it_is_in_use() {
        Outcome run = bash("""
                mkdir classes; mount_net_cls classes; own=classes/secfilt-profiles-$cookie/profile-t; mkdir -p $own
                sleep 60 & echo $! > $own/cgroup.procs
                $SECFILT profile install t ../near.yaml; echo $?; iptables-save | grep -c SECFILT-P-t
                kill $!; wait $! 2> /dev/null; until [ -z "$(cat $own/cgroup.procs)" ]; do sleep 0.05; done
                $SECFILT profile install t ../near.yaml; echo $?; $SECFILT profile remove t -q; ls -d $own""").run();
        assertEquals("125\n0\ninstalled profile t from ../near.yaml\n0\n", run.stdout(), run::toString);
        assertTrue(run.reports().get(0).matches("secfilt: the cgroup /secfilt-profiles-\\d+/profile-t is there already, in use, and has no class"),
                run::toString);
    }

    @Test
    void a_profile_whose_group_cannot_be_set_is_not_installed() {
        Outcome run = bash("""
                mkdir classes; mount_net_cls classes; state > was
                capsh --drop=cap_chown -- -c "$SECFILT profile install t ../near.yaml --group=54771"; echo $?; state | diff was -""").run();
        assertEquals("125\n", run.stdout(), run::toString);
        assertTrue(run.reports().get(0).contains("secfilt: chown(cgroup /secfilt-profiles-"), run::toString);
    }
}
