package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;
import org.secfilt.Reachable;
import org.secfilt.Requirements;

/**
 * Files that may be written and files that may not: by every call that changes files, in every way across the border, and by what people
 * build. What was changed is looked up from outside.
 */
class FilesIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final Path ATTEMPTS = Fixtures.compile("write-attempts");
    /** What write-attempts border may do; all else crosses the border. */
    private static final Set<String> ON_THIS_SIDE = Set.of(
            "a link to outside may be made", "a nameless file inside", "chmod it", "link it in", "a pipe", "chmod the pipe",
            "reopen the pipe", "a memfd", "chmod the memfd");

    private static final Map<String, String> BUILDS = Map.of(
            "make", """
                    printf 'int main(void) { return 0; }\\n' > a.c
                    printf 'all: a\\na: a.c\\n\\tcc -o $@ $<\\ninstall: a\\n\\tinstall -D -p -m 755 a root/bin/a\\n\\tcp -p a.c root/a.c\\n' > Makefile
                    make -s -j2 all && make -s install && touch a.c && make -s
                    [ "$(stat -c %a root/bin/a)" = 755 ] && rm -r root && echo done""",
            "git", """
                    git -c init.defaultBranch=main init -q r && cd r && git config user.email a@b && git config user.name x
                    echo 1 > f && chmod +x f && git add f && git commit -qm one && git branch b && mkdir d && git mv f d/f && git commit -qam two
                    git checkout -q b && [ -x f ] && cd .. && git clone -q r s && git -C s gc -q && rm -rf r s && echo done""",
            "tar", """
                    mkdir -p t/d && echo x > t/f && chmod 640 t/f && touch -d @1000 t/f t/d && ln -s f t/l && ln t/f t/h && mkfifo t/p && chmod 2755 t/d
                    tar cf t.tar t && mkdir u && tar xpf t.tar -C u && [ "$(stat -c '%a %Y' u/t/f)" = '640 1000' ] && [ "$(stat -c %Y u/t/d)" = 1000 ]
                    tar czf t.tgz t && rm -rf t && tar xzf t.tgz && [ -L t/l ] && echo done""",
            "copy", """
                    mkdir -p t/d && echo x > t/f && chmod 640 t/f && touch -d @1000 t/f && ln -s f t/l && cp -a t u && cp -p ../../out/f g && mv u v
                    [ "$(stat -c '%a %Y' v/f)" = '640 1000' ] && touch -h -d @7 v/l && [ "$(stat -c %Y v/l)" = 7 ] && sed -i s/x/y/ v/f && echo done""",
            "python3", """
                    /usr/bin/python3 - <<'E'
                    import os, shutil, tempfile, zipfile, py_compile
                    d = tempfile.mkdtemp()
                    open(d + '/m.py', 'w').write('x = 1\\n')
                    py_compile.compile(d + '/m.py')
                    shutil.copytree(d, 'copy'); shutil.copystat(d + '/m.py', 'copy/m.py')
                    os.utime('copy/m.py', ns=(3, 4)); os.utime('copy/m.py', (1e9, 1e9)); os.chmod('copy/m.py', 0o600)
                    with zipfile.ZipFile('z.zip', 'w') as z: z.write('copy/m.py')
                    os.rename('copy', 'moved'); shutil.rmtree('moved'); shutil.rmtree(d)
                    print('done')
                    E""",
            "javac", """
                    echo 'class A { public static void main(String[] a) { System.out.println("done"); } }' > A.java
                    javac -J-XX:-UsePerfData -d classes A.java && java -XX:-UsePerfData -cp classes A""");

    private Path home;
    private Path in;
    private Path out;

    /** in, which may be written; out; and inx, whose name begins as that of in. */
    @BeforeEach
    void directories() throws IOException {
        home = Files.createTempDirectory(ROOM.directory(), "files").toRealPath();
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        in = directory("in");
        out = directory("out");
        directory("inx");
    }

    @AfterEach
    void remove() {
        Reachable.remove(home);
    }

    private Path directory(String name) throws IOException {
        Path directory = Files.createDirectory(home.resolve(name));
        Files.createDirectory(directory.resolve("d"));
        Files.writeString(directory.resolve("f"), "hello\n");
        Files.writeString(directory.resolve("t"), "text\n");
        Files.createSymbolicLink(directory.resolve("l"), Path.of("f"));
        return directory;
    }

    private void belongTo(User user) throws IOException {
        int id = user == User.ROOT ? 0 : Command.ORDINARY_UID;
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.toList()) {
                Files.setAttribute(path, "unix:uid", id, LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(path, "unix:gid", id, LinkOption.NOFOLLOW_LINKS);
            }
        }
    }

    private Command confined(User user, String... words) {
        return ROOM.secfilt(words).as(user).in(home).with("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }

    /** Names, contents and all attributes of what is below a directory; the ctime tells of every change. */
    private static String snapshot(Path directory) throws IOException {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted().toList()) {
                text.append(path).append(' ')
                        .append(Files.readAttributes(path, "unix:mode,uid,gid,size,nlink,ctime,ino", LinkOption.NOFOLLOW_LINKS)
                                .entrySet().stream().map(Object::toString).sorted().collect(Collectors.joining(" ")))
                        .append('\n');
            }
        }
        return text.toString();
    }

    /** The attempts that succeeded. */
    private static Set<String> succeeded(Outcome run) {
        Set<String> names = new TreeSet<>();
        run.stdout().lines().filter(line -> line.endsWith(" ok")).forEach(line -> names.add(line.substring(0, line.length() - 3)));
        return names;
    }

    @ParameterizedTest
    @EnumSource
    void below_a_writable_directory_every_call_works(User user) throws IOException {
        belongTo(user);
        Outcome run = confined(user, "--allow-write=in", "--", ATTEMPTS.toString(), "tree", "in").run().exited(0);
        assertEquals(List.of(), run.stdout().lines().filter(line -> !line.endsWith(" ok")).toList());
        assertTrue(run.stdout().lines().count() > 40);
        assertEquals("", run.stderr());
    }

    @ParameterizedTest
    @EnumSource
    void elsewhere_no_call_changes_anything(User user) throws IOException {
        belongTo(user);
        for (String directory : List.of("out", "inx")) {
            String before = snapshot(home.resolve(directory));
            Outcome run = confined(user, "--allow-write=in", "--", ATTEMPTS.toString(), "tree", directory).run().exited(0);
            assertEquals(Set.of(), succeeded(run), run::toString);
            assertTrue(run.stdout().lines().count() > 40);
            assertEquals(before, snapshot(home.resolve(directory)), run::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void the_ways_round_are_closed_in_a_writable_directory_too(User user) throws IOException {
        belongTo(user);
        Outcome run = confined(user, "--allow-write=in", "--", ATTEMPTS.toString(), "never", "in").run().exited(0);
        assertEquals(Set.of(), succeeded(run), run::toString);
        assertTrue(run.stdout().lines().count() > 15, run::toString);
        assertFalse(run.stdout().contains("?"), run::toString);
    }

    /** Of one that is opened to write Landlock is asked, of these not. // ipc/mqueue.c */
    @ParameterizedTest
    @EnumSource
    void no_message_queue_is_made_or_removed(User user) {
        String[] python = {"/usr/bin/python3", Built.fixture("queues.py")};
        String name = "secfilt-" + ProcessHandle.current().pid();
        assertEquals("make ok\n", ROOM.command(python[0], python[1], "make:" + name).as(user).run().exited(0).stdout());
        Outcome run = confined(user, "--read-only", "--", python[0], python[1], "open:" + name, "make:" + name + "-too", "unlink:" + name).run();
        Outcome after = ROOM.command(python[0], python[1], "unlink:" + name, "unlink:" + name + "-too").as(user).run();
        assertEquals("open EACCES\nmake EPERM\nunlink EPERM\n", run.stdout(), run::toString);
        assertEquals("unlink ok\nunlink ENOENT\n", after.stdout(), after::toString);
    }

    /** A loop device open for reading is enough for the kernel, and no capability that is dropped. A plain file shows who answers. */
    @ParameterizedTest
    @EnumSource
    void no_other_file_is_put_behind_a_loop_device(User user) throws IOException {
        belongTo(user);
        Outcome run = confined(user, "--allow-write=in", "--", "/usr/bin/python3", "-c", """
                import errno, fcntl, sys
                for request in 0x4c00, 0x4c01, 0x4c06, 0x4c0a, 0x4c80, 0x4c03, 0x4c05, 0x4c82:
                    try: fcntl.ioctl(open('in/f'), request, 0)
                    except OSError as e: print(hex(request), errno.errorcode[e.errno])""").run().exited(0);
        assertEquals("0x4c00 EPERM\n0x4c01 EPERM\n0x4c06 EPERM\n0x4c0a EPERM\n0x4c80 EPERM\n0x4c03 ENOTTY\n0x4c05 ENOTTY\n0x4c82 ENOTTY\n",
                run.stdout(), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void nothing_crosses_the_border(User user) throws IOException {
        belongTo(user);
        String before = snapshot(out) + snapshot(home.resolve("inx"));
        Outcome run = confined(user, "--allow-write=in", "--", ATTEMPTS.toString(), "border", in.toString(), out.toString()).run().exited(0);
        assertEquals(new TreeSet<>(ON_THIS_SIDE), succeeded(run), run::toString);
        assertEquals(before, snapshot(out) + snapshot(home.resolve("inx")), run::toString);
        assertTrue(run.reports().contains("secfilt: to allow them, add --allow-write=" + out + "/f --allow-write=" + home + "/inx/f"), run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void a_directory_that_is_swapped_under_the_calls_leads_nowhere_else(User user) throws IOException {
        belongTo(user);
        String before = snapshot(out);
        Outcome run = confined(user, "-q", "--allow-write=in", "--", Fixtures.compile("rename-race").toString(), in.toString(), out.toString(), "6000")
                .timeoutMillis(60_000).run().exited(0);
        assertEquals(before, snapshot(out), run::toString);
        Matcher counts = Pattern.compile("([0-9]+) succeeded, ([0-9]+) refused\n").matcher(run.stdout());
        assertTrue(counts.matches() && Integer.parseInt(counts.group(1)) > 100 && Integer.parseInt(counts.group(2)) > 100, run::toString);
    }

    @ParameterizedTest
    @EnumSource
    void what_was_open_for_writing_before_stays_so(User user) throws IOException {
        belongTo(user);
        String script = Built.program() + " -q --read-only " + ATTEMPTS + " inherited 7 out 7>>out/f; " + Built.program()
                + " -q --read-only echo to a file >out/t; " + Built.program() + " -q --read-only sh -c 'echo x >/dev/stdout' >>out/f";
        Outcome run = ROOM.command("bash", "-c", script).as(user).in(home).run();
        assertEquals("write to it ok\nchmod it EPERM\nreopen it EACCES\ncreate by a directory EACCES\n", run.stdout());
        assertEquals("hello\nhi\n", Files.readString(out.resolve("f")));
        assertEquals("to a file\n", Files.readString(out.resolve("t")));
    }

    @ParameterizedTest
    @EnumSource
    void the_session_of_the_manual(User user) throws IOException {
        belongTo(user);
        Outcome run = confined(user, "--read-only=1", "--allow-write=/dev/null", "bash", "-c",
                "echo a > b; echo a > /dev/null && echo written; chmod 600 out/f; mv in/f in/g; rm -f out/f; cat out/f").run().exited(0);
        assertEquals("written\nhello\n", run.stdout());
        assertFalse(Files.exists(home.resolve("b")));
        assertTrue(run.stderr().contains("bash: line 1: b: Permission denied\n"), run::toString);
        assertTrue(run.stderr().contains("chmod: changing permissions of 'out/f': Operation not permitted\n"), run::toString);
        List<String> reports = run.reports();
        assertTrue(reports.get(0).matches("secfilt: denied fchmodat " + out + "/f by chmod\\[[0-9]+\\]: not below allow-write"), run::toString);
        assertEquals("secfilt: to allow it, add --allow-write=" + out + "/f", reports.get(3));
    }

    @Test
    void a_path_may_lead_through_links_and_stands_for_the_file_it_led_to() throws IOException {
        Files.createSymbolicLink(home.resolve("way"), in);
        Outcome run = confined(User.ROOT, "--allow-write=way", "--write-allow", "out/f", "bash", "-c",
                "echo 1 > in/new && chmod 600 in/new; echo 2 > out/f && chmod 600 out/f; echo 3 > out/t; chmod 600 out/t; rm out/f").run().exited(1);
        assertEquals("1\n", Files.readString(in.resolve("new")));
        assertEquals("2\n", Files.readString(out.resolve("f")));
        assertEquals("text\n", Files.readString(out.resolve("t")));
        assertEquals(PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(out.resolve("f")));
        assertEquals("secfilt: to allow it, add --allow-write=" + out + "/t", run.reports().get(3), run::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --allow-write=no/such           | secfilt: --allow-write=no/such: No such file or directory; it must exist before the run
            --write-allow=in/f/x            | secfilt: --allow-write=in/f/x: Not a directory
            --allow-write=/proc/self        | secfilt: --allow-write=/proc/self: what one process has in /proc cannot be allowed
            --allow-write=/proc/self/fd/0   | secfilt: --allow-write=/proc/self/fd/0: Too many levels of symbolic links
            --policy=p.yaml                 | secfilt: p.yaml:4:7: gone: No such file or directory; it must exist before the run
            --config=c.ini                  | secfilt: c.ini:2:1: gone: No such file or directory; it must exist before the run
            """)
    void a_path_that_leads_nowhere_is_named_and_nothing_is_run(String option, String message) throws IOException {
        Files.writeString(home.resolve("p.yaml"), "version: 1\nfilesystem:\n  allow-write:\n    - gone\n    - in\n");
        Files.writeString(home.resolve("c.ini"), "# x\nallow-write=gone\n");
        Outcome run = confined(User.ROOT, option, "touch", "in/it-ran").run().exited(2);
        assertEquals(message + "\n", run.stderr());
        assertFalse(Files.exists(in.resolve("it-ran")));
    }

    @Test
    void a_policy_file_restricts_files() throws IOException {
        Files.writeString(home.resolve("p.yaml"), "version: 1\nfilesystem:\n  read-only: true\n  allow-write:\n"
                + "    - path: [in]\n      reason: build output\n");
        Outcome run = confined(User.ROOT, "--policy=p.yaml", "bash", "-c", "touch in/a && chmod 600 out/f || touch out/a").run().exited(1);
        assertTrue(Files.exists(in.resolve("a")) && !Files.exists(out.resolve("a")));
        assertTrue(run.reports().contains("secfilt: to allow them, add to filesystem/allow-write in p.yaml: " + out + "/f, " + out + "/a")
                || run.reports().contains("secfilt: to allow it, add to filesystem/allow-write in p.yaml: " + out + "/f"), run::toString);
        assertTrue(run.stderr().contains("not below allow-write (p.yaml:3:3)"), run::toString);
    }

    /** The supervisor makes the changes, and is root: it must not lend that to a command that became another user. */
    @Test
    void changes_are_made_with_the_rights_of_the_caller() throws IOException {
        Requirements.program("setpriv");
        Files.setPosixFilePermissions(in, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path closed = Files.createDirectory(in.resolve("closed"));
        Files.writeString(closed.resolve("f"), "x");
        Files.setAttribute(closed.resolve("f"), "unix:uid", 1234);
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        String other = "setpriv --reuid=1234 --regid=1234 --clear-groups ";
        String script = other + "chmod 600 in/f; " + other + "chmod 600 in/closed/f; " + other + "touch in/mine; " + other + "chmod 600 in/mine && echo own; "
                + other + "chown root in/mine; " + other + "chgrp 4321 in/mine; "
                + "setpriv --reuid=1234 --regid=1234 --groups=4321 chgrp 4321 in/mine && echo group; chown 4321 in/mine && echo root; "
                + "setpriv --bounding-set=-chown,-fowner --inh-caps=-all chown 5 in/f; "
                + "setpriv --bounding-set=-chown,-fowner --inh-caps=-all chmod 600 in/mine; chmod 640 in/mine && echo root again";
        Outcome run = confined(User.ROOT, "--allow-write=in", "bash", "-c", script).run().exited(0);
        assertEquals("own\ngroup\nroot\nroot again\n", run.stdout(), run::toString);
        assertEquals(0, Files.getAttribute(in.resolve("f"), "unix:uid"));
        assertEquals(4321, Files.getAttribute(in.resolve("mine"), "unix:uid"));
        assertEquals(4321, Files.getAttribute(in.resolve("mine"), "unix:gid"));
        assertEquals(List.of(), run.reports());
    }

    @ParameterizedTest
    @EnumSource
    void in_namespaces_of_its_own_the_border_stays(User user) throws IOException {
        belongTo(user);
        Requirements.program("unshare");
        String before = snapshot(out);
        Outcome run = confined(user, "-q", "--allow-write=in", "unshare", "--user", "--mount", "--propagation=unchanged", "bash", "-c",
                "chmod 600 in/f && echo mode; chmod 600 " + in + "/t && echo absolute; (cd in && ln -s " + in + "/d s && touch -d @5 s/../f && echo times); "
                        + "chmod 600 out/f; chmod 600 " + out + "/f; mount --bind out in/d; chown 0 out/f; chroot . /bin/true").run();
        assertEquals("mode\nabsolute\ntimes\n", run.stdout(), run::toString);
        assertEquals(before, snapshot(out));
    }

    /** A file whose file system does not tell what it is any more: it is of a network that has ended. */
    @ParameterizedTest
    @EnumSource
    void a_file_that_cannot_be_looked_at_is_an_error_and_no_end(User user) {
        Outcome run = confined(user, "-q", "--read-only", "/usr/bin/python3", "-c", """
                import ctypes, os, time
                CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
                libc = ctypes.CDLL(None)
                assert libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0
                fd = os.open("/proc/sys/net/ipv4/conf/lo/forwarding", os.O_RDONLY)
                assert libc.unshare(CLONE_NEWNET) == 0
                for i in range(400):
                    try:
                        os.fstat(fd)
                    except FileNotFoundError:
                        break
                    time.sleep(0.01)
                try:
                    os.fchmod(fd, 0o644)
                except OSError as e:
                    print(e.strerror)
                """).run().exited(0);
        assertEquals("No such file or directory\n", run.stdout(), run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"make", "git", "tar", "copy", "python3", "javac"})
    void people_build_in_a_writable_directory(String what) throws IOException {
        Requirements.program(what.equals("copy") ? "cp" : what);
        for (User user : User.values()) {
            belongTo(user);
            Path work = in.resolve("work-" + user);
            Files.createDirectory(work);
            belongTo(user);
            String before = snapshot(out);
            Outcome run = confined(user, "--allow-write=" + in, "--allow-write=/dev/null", "bash", "-ec", BUILDS.get(what))
                    .in(work).with("HOME", work.toString()).with("TMPDIR", work.toString()).timeoutMillis(60_000).run().exited(0);
            assertEquals("done\n", run.stdout(), run::toString);
            assertEquals(List.of(), run.reports(), run::toString);
            assertEquals(before, snapshot(out));
        }
    }

    @Test
    void network_and_files_are_restricted_together() throws IOException {
        String script = "echo hi >/dev/udp/10.77.1.1/8001; echo hi >/dev/udp/10.77.2.1/8001; touch in/a; touch out/a; chmod 600 in/f; chmod 600 out/f";
        Outcome run = confined(User.ORDINARY, "--allowed-netmask=" + NetworkRoom.NEAR, "--allow-write=" + in, "bash", "-c", script).run();
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
        assertFalse(Files.exists(out.resolve("a")), run::toString);
    }

    @Test
    void a_policy_about_files_alone_leaves_the_network_alone() throws IOException {
        Outcome run = confined(User.ROOT, "--read-only", "bash", "-c", "echo hi >/dev/udp/10.77.2.1/8001; ip -br link show lo >&2").run().exited(0);
        assertEquals(List.of("udp 10.77.2.1:8001"), ROOM.arrived());
        assertEquals(List.of(), run.reports());
    }

    @Test
    void the_layers_are_told_with_v() {
        Outcome run = confined(User.ROOT, "-v", "--allow-write=in", "true").run().exited(0);
        List<String> lines = new ArrayList<>(run.reports());
        assertTrue(lines.contains("secfilt: --allow-write=in: write in: Landlock: allowed there and below"), run::toString);
        assertTrue(lines.contains("secfilt: allow-write: write, the rest denied: Landlock: opened to write, made, moved, linked, removed"), run::toString);
    }
}
