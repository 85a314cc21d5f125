package org.secfilt.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.Requirements;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.SyscallTable;
import org.secfilt.launch.StubDirectory.Run;

/** The real stub: how it starts its supervisor, and that it is the command it becomes, in every respect. */
class StubTest {
    private static final int ENOENT = 2;
    private static final int EINVAL = 22;
    private static final int ENOEXEC = 8;

    @TempDir
    Path directory;

    private StubDirectory stub;

    @BeforeEach
    void install() throws IOException {
        Requirements.kernel();
        Requirements.program("bash");
        stub = StubDirectory.in(directory.resolve("secfilt"));
    }

    @AfterEach
    void waitForJava() throws Exception {
        StubDirectory.awaitIdle(directory);
    }

    @Test
    void ends_with_the_code_it_is_told() throws Exception {
        assertEquals(new Run(42, "", ""), stub.answering(StubDirectory.exit(42)).run("--help"));
        assertEquals(List.of(), stub.reply(1));
    }

    @Test
    void starts_java_with_the_options_the_socket_and_its_pid() throws Exception {
        stub.answering(StubDirectory.exit(0));
        Run run = stub.bash("echo $$; exec \"$STUB\" --version");
        assertEquals("-Xfirst -Xsecond option -cp secfilt.jar org.secfilt.cli.Main 3 " + run.out(), stub.noted("args"));
    }

    @Test
    void gives_java_nothing_of_the_users() throws Exception {
        stub.answering(StubDirectory.exit(0));
        Run run = stub.bash("export JAVA_TOOL_OPTIONS=-X LD_PRELOAD= TERM=vt100 COLUMNS=70 NO_COLOR=1;"
                + " ulimit -S -v 4000000; exec 5< /dev/zero; cd /; exec env --ignore-signal=INT --block-signal=TERM \"$STUB\"");
        assertEquals(new Run(0, "", ""), run);
        assertEquals("""
                COLUMNS=70
                LC_ALL=C.UTF-8
                MALLOC_ARENA_MAX=1
                NO_COLOR=1
                PATH=/usr/bin:/bin
                PWD=%s
                TERM=vt100
                """.formatted(stub.lib()), stub.noted("env"), "PWD is the shell's own");
        assertEquals(stub.lib() + "\n", stub.noted("cwd"));
        assertEquals("SigBlk:\t0000000000000000\nSigIgn:\tffffffffa680e203\n", stub.noted("signals"),
                "who stops a service signals all of it, and nobody else need end the supervisor");
        List<String> descriptors = stub.noted("fds").lines().map(line -> line.replaceAll("'|/proc/\\d+/fd/|:.*", ""))
                .filter(line -> !line.contains("/java-home/bin/java")).toList();
        String errors = directory.toRealPath() + "/secfilt/";
        assertEquals(List.of("0 -> /dev/null", "1 -> socket", "2 -> socket", "3 -> socket", "4 -> " + errors + "out", "5 -> " + errors + "err"),
                descriptors, "the shell's script aside: what a java says before it is the supervisor is the stub's to tell");
        String[] stat = stub.noted("stat").split(" ");
        assertEquals("0", stat[6], "no controlling terminal");
    }

    @Test
    void becomes_the_command_under_its_own_pid_and_arguments() throws Exception {
        stub.answering(launch().noNewPrivileges().execute(ByteString.of("/bin/sh"), 2).encode());
        Run run = stub.bash("echo $$; exec \"$STUB\" -- sh -c 'echo \"$$ $0 $1.\"; exit 9' 'a b' ''");
        String pid = run.out().lines().findFirst().orElseThrow();
        assertEquals(new Run(9, pid + "\n" + pid + " a b .\n", ""), run);
        assertEquals(List.of(), stub.reply(1), "end-of-file tells of the execve");
    }

    @Test
    void reports_the_step_that_failed_and_takes_another_script() throws Exception {
        stub.answering(
                launch().noNewPrivileges().execute(ByteString.of("/no/such"), 1).encode(),
                launch().execute(ByteString.of("/bin/echo"), 1).encode());
        assertEquals(new Run(0, "second try\n", ""), stub.run("echo", "second", "try"));
        assertEquals(List.of(1, ENOENT), stub.reply(1));
        assertEquals(List.of(), stub.reply(2));
    }

    @Test
    void ends_as_told_after_a_script_that_failed() throws Exception {
        stub.answering(launch().execute(ByteString.of("/no/such"), 1).encode(), StubDirectory.exit(127));
        assertEquals(new Run(127, "", ""), stub.run("such"));
        assertEquals(List.of(0, ENOENT), stub.reply(1));
    }

    @Test
    void runs_a_script_without_an_interpreter_by_the_shell() throws Exception {
        Path job = directory.resolve("job");
        Files.writeString(job, "echo \"$0 $# $2\"\n");
        assertTrue(job.toFile().setExecutable(true));
        ByteString path = ByteString.of(job.toString());
        stub.answering(
                launch().execute(path, 1).encode(),
                launch().executeByShell(path, List.of(ByteString.of("x"), ByteString.of("y z"))).encode());
        assertEquals(new Run(0, job + " 2 y z\n", ""), stub.run("job", "x", "y z"));
        assertEquals(List.of(0, ENOEXEC), stub.reply(1));
    }

