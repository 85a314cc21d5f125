package org.secfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** ./secfilt in a tree of its own, with a Maven that is a shell script and builds a program that tells of itself. */
class EntryScriptTest {
    private static final String NOTE = "secfilt: building, once ...\n";

    private static final String MAVEN = """
            #!/bin/sh
            echo "$PWD $*" >> mvn.log
            [ ! -f broken ] || { echo 'what Maven says'; exit 1; }
            sleep 0.2
            mkdir -p target/secfilt/bin target/secfilt/lib
            echo > target/secfilt/lib/java-home
            printf '%s\\n' '#!/bin/sh' 'printf "<%s>" "$PWD" "$@"; cat; ls -m /proc/self/fd >&2; exit 9' > program
            chmod +x program
            mv program target/secfilt/bin/secfilt
            """;

    /** As a later run of the program prints it: its descriptors are the three and that of the listing. */
    private static final String DESCRIPTORS = "0, 1, 2, 3\n";

    @TempDir
    Path directory;

    private Path tree;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void install() throws IOException {
        Requirements.kernel();
        Requirements.program("bash");
        tree = Files.createDirectories(directory.toRealPath().resolve("a tree"));
        for (String name : new String[] {"secfilt", ".ci/setup.sh", ".ci/build", "pom.xml"}) {
            Files.createDirectories(tree.resolve(name).getParent());
            Files.copy(Path.of(name), tree.resolve(name));
            Files.setLastModifiedTime(tree.resolve(name), FileTime.from(Instant.EPOCH));
        }
        program("mvn", MAVEN);
        allowExecution(tree.resolve("secfilt"));
    }

    @Test
    void builds_once_and_becomes_the_program() throws Exception {
        Run first = bash("cd /usr; echo 'its input' | \"$TREE/secfilt\" -x 'a b' ''");
        assertEquals(new Run(9, "</usr><-x><a b><>its input\n", NOTE + DESCRIPTORS), first);
        Run second = bash("cd /usr; \"$TREE/secfilt\" < /dev/null");
        assertEquals(new Run(9, "</usr>", DESCRIPTORS), second);
        assertEquals(1, builds());
    }

    @Test
    void is_found_through_symbolic_links() throws Exception {
        bash("ln -s 'a tree/secfilt' one; mkdir bin; ln -s ../one bin/two");
        assertEquals(9, bash("cd /; \"$TREE/../bin/two\"").code());
        assertEquals(9, bash("cd bin; ./two").code());
        assertEquals(9, bash("PATH=bin:$PATH; two").code());
        assertTrue(bash("cd \"$TREE\"; sh secfilt -x 'a b' < /dev/null").out().endsWith("><-x><a b>"));
        assertEquals(1, builds());
    }

    @Test
    void builds_once_for_runs_at_the_same_time() throws Exception {
        Run run = bash("for i in 1 2 3; do \"$TREE/secfilt\" $i < /dev/null 2>&1 & done; wait");
        assertEquals(1, builds());
        for (int i = 1; i <= 3; i++) {
            assertTrue(run.out().contains("<" + i + ">"), run::toString);
        }
    }

    @Test
    void builds_again_after_a_change_but_not_in_the_tree_of_another() throws Exception {
        bash("\"$TREE/secfilt\"");
        bash("touch -d tomorrow \"$TREE/pom.xml\"; \"$TREE/secfilt\"");
        assertEquals(2, builds());
        Requirements.root();
        Run other = bash("chmod 755 . \"$TREE\"; setpriv --reuid=65534 --clear-groups \"$TREE/secfilt\"");
        assertEquals(9, other.code(), other::err);
        assertEquals(2, builds());
    }

