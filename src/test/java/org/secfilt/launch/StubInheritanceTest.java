package org.secfilt.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.Requirements;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.SyscallTable;
import org.secfilt.launch.StubDirectory.Run;

/** A command behind the stub finds itself as it would without: the same program is run both ways and compared. */
class StubInheritanceTest {
    /** Prints all that a process hands on to itself through execve. No builtin of a shell may disturb it. */
    private static final String SHOW = """
            import os, resource, signal
            for line in open('/proc/self/status'):
                if line.split(':')[0] in ('Umask', 'Uid', 'Gid', 'Groups', 'SigPnd', 'ShdPnd', 'SigBlk', 'SigIgn',
                        'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'TracerPid',
                        'Cpus_allowed_list', 'THP_enabled'):
                    print(line.strip())
            print(open('/proc/self/limits').read())
            listing = os.listdir('/proc/self/fd')
            for fd in sorted(map(int, listing)):
                try:
                    print(fd, os.readlink('/proc/self/fd/%d' % fd), os.get_inheritable(fd))
                except OSError:
                    pass  # the descriptor of the listing itself
            print(os.getpgrp() == os.getpid(), os.getsid(0), os.getppid(), os.getcwd())
            print(open('/proc/self/oom_score_adj').read(), os.nice(0), os.sched_getscheduler(0))
            print(sorted(os.environ.items()))
            print('children', open('/proc/self/task/%d/children' % os.getpid()).read())
            print('itimer', signal.getitimer(signal.ITIMER_REAL)[1])
            """;

    /** The odd states a caller may be in; $RUN is empty or the stub. PWD and the like are the same for both. */
    private static final String SETUP = """
            cd /
            umask 027
            ulimit -S -n 300
            ulimit -c 0
            exec 7< /dev/zero %s
            exec env -u _ --ignore-signal=HUP,CHLD --block-signal=CHLD,USR1 $RUN /usr/bin/python3 -I -S "$SHOW"
            """;

    @TempDir
    Path directory;

    private StubDirectory stub;

    @BeforeEach
    void install() throws IOException {
        Requirements.kernel();
        Requirements.need("kernel", Files.isExecutable(Path.of("/usr/bin/python3")), "there is no /usr/bin/python3");
        stub = StubDirectory.in(directory.resolve("secfilt"));
        Files.writeString(directory.resolve("show.py"), SHOW);
    }

    @AfterEach
    void waitForJava() throws Exception {
        StubDirectory.awaitIdle(directory);
    }

    @Test
    void leaves_everything_a_process_hands_on_through_execve() throws Exception {
        String out = compare("");
        assertTrue(out.contains("ShdPnd:\t0000000000000000"), out);
        assertTrue(out.contains("7 /dev/zero True"), out);
        assertTrue(out.contains("children \n"), out);
    }

    @Test
    void leaves_closed_descriptors_closed() throws Exception {
        assertTrue(compare("0<&-").contains("\n1 "));
        compare("2<&-");
        compare("0<&- 2<&-");
        compare("0<&- 1> $OUT 2<&-");
    }

    @Test
    void works_where_almost_no_descriptor_is_left() throws Exception {
        stub.answering(StubDirectory.exit(0));
        assertEquals(new Run(0, "", ""), stub.bash("ulimit -S -n 6; exec \"$STUB\""));
        assertEquals(125, stub.bash("ulimit -n 3; exec \"$STUB\"").code());
    }

    @Test
    void is_stopped_by_a_signal_as_any_program_while_it_waits() throws Exception {
        stub.java("#!/bin/sh\ntrap '' IO\necho > started\ncat <&3 > rest\necho > done\n");
        Run run = stub.bash("\"$STUB\" & while ! [ -f " + stub.lib() + "/started ]; do sleep 0.01; done;"
                + " kill -TERM $!; wait $!");
        assertEquals(128 + 15, run.code());
        assertEquals("", stub.noted("rest"), "the supervisor sees the end-of-file");
    }

    /** Runs the program without and within the stub and compares what it says. */
    private String compare(String redirections) throws IOException, InterruptedException {
        String line = "export RUN=; export OUT=" + directory.resolve("out") + " SHOW=" + directory.resolve("show.py")
                + "; rm -f $OUT\n" + SETUP.formatted(redirections);
        Files.deleteIfExists(stub.lib().resolve("done"));
        stub.answering(new Launch(SyscallTable.of(Arch.current()))
                .execute(ByteString.of("/usr/bin/python3"), 1).encode());
        String without = said(stub.bash("(" + line + ")\necho $?"));
        String within = said(stub.bash("(" + line.replace("RUN=;", "RUN=$STUB;") + ")\necho $?"));
        assertNotEquals("", stub.noted("args"));
        assertEquals(without, within.replace("('RUN', '" + stub.binary() + "')", "('RUN', '')"));
        return within;
    }

    private String said(Run run) throws IOException {
        Path file = directory.resolve("out");
        String out = Files.exists(file) ? Files.readString(file) : "";
        return (run.out() + out).replaceAll("(True|False) (\\d+) \\d+ /\n", "$1 $2 PARENT /\n") + run.err();
    }
}
