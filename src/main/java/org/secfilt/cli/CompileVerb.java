package org.secfilt.cli;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.secfilt.abi.Printable;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Listing;
import org.secfilt.filter.FilterCompiler;
import org.secfilt.plan.Plan;

/** {@code secfilt compile}: prints the filter. */
final class CompileVerb {
    private static final String STANDARD_OUTPUT = "-";

    private CompileVerb() {}

    /** @return the exit code */
    static int answer(Plan plan, Outcome.Compile compile, Streams streams, Caller caller) {
        boolean binary = compile.format() == Outcome.Compile.Format.BIN;
        boolean toStandardOutput = compile.output().isEmpty() || compile.output().get().equals(STANDARD_OUTPUT);
        if (binary && toStandardOutput && streams.outIsTerminal()) {
            streams.complain("--format=bin: these bytes are not for a terminal; write them to a file with -o FILE");
            return Cli.USAGE;
        }
        Assembled assembled = FilterCompiler.compile(plan);
        byte[] bytes = binary
                ? assembled.program().encode(ByteOrder.LITTLE_ENDIAN)
                : Listing.print(assembled).getBytes(StandardCharsets.UTF_8);
        if (toStandardOutput) {
            return streams.print(bytes);
        }
        String name = compile.output().get();
        try {
            caller.write(name, bytes);
            return Main.OK;
        } catch (IOException e) {
            streams.complain(Printable.escape(name) + ": " + e.getMessage());
            return Main.FAILED;
        }
    }
}
