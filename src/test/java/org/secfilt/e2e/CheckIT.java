package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code secfilt check} on the built program. */
class CheckIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    @Test
    void the_shipped_policies_are_clean() throws IOException {
        List<String> words = new ArrayList<>(List.of("check"));
        StringBuilder clean = new StringBuilder();
        try (Stream<Path> policies = Files.list(Built.policy("lan.yaml").getParent())) {
            for (Path policy : policies.filter(file -> file.toString().endsWith(".yaml")).sorted().toList()) {
                words.add(policy.toString());
                clean.append(policy).append(": clean\n");
            }
        }
        assertTrue(words.size() > 4, words::toString);
        for (User user : User.values()) {
            Outcome run = ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0);
            assertEquals(clean.toString(), run.stdout());
            assertEquals("", run.stderr());
        }
        words.add("-q");
        assertEquals("", ROOM.secfilt(words.toArray(new String[0])).run().exited(0).stdout());
    }

    @Test
    void a_warning_shows_its_place_and_exits_with_1() throws IOException {
        write("w.yaml", "version: 1\nconnect:\n  allow:\n    - 10.0.0.0/8\n    - 0.0.0.0/0\n    - 10.1.2.3\n");
        Outcome run = check("w.yaml").exited(1);
        assertEquals("", run.stdout());
        assertEquals("""
                w.yaml:4:7: warning: this adds nothing: w.yaml:5:7 allows all of it
                    - 10.0.0.0/8
                      ^
                w.yaml:5:7: warning: this allows every IPv4 address, 0.0.0.0/0
                    - 0.0.0.0/0
                      ^
                w.yaml:6:7: warning: this adds nothing: w.yaml:4:7 allows all of it already
                    - 10.1.2.3
                      ^
                """, run.stderr());
    }

    @Test
    void errors_are_those_of_a_run() throws IOException {
        write("e.yaml", "version: 1\nmod: deny\nconnect: {allow: [\"1.2.3.4:99999\"]}\n");
        write("e.ini", "allowed-port=70000\nno-such=\n");
        write("vsock.yaml", "version: 1\nmode: deny\nfamilies: [inet, vsock]\n");
        String yaml = ROOM.secfilt("--policy=e.yaml", "true").in(ROOM.directory()).run().exited(2).stderr();
        String ini = ROOM.secfilt("-c", "e.ini", "true").in(ROOM.directory()).run().exited(2).stderr();
        String refused = ROOM.secfilt("--policy=vsock.yaml", "true").in(ROOM.directory()).run().exited(2).stderr();
        assertEquals(yaml, check("e.yaml").exited(2).stderr());
        assertEquals(ini, check("e.ini").exited(2).stderr());
        assertEquals(refused, check("vsock.yaml").exited(2).stderr());
        assertTrue(yaml.contains("e.yaml:2:1:") && yaml.contains("e.yaml:3:19:"), yaml);
        assertEquals(yaml + ini, check("e.yaml", "e.ini").exited(2).stderr());
        assertEquals("secfilt: missing.yaml: No such file or directory\n", check("missing.yaml").exited(2).stderr());
    }

    @Test
    void a_file_that_cannot_be_read_is_told_with_its_option() throws IOException {
        write("secret.yaml", "version: 1\n");
        Files.setPosixFilePermissions(ROOM.directory().resolve("secret.yaml"), PosixFilePermissions.fromString("---------"));
        ROOM.command("mkfifo", "alone").in(ROOM.directory()).run().exited(0);
        String[][] rows = {
            {"--policy=.", "Is a directory; name a file in it"},
            {"--config=.", "Is a directory; name a file in it"},
            {"--policy=alone", "nobody writes to this FIFO; start first who does"},
            {"--policy=secret.yaml", "Permission denied; it is read as the user who runs secfilt"},
            {"--policy=missing", "No such file or directory"},
        };
        for (String[] row : rows) {
            Outcome run = ROOM.secfilt(row[0], "true").as(User.ORDINARY).in(ROOM.directory()).run().exited(2);
            assertEquals("secfilt: " + row[0] + ": " + row[1] + "\n", run.stderr());
        }
    }

    /** What a file says behind {@code version: 1} | whether as root it is refused. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "private-tmp: true | false", "net: none | false", "publish: [80:80] ;; mode: deny | true", "net: nat ;; publish: [80:80, 80:81] | true", "user: nobody | false", "user: nosuchuser ;; mode: deny | true",
                "user: 54799 | true", "user: nobody:nosuchgroup | true", "user: 54799:54799 | false",
                "filesystem: {allow-write: [/nonexist/foo]} | true", "filesystem: {allow-write: [/dev/null, /proc/self/fd]} | true",
                "filesystem: {allow-write: [/dev/null]} | false", "filesystem: {allow-write: [/tmp]} ;; private-tmp: true | false",
            })
    void what_a_run_here_refuses_is_refused(String policy, boolean refused) throws IOException {
        write("r.yaml", "version: 1\n" + policy.replace(" ;; ", "\n") + "\n");
        Outcome run = ROOM.secfilt("--policy=r.yaml", "true").in(ROOM.directory()).run().exited(refused ? 2 : 0);
        Outcome check = check("r.yaml").exited(refused ? 2 : 0);
        assertEquals(run.stderr(), check.stderr());
        assertEquals(refused ? "" : "r.yaml: clean\n", check.stdout());
        Outcome explain = ROOM.secfilt("explain", "--policy=r.yaml").in(ROOM.directory()).run().exited(refused ? 2 : 0);
        assertEquals(run.stderr(), explain.stderr());
        assertEquals(refused, explain.stdout().isEmpty());
    }

    /** What a file says behind {@code version: 1}, with a warning in it | what a run of an ordinary user's is refused for. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "user: nobody ;; connect: {allow: [0.0.0.0/0]} | only root can become another user",
                "filesystem: {allow-write: [/nonexist/foo]} ;; connect: {allow: [0.0.0.0/0]} | /nonexist/foo: No such file or directory",
                "publish: [80:81] ;; connect: {allow: [0.0.0.0/0]} | a port is published only from a network",
                "firewall: require ;; connect: {allow: [0.0.0.0/0]} | packets cannot be judged here, for want of CAP_NET_ADMIN",
                "net: nat ;; connect: {allow: [0.0.0.0/0]} | only root can join a network to this host's",
            })
    void what_is_odd_in_the_file_is_told_before_what_this_host_lacks(String policy, String refusal) throws IOException {
        write("o.yaml", "version: 1\n" + policy.replace(" ;; ", "\n") + "\n");
        Outcome run = ROOM.secfilt("check", "o.yaml").as(User.ORDINARY).in(ROOM.directory()).run().exited(2);
        int lint = run.stderr().indexOf("o.yaml:3:19: warning: this allows every IPv4 address, 0.0.0.0/0\n");
        assertTrue(lint == 0 && run.stderr().indexOf(refusal) > lint, run::toString);
    }

    @Test
    void a_refusal_shows_its_place() throws IOException {
        write("p.yaml", "version: 1\npublish: [80:81]\nmode: deny\n");
        String refusal = "secfilt: p.yaml:2:11: a port is published only from a network behind this host's addresses; add --net=nat (in a policy file, net: nat)\n"
                + "publish: [80:81]\n          ^\n";
        assertEquals(refusal, check("p.yaml").exited(2).stderr());
        for (String words : List.of("true", "--policy=- true <p.yaml", "--net=none true")) {
            String file = words.startsWith("--policy") ? "" : "--policy=p.yaml ";
            assertEquals(refusal.replace("p.yaml", file.isEmpty() ? "-" : "p.yaml"),
                    ROOM.bash("$SECFILT " + file + words).in(ROOM.directory()).run().exited(2).stderr());
        }
        assertEquals("secfilt: --publish=80:81: a port is published only from a network behind this host's addresses; add --net=nat (in a policy file, net: nat)\n",
                ROOM.secfilt("--publish=80:81", "true").run().exited(2).stderr());
    }

    @Test
    void a_file_that_must_be_there_is_named_once() {
        for (String verb : List.of("", "explain")) {
            assertEquals("secfilt: --allow-write=/nonexist: No such file or directory; it must exist before the run\n",
                    ROOM.bash("$SECFILT " + verb + " --allow-write=/nonexist " + (verb.isEmpty() ? "true" : "")).run().exited(2).stderr());
        }
    }

    @Test
    void a_relative_path_begins_where_a_run_does() throws IOException {
        write("r.yaml", "version: 1\nfilesystem: {allow-write: [not-made-yet]}\n");
        assertEquals("r.yaml: clean\n", check("r.yaml").exited(0).stdout());
        write("r.ini", "allow-write=/nonexist/foo\nuser=nosuchuser\n");
        assertEquals("secfilt: r.ini:1:1: /nonexist/foo: No such file or directory; it must exist before the run\nsecfilt: r.ini:2:1: this host knows no user 'nosuchuser'; "
                        + "those it knows are told by getent passwd\n",
                check("r.ini").exited(2).stderr());
    }

    @Test
    void a_file_is_ini_by_its_first_line() throws IOException {
        write("settings", "# of a user\nallowed-netmask=0.0.0.0/0\n");
        write("policy", "# of a user\nversion: 1\nmode: deny\n");
        Outcome run = check("settings", "policy").exited(1);
        assertTrue(run.stderr().startsWith("settings:2:1: warning: this allows every IPv4 address"), run.stderr());
        assertEquals("policy: clean\n", run.stdout());
    }

    /** As an INI file it runs, and restricts nothing; as a policy it does not run. */
    @Test
    void an_empty_file_is_a_policy_but_for_one_that_is_named_as_an_INI_file() throws IOException {
        for (String text : List.of("", "\n \n", "# later\n")) {
            for (String name : List.of("nothing", "nothing.yaml")) {
                write(name, text);
                String run = ROOM.secfilt("--policy=" + name, "true").in(ROOM.directory()).run().exited(2).stderr();
                assertEquals(run, check(name).exited(2).stderr());
                assertTrue(run.startsWith(name + ":1:1: the file is empty; a policy begins with version: 1\n"), run);
            }
            write("nothing.ini", text);
            assertTrue(check("nothing.ini").exited(1).stderr().startsWith("nothing.ini:1:1: warning: this restricts nothing"));
            ROOM.secfilt("-c", "nothing.ini", "true").in(ROOM.directory()).run().exited(0);
        }
    }

    @Test
    void without_files_it_is_wrong_usage() {
        assertEquals("secfilt: no file given\nTry 'secfilt check --help'.\n", check().exited(2).stderr());
        assertTrue(check("--allowed-port=1", "x").exited(2).stderr().startsWith("secfilt: --allowed-port is no option of 'secfilt check'\n"));
    }

    private static void write(String name, String text) throws IOException {
        Files.writeString(ROOM.directory().resolve(name), text);
    }

    private static Outcome check(String... files) {
        List<String> words = new ArrayList<>(List.of("check"));
        words.addAll(List.of(files));
        return ROOM.secfilt(words.toArray(new String[0])).in(ROOM.directory()).run();
    }
}