    @Test
    void uses_the_result_of_a_step_in_later_ones() throws Exception {
        Launch launch = launch();
        Operand duplicate = launch.call("dup(2)", "dup", new Operand.Immediate(2));
        launch.call("dup2", "dup2", duplicate, new Operand.Immediate(1));
        stub.answering(launch.execute(ByteString.of("/bin/echo"), 1).encode());
        assertEquals(new Run(0, "", "moved\n"), stub.run("echo", "moved"));
    }

    @Test
    void refuses_operands_that_point_outside_of_the_script() throws Exception {
        Launch relocation = launch();
        relocation.data(new byte[8]);
        byte[] outside = new LaunchScript(List.of(), List.of(new Relocation(0, new Operand.Argv(99))),
                relocation.script().data()).encode();
        stub.answering(launch().execute(ByteString.of("/bin/echo"), 99).encode(), outside, StubDirectory.exit(3));
        assertEquals(3, stub.run("a").code());
        assertEquals(List.of(0, EINVAL), stub.reply(1));
        assertEquals(List.of(0, EINVAL), stub.reply(2));
    }

    @Test
    void tells_of_a_script_that_ends_without_an_execve() throws Exception {
        stub.answering(launch().noNewPrivileges().script().encode(), StubDirectory.exit(1));
        assertEquals(1, stub.run("a").code());
        assertEquals(List.of(1, 0), stub.reply(1));
    }

    @Test
    void installs_a_filter_for_the_command() throws Exception {
        // ld nr; jeq mkdir, 0, 1; ret ERRNO|EDOM; ret ALLOW
        SyscallTable calls = SyscallTable.of(Arch.current());
        int mkdir = calls.find("mkdir").orElseGet(() -> calls.nr("mkdirat"));
        byte[] program = filter(0x20, 0, 0, 0, 0x15, 0, 1, mkdir, 0x06, 0, 0, 0x00050021, 0x06, 0, 0, 0x7fff0000);
        stub.answering(launch().noNewPrivileges().filter(program, 0).execute(ByteString.of("/bin/mkdir"), 1).encode());
        Run run = stub.run("mkdir", directory.resolve("new").toString());
        assertEquals(1, run.code());
        assertTrue(run.err().contains("Numerical argument out of domain"), run::err);
    }

    @Test
    void enters_a_landlock_domain_for_the_command() throws Exception {
        // handled_access_fs = 0, handled_access_net = LANDLOCK_ACCESS_NET_CONNECT_TCP
        byte[] attr = {0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
        Launch launch = launch().noNewPrivileges();
        Operand ruleset = launch.call("landlock_create_ruleset", "landlock_create_ruleset",
                launch.data(attr), new Operand.Immediate(attr.length), new Operand.Immediate(0));
        launch.call("landlock_restrict_self", "landlock_restrict_self", ruleset, new Operand.Immediate(0));
        stub.answering(launch.execute(ByteString.of("/bin/bash"), 1).encode());
        Run run = stub.run("bash", "-c", ": < /dev/tcp/127.0.0.1/9");
        Requirements.need("kernel", stub.reply(1).isEmpty(), "this kernel has no Landlock for the network");
        assertTrue(run.err().contains("Permission denied"), run::err);
    }

    @Test
    void drops_capabilities_for_the_command() throws Exception {
        Requirements.root();
        stub.answering(launch().dropFromBoundingSet(21).clearAmbientCapabilities().setCapabilities(1, 1, 0)
                .execute(ByteString.of("/bin/grep"), 1).encode());
        Run run = stub.run("grep", "-E", "^Cap(Bnd|Prm):", "/proc/self/status");
        assertEquals(0, run.code());
        run.out().lines().forEach(line ->
                assertEquals(0, Long.parseUnsignedLong(line.substring(8), 16) & 1L << 21, line));
    }

    /** It is nobody's child there, and ends with the socket, which the stub alone holds here. */
    @Test
    void makes_a_keeper_that_ends_when_nobody_can_ask_it_any_more() throws Exception {
        byte[] keeper = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(3).putInt(1).array();
        stub.answering(launch().noNewPrivileges().script().encode(), keeper, launch().execute(ByteString.of("/bin/bash"), 1).encode());
        Run run = stub.run("bash", "-c", "read -r children < /proc/$$/task/$$/children; echo \"$children\"; ls -l /proc/$$/fd | grep -c socket; true");
        List<Integer> made = stub.reply(2);
        assertTrue(made.get(0) > 1 && made.get(1) > 2, made::toString);
        assertEquals(0, run.code());
        assertEquals("\n0\n", run.out());
        Path process = Path.of("/proc/" + made.get(0) + "/stat");
        for (int left = 200; isAlive(process); left--) {
            assertTrue(left > 0, "the keeper is there yet");
            Thread.sleep(10);
        }
    }

    private static boolean isAlive(Path stat) throws IOException {
        try {
            String text = Files.readString(stat);
            return text.contains("(secfilt-keeper)") && !text.contains(") Z ");
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static byte[] filter(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * 2).order(ByteOrder.nativeOrder());
        for (int i = 0; i < words.length; i += 4) {
            bytes.putShort((short) words[i]).put((byte) words[i + 1]).put((byte) words[i + 2]).putInt(words[i + 3]);
        }
        return bytes.array();
    }

    private static Launch launch() {
        return new Launch(SyscallTable.of(Arch.current()));
    }
}
