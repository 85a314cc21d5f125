package org.secfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code target/secfilt} as a directory: it works wherever it is copied, and keeps to itself. */
class DistributionIT {
    private static final Run OK = new Run(7, "ran\n", "");
    private static final String COMMAND = " --allowed-netmask=127.0.0.0/8 sh -c 'echo ran; exit 7'";
    /** The supervisor's budget in the project's goals. */
    private static final int PEAK_KIB = 64 * 1024;

    @TempDir
    Path directory;

    private Path copy;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void install() throws Exception {
        Requirements.kernel();
        Requirements.program("bash");
        copy = directory.toRealPath().resolve("a copy");
        // not cp -a: the times of the files are new
        assertEquals(new Run(0, "", ""), bash("cp -r " + Path.of(System.getProperty("secfilt.home", "target/secfilt"))
                .toAbsolutePath() + " \"$COPY\"; chmod -R a+rX ."));
    }

    @Test
    void runs_from_a_copy_through_a_link_and_from_any_directory() throws Exception {
        assertEquals(OK, bash("\"$COPY/bin/secfilt\"" + COMMAND));
        assertEquals(OK, bash("mkdir bin; ln -s '../a copy/bin/secfilt' bin/sf; cd /; PATH=$OLDPWD/bin:$PATH; sf"
                + COMMAND));
        assertEquals(OK, bash("mkdir gone; cd gone; rmdir ../gone; \"$COPY/bin/secfilt\" --allowed-port=9 bash -c 'echo ran; exit 7' 2>&-"));
    }

    @Test
    void takes_its_classes_from_the_archive_in_a_copy_too() throws Exception {
        Requirements.need("java17", Runtime.version().feature() == 17,
                "later ones heed the times of copied files, and make more classes on the way");
        Path log = directory.resolve("classes");
        option("-Xlog:class+load:file=" + log);
        assertEquals(OK, bash("\"$COPY/bin/secfilt\"" + COMMAND));
        List<String> loaded = Files.readAllLines(log);
        assertTrue(loaded.stream().anyMatch(line -> line.contains(" org.secfilt.cli.Main ")), loaded::toString);
        // Each takes half a millisecond: a record's equals, a lambda, a string that is put together by invokedynamic. One is of the log's.
        List<String> made = loaded.stream().filter(line -> line.contains("LambdaForm$MH/")).toList();
        assertTrue(made.size() <= 1, made::toString);
        // A fifth of a millisecond each, and the jar 5: its directory of four thousand files is read.
        List<String> dear = loaded.stream().filter(line -> line.contains(" org.secfilt.") && line.contains("$$Lambda") || line.contains("java.util.zip.ZipFile "))
                .toList();
        assertEquals(List.of(), dear);
        // what the runtime itself makes on the way, for method handles and reflection, no archive holds
        List<String> elsewhere = loaded.stream().filter(line -> !line.contains("source: shared objects file"))
                .filter(line -> !line.contains("__JVM_LookupDefineClass__")).toList();
        assertEquals(List.of(), elsewhere, "every class of an ordinary run is in the archive");
    }

    @Test
    void works_and_says_nothing_without_its_archive_or_with_a_broken_one() throws Exception {
        assertEquals(OK, bash("echo broken > archive; mv -f archive \"$COPY/lib/secfilt.jsa\"; \"$COPY/bin/secfilt\""
                + COMMAND));
        assertEquals(OK, bash("rm -f \"$COPY/lib/secfilt.jsa\"; \"$COPY/bin/secfilt\"" + COMMAND));
    }

    @Test
    void finds_another_java_where_its_own_is_gone() throws Exception {
        Files.writeString(copy.resolve("lib/java-home"), "/nonexistent\n");
        assertEquals(OK, bash("JAVA_HOME=" + System.getProperty("java.home") + " \"$COPY/bin/secfilt\"" + COMMAND));
    }

    @Test
    void writes_no_file_and_heeds_no_variable_of_javas() throws Exception {
        String list = "ls -ARl --time-style=full-iso \"$COPY\"";
        Run before = bash(list);
        Run run = bash("export JAVA_TOOL_OPTIONS=-Dx=y JDK_JAVA_OPTIONS=-Dx=y _JAVA_OPTIONS=-Dx=y; "
                + " ls -A /tmp > before; \"$COPY/bin/secfilt\"" + COMMAND + "; code=$?; ls -A /tmp | comm -13 before -"
                + " | grep -i jffi; exit $code");
        assertEquals(OK, run);
        assertEquals(before, bash(list));
    }

    @Test
    void works_for_an_ordinary_user_where_only_root_may_write() throws Exception {
        Requirements.root();
        assertEquals(OK, bash("chmod 755 .; setpriv --reuid=65534 --regid=65534 --clear-groups \"$COPY/bin/secfilt\""
                + COMMAND));
    }

    @Test
    void works_under_tight_limits_of_the_callers() throws Exception {
        assertEquals(OK, bash("ulimit -S -v 600000 -n 16 -t 1; \"$COPY/bin/secfilt\"" + COMMAND));
        assertEquals(OK, bash("ulimit -v 700000; \"$COPY/bin/secfilt\"" + COMMAND));
        assertEquals(OK, bash("\"$COPY/bin/secfilt\"" + COMMAND + " <&-"));
    }

    @Test
    void keeps_the_supervisor_within_its_memory() throws Exception {
        Run run = bash("\"$COPY/bin/secfilt\" --allowed-netmask=127.0.0.0/8 bash -c"
                + " 'read -r pid < <(sed -n \"s/TracerPid:.//p\" /proc/$$/status); grep VmHWM /proc/$pid/status'");
        assertEquals(0, run.code(), run::err);
        int peakKib = Integer.parseInt(run.out().replaceAll("\\D", ""));
        assertTrue(peakKib < PEAK_KIB, run::out);
    }

    private void option(String line) throws IOException {
        Files.writeString(copy.resolve("lib/jvm.options"), line + "\n", StandardOpenOption.APPEND);
    }

    /** Runs a line of bash in the temporary directory. */
    private Run bash(String line) throws IOException, InterruptedException {
        File out = directory.resolve("out").toFile();
        File err = directory.resolve("err").toFile();
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", line);
        builder.environment().put("COPY", String.valueOf(copy));
        Process process = builder.directory(directory.toFile()).redirectInput(new File("/dev/null"))
                .redirectOutput(out).redirectError(err).start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("still running: " + line + "\n" + Files.readString(err.toPath()));
        }
        return new Run(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
    }
}
