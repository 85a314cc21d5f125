package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.secfilt.e2e.ProfileHost.GROUP;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Profiles are installed, replaced and removed, whole or not at all. */
class ProfileChangesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom(ProfileHost::furnish);

    @RegisterExtension
    static final ProfileHost HOST = new ProfileHost(ROOM);
    /** All of the filter tables, counters left out. */
    private static final String TABLES = "{ iptables-save -t filter; ip6tables-save -t filter; } | grep -v '^#' | sed 's/\\[.*//'";

    @Test
    void a_file_says_who_may_enter_and_whom_its_rules_are_for() throws IOException {
        String file = HOST.policy("terms.yaml", "connect: {mode: allow, deny: [" + NetworkRoom.FAR + "]}\nprofile: {group: " + Command.ORDINARY_UID
                + ", inverted: true}\n");
        ROOM.secfilt("profile", "install", "t", file).run().exited(0);
        assertEquals("ready\nx 10.77.2.1 EPERM\n", ROOM.bash("echo x | python3 sender.py 10.77.2.1").run().exited(0).stdout());
        assertEquals("ready\nx 10.77.2.1 ok\n",
                ROOM.bash("echo x | $SECFILT --profile=t python3 sender.py 10.77.2.1").as(User.ORDINARY).run().exited(0).stdout());
        Outcome run = ROOM.secfilt("--policy", file, "echo", "ran").run().exited(2);
        assertTrue(run.stderr().contains("terms.yaml:3:") && run.stderr().contains("no policy of a run"), run::toString);
        Outcome unknown = ROOM.secfilt("profile", "install", "t", HOST.policy("who.yaml", "mode: deny\nprofile: {group: no-such}\n")).run().exited(2);
        assertTrue(unknown.stderr().contains("group no-such: there is no such group"), unknown::toString);
    }

    @Test
    void an_ordinary_user_changes_no_profile() {
        for (String words : List.of("install t near.yaml", "remove t")) {
            Outcome run = ROOM.bash("$SECFILT profile " + words).as(User.ORDINARY).run().exited(125);
            assertEquals(List.of("secfilt: profiles cannot be changed here, for want of CAP_NET_ADMIN"), run.reports());
        }
    }

    @ParameterizedTest
    @EnumSource
    void rules_of_others_are_left_as_they_are(Backend backend) {
        Outcome run = HOST.bash(backend, """
                iptables -A OUTPUT -d 203.0.113.9 -j DROP; ip6tables -A INPUT -s 2001:db8:9::/48 -j DROP; iptables -N SECFILT-own
                """ + TABLES + " > before; $SECFILT profile install -q t near.yaml; $SECFILT profile install -q a-name-that-is-longer-than-a-chain.can_be near.yaml;"
                + TABLES + " > between; $SECFILT profile install -q t far.yaml; $SECFILT gc; $SECFILT profile list; $SECFILT profile remove t -q;"
                + "$SECFILT profile remove -q a-name-that-is-longer-than-a-chain.can_be; " + TABLES + """
                 > after; diff before after && ! cmp -s before between && grep -c -- '-A OUTPUT.*SECFILT-P' between
                iptables -F; ip6tables -F; iptables -X
                """).run().exited(0);
        assertEquals("""
                NAME                                       PROCESSES  WHO MAY ENTER
                a-name-that-is-longer-than-a-chain.can_be  0          root
                t                                          0          root
                4
                """, run.stdout(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "../t", "a/b", "a b", "\u00e9", "a\"b", "a;b", "$x", "*"})
    void a_name_is_letters_digits_dots_dashes_and_underlines(String name) {
        for (List<String> words : List.of(List.of("profile", "install", name), List.of("profile", "show", name), List.of("profile", "remove", name),
                List.of("assign", name, "1"), List.of("--profile=" + name, "echo", "ran"))) {
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).run().exited(2);
            assertEquals("", run.stdout());
            assertTrue(run.stderr().contains("is no name of a profile; write letters, digits, '.', '_' and '-'"), run::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tasks", "cgroup.procs", "net_cls.classid", "a.b_c-d", "0"})
    void names_that_the_kernel_uses_too_are_fine(String name) {
        Outcome run = ROOM.bash("$SECFILT profile install " + name + " near.yaml && $SECFILT --profile=" + name + " true && $SECFILT profile remove " + name)
                .run().exited(0);
        assertEquals("installed profile " + name + " from near.yaml\nremoved profile " + name + "\n", run.stdout());
    }

    @ParameterizedTest
    @EnumSource
    void a_step_that_fails_undoes_the_others(Backend backend) throws IOException {
        Path broken = Files.createDirectories(ROOM.directory().resolve("broken"));
        Path program = Files.writeString(broken.resolve("ip6tables-restore"), "#!/bin/sh\necho 'no such match' >&2\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Outcome fresh = HOST.bash(backend, "PATH=$PWD/broken:$PATH $SECFILT profile install t near.yaml; echo $?; $SECFILT profile list; " + TABLES).run();
        assertEquals(List.of("secfilt: ip6tables-restore: no such match"), fresh.reports());
        assertTrue(fresh.stdout().startsWith("125\n") && !fresh.stdout().contains("SECFILT"), fresh::toString);
        Outcome replaced = HOST.near(backend, TABLES + " > one; PATH=$PWD/broken:$PATH $SECFILT profile install t far.yaml --inverted; "
                + TABLES + " > two; diff one two; grep -c SECFILT two").run().exited(0);
        assertEquals(List.of("secfilt: ip6tables-restore: no such match"), replaced.reports());
        assertEquals(1, replaced.stdout().lines().count(), replaced::toString);
        Outcome missing = HOST.bash(backend, "mkdir empty; PATH=$PWD/empty $SECFILT profile show nothing").run().exited(125);
        assertEquals(List.of("secfilt: there is no profile nothing in this network namespace; secfilt profile list tells those there are, secfilt profile install nothing makes it"),
                missing.reports());
    }

    /** Without CAP_CHOWN the file of those who may enter cannot be given to another group. */
    @Test
    void a_group_that_cannot_be_given_leaves_the_former_one() {
        Outcome run = HOST.near(Backend.NFT, "$SECFILT profile install -q t near.yaml " + GROUP + "; $SECFILT profile list > one; "
                + "setpriv --bounding-set=-chown --inh-caps=-chown $SECFILT profile install t far.yaml --group=" + (Command.ORDINARY_UID + 1)
                + "; echo $?; $SECFILT profile list > two; diff one two").run().exited(0);
        assertEquals("125\n", run.stdout());
        assertEquals(1, run.reports().size(), run::toString);
        assertEquals("ran\n", ROOM.secfilt("--profile=t", "echo", "ran").as(User.ORDINARY).run().exited(0).stdout());
    }

    @Test
    void installing_with_another_iptables_moves_the_rules() {
        Outcome run = HOST.near(Backend.LEGACY, "PATH=${PATH/LEGACY/NFT} $SECFILT profile install -q t far.yaml; iptables-save | grep -c SECFILT; iptables-nft-save | grep -c 'OUTPUT.*SECFILT'")
                .run().exited(0);
        assertEquals("0\n1\n", run.stdout());
    }

    /** cgroup.procs gives no more than a page at a time. cgroups(7) */
    @Test
    void a_thousand_processes_are_counted_and_moved_out() throws IOException {
        Files.writeString(ROOM.directory().resolve("thousand.py"), """
                import os, signal, time
                pids = []
                for i in range(999):
                    pid = os.fork()
                    if pid == 0: time.sleep(60); os._exit(0)
                    pids.append(pid)
                open("made", "w").close()
                for i in range(600):
                    if os.path.exists("over"): break
                    time.sleep(0.1)
                for pid in pids: os.kill(pid, signal.SIGKILL)
                """);
        Outcome run = HOST.near(Backend.NFT, """
                rm -f made over; $SECFILT --profile=t python3 thousand.py & until [ -e made ]; do sleep 0.1; done
                $SECFILT profile list | tail -n 1; $SECFILT profile remove t --force; touch over; wait
                """).timeoutMillis(60_000).run();
        assertEquals("t     1000       root\nremoved profile t\n", run.stdout(), run::toString);
    }

    @Test
    void a_profile_with_processes_stays_unless_it_is_forced_away() {
        Outcome run = HOST.near(Backend.NFT, """
                sleep 60 & pid=$!
                $SECFILT assign t $pid $pid; $SECFILT assign t $$ $pid; $SECFILT assign --out $$
                $SECFILT profile show t | grep -o 'sleep'; $SECFILT profile remove t; echo $?
                $SECFILT profile remove t --force; grep net_cls /proc/$pid/cgroup | cut -d: -f3; kill $pid
                """).run();
        assertEquals("sleep\n125\nremoved profile t\n/\n", run.stdout(), run::toString);
        assertEquals(3, run.reports().size(), run::toString);
        assertTrue(run.reports().get(0).endsWith("is already assigned to a net class: profile t"), run::toString);
        assertTrue(run.reports().get(1).endsWith("is in no profile"), run::toString);
        assertTrue(run.reports().get(2).contains("the profile t has processes in it"), run::toString);
    }

    /** Whose network namespace is gone: but not where a process is in it, or the namespace lives by a descriptor or a mount alone. */
    @Test
    void what_is_left_of_a_profile_whose_network_is_gone_is_removed_by_the_next_change() {
        Outcome run = HOST.near(Backend.NFT, """
                mkdir -p classes; mount --make-rprivate /; mount -t cgroup -o net_cls none classes
                left() { for p in gone held opened mounted; do (cd classes && ls -d secfilt-profiles-*/profile-$p-$$ 2>/dev/null | sed "s/.*profile-//; s/-$$//"); done | tr '\\n' ' '; echo; }
                alone() {
                    rm -f at go; unshare -n sh -c '$SECFILT profile install -q $0 near.yaml || exit 98; echo > at; until [ -e go ]; do sleep 0.05; done' $1-$$ & pid=$!
                    until [ -e at ]; do sleep 0.05; done
                }
                over() { touch go; wait $pid || exit 97; }
                alone opened; exec 9< /proc/$pid/ns/net; over
                alone mounted; touch network; mount --bind /proc/$pid/ns/net network; over
                alone held; sleep 60 & member=$!; echo $member > classes/secfilt-profiles-*/profile-held-$$/cgroup.procs; over
                alone gone; over; left
                $SECFILT profile list > listed; left; $SECFILT profile install -q t near.yaml; left
                kill $member; wait $member 2>/dev/null; exec 9<&-; umount network; sleep 0.2; $SECFILT profile remove -q t; left""").timeoutMillis(60_000).run().exited(0);
        assertEquals("gone held opened mounted \ngone held opened mounted \nheld opened mounted \n\n", run.stdout(), run::toString);
    }

    /** One removes it, the others find none: none brings back what it has seen before. The mount for those who may enter is taken away once. */
    @Test
    void those_who_remove_profiles_at_once_wait_for_each_other() {
        Outcome run = ROOM.bash("""
                for i in 1 2 3; do
                    $SECFILT profile install -q --group=%d t near.yaml || exit 98
                    for k in 1 2 3; do $SECFILT profile remove t > said$k 2>&1 & done; wait; sort -u said1 said2 said3
                    for p in t u v; do $SECFILT profile install -q --group=%1$d $p near.yaml || exit 98; done
                    for p in t u v; do $SECFILT profile remove -q $p & done; wait
                    { iptables-save; ip6tables-save; } | grep SECFILT; $SECFILT profile list; ls -d /run/secfilt-profiles.lock 2>/dev/null
                done""".formatted(Command.ORDINARY_UID)).timeoutMillis(120_000).run();
        assertEquals("removed profile t\nsecfilt: there is no profile t in this network namespace; secfilt profile list tells those there are, secfilt profile install t makes it\n".repeat(3),
                run.stdout(), run::toString);
        assertEquals(List.of(), run.reports(), run::toString);
    }

    /** The supervisor's memory ended, and with it the run, without a word. */
    @Test
    void a_list_too_long_for_the_firewall_is_refused_by_its_line_before_anything_is_raised() throws IOException {
        StringBuilder list = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            list.append(i == 0 ? "" : ",").append("10.").append(80 + i / 10_000).append('.').append(i / 100 % 100).append('.').append(i % 100);
        }
        String text = "connect:\n  mode: deny\n  allow:\n    - address: [" + list + "]\n      port: 80\n";
        HOST.policy("long.yaml", text);
        HOST.policy("tcp.yaml", text + "      protocol: tcp\n");
        for (String words : List.of("--policy=long.yaml echo ran", "--firewall=require --policy=long.yaml echo ran", "--net=nat --policy=long.yaml echo ran",
                "check long.yaml", "explain --policy=long.yaml tcp 10.80.0.0:80", "profile install t long.yaml")) {
            Outcome run = ROOM.bash("$SECFILT " + words).run().exited(2);
            assertEquals("", run.stdout(), run::toString);
            assertTrue(run.stderr().startsWith("secfilt: long.yaml:5:7: the firewall would have 120006 rules, 10 MiB, and takes 4 MiB; 120000 of them"
                    + " come of this rule, for its 20000 addresses and their ports"), run::toString);
        }
        Outcome run = ROOM.bash("{ iptables-save; ip6tables-save; } | grep SECFILT; $SECFILT profile list; $SECFILT --firewall=off --policy=long.yaml echo off;"
                + "$SECFILT --firewall=require --policy=tcp.yaml echo tcp; for i in 1 2; do $SECFILT profile install t tcp.yaml || exit; done;"
                + "$SECFILT profile remove t").timeoutMillis(60_000).run().exited(0);
        assertEquals("off\ntcp\ninstalled profile t from tcp.yaml\ninstalled profile t from tcp.yaml\nremoved profile t\n", run.stdout(), run::toString);
    }

    /** Over what the mount table calls a network an ordinary user may mount what keeps waiting whoever opens it. */
    @Test
    void what_hides_a_mounted_network_is_not_opened() {
        Outcome run = HOST.near(Backend.NFT, """
                unshare -n sh -c '$SECFILT profile install -q gone-$0 near.yaml' $$ || exit 98
                rm -f at go; : > place; mkfifo over
                unshare -m --propagation private sh -c 'unshare -n mount --bind /proc/self/ns/net place && mount --bind over place || exit 97
                    echo > at; until [ -e go ]; do sleep 0.05; done; exit 0' & hider=$!
                until [ -e at ]; do sleep 0.05; done
                timeout -k 1 10 $SECFILT profile install -q t near.yaml; echo $?; touch go; wait $hider""").timeoutMillis(60_000).run().exited(0);
        assertEquals("0\n", run.stdout(), run::toString);
    }

    @Test
    void rules_that_somebody_flushed_are_missed() {
        Outcome run = HOST.near(Backend.NFT, "ip6tables -F OUTPUT; $SECFILT profile show t | tail -1; $SECFILT --profile=t echo ran; echo $?;"
                + "$SECFILT profile install -q t near.yaml && $SECFILT --profile=t echo ran").run().exited(0);
        assertEquals("  THE RULES ARE GONE; secfilt profile install brings them back\n125\nran\n", run.stdout());
        assertEquals(List.of("secfilt: the rules of the profile t are gone from ip6tables; secfilt profile install t brings them back"), run.reports());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            families: [inet]            | a profile judges packets, not the families of sockets
            unix: {mode: deny}          | unix sockets send no packets
            no-outbound-network: true   | unix sockets send no packets
            filesystem: {read-only: true} | a profile judges packets, not files
            private-tmp: true           | a profile gives a command no network, /tmp or user of its own
            errno: EACCES               | nobody sees which call a profile's denial meets
            mode: allow                 | it restricts no destination
            """)
    void what_no_packet_shows_is_no_matter_of_a_profile(String text, String why) throws IOException {
        Outcome run = ROOM.secfilt("profile", "install", "t", HOST.policy("odd.yaml", text + "\n")).run().exited(2);
        String place = text.matches("(families|unix|no-outbound|filesystem).*") ? "odd.yaml:2:[0-9]+: " : "odd.yaml: ";
        assertTrue(run.stderr().matches("secfilt: \\S*" + place + why + ".*\n"), run::toString);
        assertFalse(ROOM.secfilt("profile", "list").run().exited(0).stdout().contains("t"));
    }

    @Test
    void all_that_a_profile_cannot_hold_is_told_at_once() throws IOException {
        Outcome run = ROOM.secfilt("profile", "install", "t", HOST.policy("odd.yaml", "no-outbound-network: true\nunix: {mode: deny}\n")).run().exited(2);
        assertTrue(run.stderr().contains("leave out 'no-outbound-network'\n") && run.stderr().contains("leave out 'unix'\n"), run::toString);
    }
}