    /** As an editor that writes in place changes one: the time of its directory stays. */
    @ParameterizedTest
    @ValueSource(strings = {
        "src/main/java/org/secfilt/Top.java", "src/main/java/org/secfilt/cli/Room.java", "src/main/java/org/secfilt/policy/yaml/Inner.java",
        "src/main/resources/org/secfilt/abi/table.csv", "src/main/resources/org/secfilt/cli/help/verb.txt",
        "policies/one.yaml", "policies/profiles/two.yaml", "src/dist/assemble.sh", "native-stubs/stub.c",
    })
    void builds_again_after_a_change_in_place(String file) throws Exception {
        Path source = tree.resolve(file);
        Files.createDirectories(source.getParent());
        Files.writeString(source, "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
        bash("\"$TREE/secfilt\"");
        bash("\"$TREE/secfilt\"");
        assertEquals(1, builds());
        Files.writeString(source, "changed");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(86400)));
        assertEquals(NOTE + DESCRIPTORS, bash("\"$TREE/secfilt\"").err());
        assertEquals(2, builds());
    }

    @Test
    void shows_what_maven_says_only_if_the_build_fails() throws Exception {
        Files.writeString(tree.resolve("broken"), "");
        assertEquals(new Run(125, "", NOTE + "what Maven says\nsecfilt: the build failed\n"),
                bash("\"$TREE/secfilt\" true"));
    }

    @Test
    void tells_an_ordinary_user_what_to_install() throws Exception {
        for (String tool : new String[] {"sh", "readlink", "sed"}) {
            bash("cp \"$(command -v " + tool + ")\" tools/");
        }
        Files.delete(directory.resolve("tools/mvn"));
        program("id", "#!/bin/sh\necho 1000\n");
        Run run = bash("PATH=$PWD/tools \"$TREE/secfilt\" true");
        assertEquals(125, run.code());
        assertTrue(run.err().matches("secfilt: missing: .*mvn gcc libc.a\n"
                + "secfilt: install them, on Debian as root: apt-get install openjdk-17-jdk-headless maven gcc libc6-dev\n"),
                run::err);
        assertFalse(Files.exists(tree.resolve("mvn.log")));
    }

    @Test
    void installs_what_is_missing_as_root_on_debian() throws Exception {
        for (String tool : new String[] {
                "sh", "readlink", "sed", "chmod", "mktemp", "mkdir", "mv", "sleep", "rm", "cat", "ls"}) {
            bash("cp \"$(command -v " + tool + ")\" tools/");
        }
        bash("mv tools/mvn later");
        program("id", "#!/bin/sh\necho 0\n");
        program("apt-get", """
                #!/bin/sh
                echo "$*"
                case $* in *install*) ;; *) exit 0 ;; esac
                mv later tools/mvn
                printf '#!/bin/sh\\necho /usr/lib/libc.a\\n' > tools/gcc
                chmod +x tools/gcc
                """);
        Run run = bash("PATH=$PWD/tools \"$TREE/secfilt\" 2>&1 < /dev/null");
        assertEquals(9, run.code(), run::out);
        assertTrue(run.out().matches("(?s)secfilt: installing \\(missing: .*mvn gcc libc.a\\)\n[^\n]*update\n"
                + "[^\n]*install -y [^\n]*maven gcc libc6-dev\n" + NOTE.replace(".", "\\.") + ".*"), run::out);
        assertEquals(1, builds());
    }

    /** Names that are none to a shell, those that it sets, and those that Perl goes by; in their order. */
    @Test
    void changes_nothing_that_the_program_inherits() throws Exception {
        bash("\"$TREE/secfilt\"; cp \"$(command -v env)\" \"$TREE/target/secfilt/bin/secfilt\"");
        for (String environment : new String[] {
                "'a.b=1' PATH=/bin 'BASH_FUNC_f%%=() { echo; }' PWD=/bogus OLDPWD=x IFS=: OPTIND=4 PPID=7 _=u SHLVL=3 LC_ALL=none LANG=none",
                "PERL5OPT=-Mnone Z=1 PERL5LIB=/none PERL_BADLANG=1 PERL_UNICODE=SAD",
                "$'x=\\xff\\n y'"}) {
            Run plain = bash("env -i " + environment + " /usr/bin/env");
            assertEquals(plain, bash("env -i " + environment + " \"$TREE/secfilt\""));
            assertTrue(plain.out().contains("="));
        }
        bash("cp \"$(command -v cat)\" \"$TREE/target/secfilt/bin/secfilt\"");
        String state = " /proc/self/status /proc/self/limits | grep -v 'Pid\\|Vm\\|Rss\\|switches\\|SigQ\\|^Tgid\\|^NS\\|^Name'";
        assertEquals(bash("cat" + state), bash("\"$TREE/secfilt\"" + state));
        assertEquals(bash("(trap '' HUP FPE; exec cat" + state + ")"), bash("(trap '' HUP FPE; exec \"$TREE/secfilt\"" + state + ")"));
    }

    @Test
    void says_nothing_of_its_own() throws Exception {
        bash("\"$TREE/secfilt\"; cp /bin/true \"$TREE/target/secfilt/bin/secfilt\"");
        assertEquals(new Run(0, "", ""), bash("mkdir gone; cd gone; rmdir ../gone; \"$TREE/secfilt\""));
        assertEquals(new Run(0, "", ""), bash("LC_ALL=none LANG=none \"$TREE/secfilt\" <&- "));
        bash("cp \"$(command -v readlink)\" \"$TREE/target/secfilt/bin/secfilt\"");
        for (String closed : new String[] {"<&-", "<&- 2>&-"}) {
            assertEquals(new Run(1, "", ""), bash("\"$TREE/secfilt\" /proc/self/fd/0 " + closed));
        }
    }

    /** Of the standard three, whichever are closed: no file of this script's, or of Perl's, takes their place. */
    @ParameterizedTest
    @ValueSource(strings = {"<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"})
    void leaves_closed_what_is_closed(String closed) throws Exception {
        bash("\"$TREE/secfilt\"; printf '%s\\n' '#!/bin/sh' 'for i in 0 1 2; do readlink /proc/$$/fd/$i >> said; echo $i >> said; done'"
                + " > \"$TREE/target/secfilt/bin/secfilt\"");
        bash("\"$TREE/target/secfilt/bin/secfilt\" " + closed);
        String natively = bash("cat said; rm said").out();
        bash("\"$TREE/secfilt\" " + closed);
        assertEquals(natively, bash("cat said").out());
    }

    @Test
    void says_so_if_the_program_cannot_be_executed() throws Exception {
        bash("\"$TREE/secfilt\"");
        assertEquals(new Run(125, "", "secfilt: " + tree + "/target/secfilt/bin/secfilt: No such file or directory\n"),
                bash("printf '#!/none/such\\n' > \"$TREE/target/secfilt/bin/secfilt\"; \"$TREE/secfilt\""));
    }

    private long builds() throws IOException {
        try (var lines = Files.lines(tree.resolve("mvn.log"))) {
            return lines.filter(line -> line.startsWith(tree + " -q ") && line.endsWith(" package")).count();
        }
    }

    private void program(String name, String script) throws IOException {
        Path program = Files.createDirectories(directory.resolve("tools")).resolve(name);
        Files.writeString(program, script);
        allowExecution(program);
    }

    private static void allowExecution(Path program) throws IOException {
        Files.setPosixFilePermissions(program, Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.OWNER_EXECUTE, PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_EXECUTE,
                PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_EXECUTE));
    }

    /** Runs a line of bash in the temporary directory, where tools/ comes first on PATH. */
    private Run bash(String line) throws IOException, InterruptedException {
        File out = directory.resolve("out").toFile();
        File err = directory.resolve("err").toFile();
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", "PATH=$PWD/tools:$PATH; " + line);
        builder.environment().put("TREE", tree.toString());
        int code = builder.directory(directory.toFile()).redirectInput(new File("/dev/null"))
                .redirectOutput(out).redirectError(err).start().waitFor();
        return new Run(code, Files.readString(out.toPath(), StandardCharsets.ISO_8859_1), Files.readString(err.toPath(), StandardCharsets.ISO_8859_1));
    }
}
