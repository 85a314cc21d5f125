package org.secfilt.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;
import org.secfilt.abi.Arch;
import org.secfilt.abi.SeccompData;

/** The interpreter and the checker against the kernel of this machine, by {@code test-fixtures/filter-run.c}. */
@Tag("kernel")
class KernelTest {
    private static final int CALLS = 4;
    private static final String KILLED = "killed";

    private final RandomPrograms programs = new RandomPrograms();

    @BeforeAll
    static void needs_a_kernel() {
        Requirements.kernel();
    }

    /** A call that a filter is asked about: the number and six arguments. */
    private record Call(int nr, long[] args) {}

    @Test
    void the_interpreter_returns_what_the_kernel_returns() throws Exception {
        List<Program> tried = new ArrayList<>();
        List<List<Call>> calls = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            tried.add(programs.valid(i % 40 == 0 ? 4096 : i % 4 == 0 ? 700 : 60));
            calls.add(calls());
        }
        Answers answers = run(tried, calls);
        int killed = 0;
        for (int i = 0; i < tried.size(); i++) {
            Program program = tried.get(i);
            assertEquals(List.of(), Checker.check(program), () -> failure(program));
            assertEquals("install 0", answers.next(), () -> failure(program));
            for (Call call : calls.get(i)) {
                byte[] data = SeccompData.encode(
                        call.nr(), Arch.current().audit(), answers.instructionPointer, call.args());
                String expected = outcome(Interpreter.run(program, data, ByteOrder.nativeOrder()));
                assertEquals(expected, answers.next(), () -> failure(program) + "for " + call);
                killed += expected.equals(KILLED) ? 1 : 0;
            }
        }
        assertTrue(killed < tried.size() * CALLS / 2, killed + " calls ended in a kill, which shows little");
    }

    @Test
    void the_checker_complains_exactly_when_the_kernel_does() throws Exception {
        List<Program> tried = new ArrayList<>();
        List<List<Call>> calls = new ArrayList<>();
        for (int i = 0; i < 1500; i++) {
            tried.add(programs.mutated(programs.valid(i % 100 == 0 ? 4096 : i % 20 == 0 ? 400 : 40)));
            calls.add(List.of());
        }
        for (int code = 0; code < 0x110; code++) {
            tried.add(new Program(List.of(new Instruction(code, 0, 0, 4), RandomPrograms.of(Opcode.RET_K, 0))));
            calls.add(List.of());
        }
        for (String listing : CheckerTest.CORNERS) {
            tried.add(Listing.parse(listing).program());
            calls.add(List.of());
        }
        for (int size : new int[] {0, 1, 4095, 4096, 4097, 65535}) {
            tried.add(new Program(java.util.Collections.nCopies(size, RandomPrograms.of(Opcode.RET_K, 0))));
            calls.add(List.of());
        }
        Answers answers = run(tried, calls);
        int taken = 0;
        for (Program program : tried) {
            List<Checker.Problem> problems = Checker.check(program);
            String expected = problems.isEmpty() ? "install 0" : "install 22";
            assertEquals(expected, answers.next(), () -> failure(program) + problems);
            taken += problems.isEmpty() ? 1 : 0;
        }
        assertTrue(taken > 300 && taken < tried.size() - 300, taken + " of " + tried.size() + " were taken");
    }

    private List<Call> calls() {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            long[] args = new long[SeccompData.ARGUMENTS];
            for (int j = 0; j < args.length; j++) {
                args[j] = (long) programs.value() << 32 | programs.value() & 0xffffffffL;
            }
            calls.add(new Call(programs.value(), args));
        }
        return calls;
    }

    /** What a caller sees of a filter's value, if no call is let through, nobody traces and nobody listens. */
    private static String outcome(int value) {
        switch (value & 0xffff0000) {
            case 0x00050000: // SECCOMP_RET_ERRNO, at most MAX_ERRNO
                return "result " + -Math.min(value & 0xffff, 4095);
            case 0x7ff00000: // SECCOMP_RET_TRACE
            case 0x7fc00000: // SECCOMP_RET_USER_NOTIF
                return "result -38";
            default:
                return KILLED;
        }
    }

    private String failure(Program program) {
        return "-Dsecfilt.seed=" + programs.seed + "\n" + Listing.print(program);
    }

    /** The lines of the fixture, in order. */
    private static final class Answers {
        private final BufferedReader lines;
        final long instructionPointer;

        Answers(BufferedReader lines) throws IOException {
            this.lines = lines;
            this.instructionPointer = Long.parseUnsignedLong(lines.readLine(), 16);
        }

        String next() throws IOException {
            return String.valueOf(lines.readLine());
        }
    }

    private static Answers run(List<Program> programs, List<List<Call>> calls) throws Exception {
        Path output = Files.createTempFile("filter-run", ".out");
        try {
            Process process = new ProcessBuilder(Fixtures.compile("filter-run").toString())
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (OutputStream in = process.getOutputStream()) {
                for (int i = 0; i < programs.size(); i++) {
                    in.write(request(programs.get(i), calls.get(i)));
                }
            }
            assertEquals(0, process.waitFor());
            return new Answers(new BufferedReader(new java.io.StringReader(Files.readString(output))));
        } finally {
            Files.delete(output);
        }
    }

    private static byte[] request(Program program, List<Call> calls) {
        byte[] filter = program.encode(ByteOrder.nativeOrder());
        ByteBuffer out = ByteBuffer.allocate(8 + filter.length + calls.size() * 56).order(ByteOrder.nativeOrder());
        out.putInt(program.size()).putInt(calls.size()).put(filter);
        for (Call call : calls) {
            out.putLong(call.nr() & 0xffffffffL);
            for (long arg : call.args()) {
                out.putLong(arg);
            }
        }
        return out.array();
    }
}
