package org.secfilt.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.Requirements;
import org.secfilt.launch.StubDirectory.Run;

/** Where the stub looks for its lib and for a java, and what it says when there is none. */
class StubLocationTest {
    private static final Run OK = new Run(42, "", "");

    @TempDir
    Path directory;

    private StubDirectory stub;

    @BeforeEach
    void install() throws IOException {
        Requirements.kernel();
        Requirements.program("bash");
        stub = StubDirectory.in(directory.resolve("secfilt")).answering(StubDirectory.exit(42));
    }

    @AfterEach
    void waitForJava() throws Exception {
        StubDirectory.awaitIdle(directory);
    }

    @Test
    void finds_its_lib_through_a_symbolic_link_from_any_directory() throws Exception {
        assertEquals(OK, stub.bash("cd / && ln -s \"$STUB\" " + directory + "/link && " + directory + "/link"));
        assertEquals(OK, stub.bash("cd " + directory + " && PATH=.:$PATH && link"));
        assertEquals(OK, stub.bash("mkdir " + directory + "/gone && cd " + directory + "/gone && rmdir $PWD && $STUB"));
    }

    @Test
    void works_from_a_copy_of_its_directory() throws Exception {
        String copy = directory + "/a\\ copy";
        assertEquals(OK, stub.bash("cp -r " + directory + "/secfilt " + copy + "; rm -r ${STUB%/*}; " + copy
                + "/bin/secfilt"));
    }

    @Test
    void says_so_if_its_lib_is_not_beside_it() throws Exception {
        Run run = stub.bash("mkdir -p " + directory + "/x/bin; cp $STUB " + directory + "/x/bin/; " + directory
                + "/x/bin/secfilt true");
        assertEquals(new Run(125, "", "secfilt: " + directory.toRealPath() + "/x/lib: No such file or directory;"
                + " it belongs beside the bin directory\n"), run);
    }

    @Test
    void takes_the_java_it_was_built_with_then_JAVA_HOME_then_PATH() throws Exception {
        String home = directory + "/secfilt/java-home";
        assertEquals(OK, stub.bash("JAVA_HOME=/nonexistent PATH= $STUB"));
        Files.writeString(stub.lib().resolve("java-home"), "/nonexistent\n");
        assertEquals(OK, stub.bash("JAVA_HOME=" + home + " PATH= $STUB"));
        Files.delete(stub.lib().resolve("java-home"));
        assertEquals(OK, stub.bash("JAVA_HOME=" + home + " PATH= $STUB"));
        assertEquals(OK, stub.bash("unset JAVA_HOME; PATH=/nonexistent:" + home + "/bin $STUB"));
    }

    @Test
    void says_what_to_install_if_there_is_no_java() throws Exception {
        Files.delete(stub.lib().resolve("java-home"));
        Run none = new Run(125, "", "secfilt: no java here: install a Java runtime, 17 or later"
                + " (on Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME\n");
        assertEquals(none, stub.bash("unset JAVA_HOME; PATH=/nonexistent $STUB"));
        assertEquals(none, stub.bash("cd " + directory + "/secfilt; JAVA_HOME=java-home PATH=java-home/bin:: $STUB"),
                "relative places are not looked at");
    }

    @Test
    void says_so_if_java_cannot_be_started() throws Exception {
        stub.java("");
        Run run = stub.run("true");
        assertEquals(125, run.code());
        assertTrue(run.err().endsWith("java-home/bin/java: Exec format error\n"), run::err);
    }

    @Test
    void tells_of_the_limit_that_a_java_met_in_its_own_words() throws Exception {
        Run threads = new Run(125, "", "secfilt: the supervisor could not start all of its threads: is there a limit on them (ulimit -u, or a"
                + " cgroup's pids.max)?\n");
        stub.java("#!/bin/sh\necho 'OutOfMemoryError: unable to create native thread: possibly'; for i in 1 2 3; do echo '\tat x' >&2; done\n");
        assertEquals(threads, stub.run("true"));
        stub.java("#!/bin/sh\necho '# Cannot create worker GC thread. Out of system resources.'; head -c 200000 /dev/zero | tr '\\0' x >&2\n");
        assertEquals(threads, stub.run("true"));
        assertEquals(new Run(125, "", threads.err().replace("pids.max)?", "pids.max), or on memory (ulimit -v, ulimit -d)?")),
                stub.bash("ulimit -d 4000000; exec $STUB true"));
        stub.java("#!/bin/sh\necho 'Could not reserve enough space for 32768KB object heap'\n");
        assertEquals(new Run(125, "", "secfilt: the supervisor had not enough memory: is there a limit on it (ulimit -v, ulimit -d)?\n"),
                stub.bash("ulimit -v 4000000; exec $STUB true"));
        stub.java("#!/bin/sh\necho 'Failed to mark memory page as executable - check if grsecurity/PaX is enabled'\n");
        assertEquals(new Run(125, "", "secfilt: the supervisor may not make code of what it wrote: is that forbidden"
                + " (systemd's MemoryDenyWriteExecute=, PR_SET_MDWE, SELinux's execmem)?\n"), stub.run("true"));
        stub.java("#!/bin/sh\nexit 1\n");
        assertEquals(new Run(125, "", "secfilt: the supervisor had not enough room for its stack: is there a limit on it (ulimit -s)?\n"),
                stub.bash("ulimit -s 40; exec $STUB true"));
        stub.java("#!/bin/sh\necho 'libzip.so: cannot open shared object file: Too many open files'\n");
        assertEquals(new Run(125, "", "secfilt: the supervisor could open too few files: is there a limit on them (ulimit -n)?\n"),
                stub.run("true"));
    }

    @Test
    void passes_on_what_else_a_java_says() throws Exception {
        stub.java("#!/bin/sh\necho one; echo two >&2; exit 1\n");
        assertEquals(new Run(125, "", "one\ntwo\nsecfilt: the supervisor ended without an answer\n"), stub.run("true"));
        stub.java("#!/bin/sh\necho a warning; cat message.1 >&3\n");
        assertEquals(new Run(42, "", "a warning\n"), stub.run("true"));
    }

    @Test
    void says_so_if_the_supervisor_gives_no_answer() throws Exception {
        stub.java("#!/bin/sh\nexit 0\n");
        assertEquals(new Run(125, "", "secfilt: the supervisor ended without an answer\n"), stub.run("true"));
        stub.java("#!/bin/sh\nprintf 'nonsense' >&3\n");
        assertEquals(125, stub.run("true").code());
        stub.java("#!/bin/sh\nprintf '\\001' >&3\n");
        assertEquals(125, stub.run("true").code());
    }
}
