package org.secfilt.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.bpf.Program;

/** The filters of {@code bpf/} in this machine's kernel, by {@code test-fixtures/filter-run.c}: nobody traces and nobody listens. */
@Tag("kernel")
class FilterKernelTest {
    private static final int EBADF = 9;

    @BeforeAll
    static void needs_a_kernel() {
        Requirements.kernel();
    }

    static Stream<Path> tables() throws Exception {
        return GoldenTest.tables();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void the_kernel_refuses_what_the_table_says(Path file) throws Exception {
        Arch arch = Arch.current();
        TruthTable table = TruthTable.read(file);
        Program program = FilterCompiler.compile(table.plan(arch)).program();
        List<Samples.Call> calls = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        expected.add("install 0");
        for (TruthTable.Row row : table.filter) {
            Samples.Call call = TruthTable.call(row.call(), arch, table.plan(arch).vault().address());
            // What is allowed would run, and what is of another architecture cannot be called.
            if (row.isFor(arch) && call.audit() == arch.audit() && !row.expected().equals("allow")) {
                calls.add(call);
                expected.add("result -" + errno(row.expected()));
            }
        }
        Samples samples = new Samples(program, arch, new Random(1));
        int[] numbers = arch.syscalls().all();
        for (int i = 0; i < 2000 && calls.size() < 300; i++) {
            Samples.Call call = samples.call(i % 2 == 0 ? samples.word() : numbers[i % numbers.length]);
            String answer = Samples.run(program, call);
            if (!answer.equals("allow")) {
                calls.add(call);
                expected.add("result -" + errno(answer));
            }
        }
        int fewest = table.plan(arch).supervised() ? 60 : 4; // a filter without rules refuses hardly anything
        assertTrue(calls.size() > fewest, "only " + calls.size() + " calls are refused");
        // And one that is allowed comes through: there is no descriptor -1.
        calls.add(new Samples.Call(arch.audit(), arch.syscalls().nr("close"), new long[] {-1, 0, 0, 0, 0, 0}));
        expected.add("result -" + EBADF);
        Iterator<String> answers = run(program, calls).iterator();
        for (int i = 0; i < expected.size(); i++) {
            int row = i;
            assertEquals(expected.get(i), answers.next(), () -> row == 0 ? "install" : calls.get(row - 1).toString());
        }
    }

    /** A trace without a tracer and a notification without a listener are ENOSYS: seccomp(2). */
    private static int errno(String answer) {
        if (answer.startsWith("trace") || answer.equals("listener")) {
            return Errno.ENOSYS.number();
        }
        for (int number = 1; number < 200; number++) {
            if (Errno.of(number).name().equals(answer)) {
                return number;
            }
        }
        throw new IllegalArgumentException(answer);
    }

    private static List<String> run(Program program, List<Samples.Call> calls) throws Exception {
        Path output = Files.createTempFile("filter-run", ".out");
        try {
            Process process = new ProcessBuilder(Fixtures.compile("filter-run").toString())
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            byte[] filter = program.encode(ByteOrder.nativeOrder());
            ByteBuffer request = ByteBuffer.allocate(8 + filter.length + calls.size() * 56).order(ByteOrder.nativeOrder());
            request.putInt(program.size()).putInt(calls.size()).put(filter);
            for (Samples.Call call : calls) {
                request.putLong(call.nr() & 0xffff_ffffL);
                for (int i = 0; i < 6; i++) {
                    request.putLong(i < call.args().length ? call.args()[i] : 0);
                }
            }
            try (OutputStream in = process.getOutputStream()) {
                in.write(request.array());
            }
            assertEquals(0, process.waitFor());
            List<String> lines = Files.readAllLines(output);
            return lines.subList(1, lines.size());
        } finally {
            Files.delete(output);
        }
    }
}
