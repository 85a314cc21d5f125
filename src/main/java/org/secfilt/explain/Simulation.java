package org.secfilt.explain;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.SeccompData;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Coverage;
import org.secfilt.bpf.Interpreter;
import org.secfilt.bpf.Listing;
import org.secfilt.filter.FilterCompiler;
import org.secfilt.filter.FilterResult;
import org.secfilt.plan.Plan;

/** One call, put to the filter of a plan: what the filter answers, and by which way it comes to that. */
public final class Simulation {
    private final Assembled filter;
    private final byte[] data;
    private final Coverage way;
    private final FilterResult result;
    /** What others make of the call, behind the filter. */
    private final Optional<String> later;

    private Simulation(Plan plan, Call call) {
        this.filter = FilterCompiler.compile(plan);
        this.data = call.data(plan.arch());
        this.way = new Coverage(filter.program());
        this.result = FilterResult.of(Interpreter.run(filter.program(), data, ByteOrder.LITTLE_ENDIAN, way));
        this.later = result.allows() ? wordsOfKernel(plan, call)
                : result.traced().isPresent() ? ToldSockets.words(plan, result.traced().get(), call) : Optional.empty();
    }

    private static Optional<String> wordsOfKernel(Plan plan, Call call) {
        Optional<String> words = LandlockCalls.words(plan, call);
        return words.isPresent() ? words : CapabilityCalls.words(plan, call);
    }

    public static Simulation of(Plan plan, Call call) {
        return new Simulation(plan, call);
    }

    public FilterResult result() {
        return result;
    }

    /** What becomes of the call, in a sentence. */
    public String meaning() {
        return later.orElse(result.meaning());
    }

    /** The instructions that ran, in order, as in the filter's listing; behind a load what it loaded, behind a comparison how it ended. */
    public String way() {
        List<String> notes = new ArrayList<>();
        ByteBuffer words = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < filter.program().size(); i++) {
            notes.add("");
        }
        for (int i = 0; i < filter.program().size(); i++) {
            if (!way.hasRun(i)) {
                continue;
            }
            if (filter.program().loadsData(i)) {
                int offset = filter.program().get(i).k();
                notes.set(i, field(offset) + " = 0x" + Integer.toHexString(words.getInt(offset)));
            } else if (way.hasBranched(i, true)) {
                notes.set(i, "yes");
            } else if (way.hasBranched(i, false)) {
                notes.set(i, "no");
            } else if (filter.program().returns(i)) {
                notes.set(i, result.toString());
            }
        }
        return Listing.printRun(filter, way, notes);
    }

    /** The name of a word of {@code struct seccomp_data}. */
    private static String field(int offset) {
        if (offset == SeccompData.NR) {
            return "nr";
        }
        if (offset == SeccompData.ARCH) {
            return "arch";
        }
        if (offset < SeccompData.low(0)) {
            return "instruction_pointer";
        }
        int argument = (offset - SeccompData.low(0)) / 8;
        return "args[" + argument + "]" + (offset == SeccompData.low(argument) ? "" : ", high word");
    }
}
