package org.secfilt.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.secfilt.abi.Arch;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Checker;
import org.secfilt.bpf.Coverage;
import org.secfilt.bpf.Listing;
import org.secfilt.bpf.Program;
import org.secfilt.plan.VaultRange;
import org.secfilt.verdict.Judge;

/**
 * The filters of {@code bpf/}: each policy's listing is as it was when somebody last read it ({@code -Dsecfilt.golden=write} makes it
 * anew), does what its truth table says, and has no instruction and no way of a branch that the tests do not reach. So is the filter
 * of a run whose supervisor is notified of calls; of a shipped policy that one is listed too.
 */
class GoldenTest {
    private static final Path FOLDER = Path.of("bpf");

    static Stream<Path> tables() throws Exception {
        return Files.list(FOLDER).filter(file -> file.toString().endsWith(".tests")).sorted();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void is_as_listed(Path file) throws Exception {
        TruthTable table = TruthTable.read(file);
        for (Arch arch : Arch.values()) {
            isAsListed(table.name + "." + arch, table.name + " on " + arch, FilterCompiler.compile(table.plan(arch)));
            if (table.shipped) {
                isAsListed(table.name + ".notified." + arch, table.name + " on " + arch + ", where the supervisor is notified",
                        FilterCompiler.compile(table.plan(arch), true, false));
            }
        }
    }

    private static void isAsListed(String name, String title, Assembled filter) throws Exception {
        String listing = "; " + title + "\n\n" + Listing.print(filter);
        Path golden = FOLDER.resolve(name + ".bpf");
        if (System.getProperty("secfilt.golden", "").equals("write")) {
            Files.writeString(golden, listing);
        }
        assertEquals(Files.readString(golden), listing, golden + "; if the change is meant: -Dsecfilt.golden=write");
        assertEquals(filter.program(), Listing.parse(listing).program());
    }

    @ParameterizedTest
    @MethodSource("tables")
    void does_what_its_truth_table_says(Path file) throws Exception {
        TruthTable table = TruthTable.read(file);
        List<String> wrong = new ArrayList<>();
        for (Arch arch : Arch.values()) {
            Program stops = FilterCompiler.compile(table.plan(arch)).program();
            Program notifies = FilterCompiler.compile(table.plan(arch), true, false).program();
            for (TruthTable.Row row : table.filter) {
                if (row.isFor(arch)) {
                    VaultRange vault = table.plan(arch).vault();
                    Samples.Call call = TruthTable.call(row.call(), arch, vault.address());
                    expect(row.expected(), stops, call, arch + ": " + row.call(), wrong);
                    expect(row.notified() ? "listener" : row.expected(), notifies, call, arch + ", notified: " + row.call(), wrong);
                    expect(row.expected(), notifies, call.from(vault.mark()), arch + ", handed over: " + row.call(), wrong);
                }
            }
        }
        Judge judge = new Judge(table.plan(Arch.X86_64));
        for (TruthTable.Row row : table.verdicts) {
            String verdict = TruthTable.verdict(judge, row.call());
            if (!verdict.equals(row.expected())) {
                wrong.add(row.call() + " => " + verdict + "\n    not " + row.expected());
            }
        }
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertFalse(table.filter.isEmpty() || table.verdicts.isEmpty(), file + " is empty");
    }

    private static void expect(String expected, Program program, Samples.Call call, String name, List<String> wrong) {
        String answer = Samples.run(program, call);
        if (!answer.equals(expected)) {
            wrong.add(name + " => " + answer + ", not " + expected);
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void has_no_instruction_that_is_never_reached(Path file) throws Exception {
        TruthTable table = TruthTable.read(file);
        for (Arch arch : Arch.values()) {
            for (boolean notifies : new boolean[] {false, true}) {
                Assembled filter = FilterCompiler.compile(table.plan(arch), notifies, false);
                assertEquals(List.of(), Checker.check(filter.program()));
                Coverage coverage = new Coverage(filter.program());
                for (TruthTable.Row row : table.filter) {
                    if (row.isFor(arch)) {
                        Samples.Call call = TruthTable.call(row.call(), arch, table.plan(arch).vault().address());
                        Samples.run(filter.program(), call, coverage);
                    }
                }
                Samples.sweep(filter.program(), arch, coverage);
                assertEquals(List.of(), coverage.missed(),
                        () -> table.name + " on " + arch + (notifies ? ", notified" : "") + "\n" + Listing.print(filter.program()));
            }
        }
    }

    @Test
    void every_shipped_policy_has_a_truth_table() throws Exception {
        try (Stream<Path> policies = Files.list(Path.of("policies"))) {
            for (Path policy : (Iterable<Path>) policies.filter(file -> file.toString().endsWith(".yaml"))::iterator) {
                String name = policy.getFileName().toString().replace(".yaml", ".tests");
                assertEquals(true, Files.exists(FOLDER.resolve(name)), policy + " has no bpf/" + name);
            }
        }
    }
}
