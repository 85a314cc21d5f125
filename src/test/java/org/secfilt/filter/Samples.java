package org.secfilt.filter;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.secfilt.abi.Arch;
import org.secfilt.abi.SeccompData;
import org.secfilt.bpf.Coverage;
import org.secfilt.bpf.Instruction;
import org.secfilt.bpf.Interpreter;
import org.secfilt.bpf.Program;

/** Calls that are of interest to one filter: made of the numbers it compares with, their neighbours and their bits. */
final class Samples {
    /** One call as a filter sees it, made by the instruction before {@code at}. */
    record Call(int audit, int nr, long at, long[] args) {
        /** From where programs are. */
        Call(int audit, int nr, long[] args) {
            this(audit, nr, 0x7f00_1234_5678L, args);
        }

        /** The same call from elsewhere. */
        Call from(long there) {
            return new Call(audit, nr, there, args);
        }

        byte[] data() {
            return SeccompData.encode(nr, audit, at, args);
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(Integer.toHexString(audit) + " " + nr);
            for (long arg : args) {
                text.append(" 0x").append(Long.toHexString(arg));
            }
            return text.toString();
        }
    }

    private static final int LD = 0x20;
    private static final int RET = 0x06;

    private final Random random;
    private final Arch arch;
    private final List<Integer> words = new ArrayList<>();

    Samples(Program program, Arch arch, Random random) {
        this.random = random;
        this.arch = arch;
        words.addAll(List.of(0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE));
        for (Instruction instruction : program.instructions()) {
            if (instruction.code() != RET) {
                for (int word : new int[] {instruction.k(), instruction.k() + 1, instruction.k() - 1}) {
                    if (!words.contains(word)) {
                        words.add(word);
                    }
                }
            }
        }
    }

    Call call(int nr) {
        long[] args = new long[SeccompData.ARGUMENTS];
        for (int i = 0; i < args.length; i++) {
            args[i] = random.nextInt(3) == 0 ? 0 : (long) (random.nextInt(2) == 0 ? 0 : word()) << 32 | word() & 0xffff_ffffL;
        }
        return new Call(arch.audit(), nr, args);
    }

    int word() {
        return words.get(random.nextInt(words.size()));
    }

    static String run(Program program, Call call, Coverage coverage) {
        return ResultWords.print(Interpreter.run(program, call.data(), ByteOrder.LITTLE_ENDIAN, coverage));
    }

    static String run(Program program, Call call) {
        return ResultWords.print(Interpreter.run(program, call.data(), ByteOrder.LITTLE_ENDIAN));
    }

    /**
     * Runs calls that it finds by itself: for every comparison on the way of a call it changes the word that was loaded for it, and goes
     * on from those calls that so reach something new.
     */
    static void sweep(Program program, Arch arch, Coverage coverage) {
        List<Call> calls = new ArrayList<>();
        calls.add(new Call(arch.audit(), 0, new long[SeccompData.ARGUMENTS]));
        Coverage seen = new Coverage(program);
        run(program, calls.get(0), seen);
        int reached = reached(program, seen);
        for (int i = 0; i < calls.size(); i++) {
            Coverage way = new Coverage(program);
            run(program, calls.get(i), way);
            run(program, calls.get(i), coverage);
            int offset = 0;
            for (int at = 0; at < program.size(); at++) {
                int k = program.get(at).k();
                if (way.hasRun(at) && program.get(at).code() == LD) {
                    offset = k;
                }
                boolean turned = way.hasBranched(at, true) != way.hasBranched(at, false);
                if (!turned || seen.hasBranched(at, !way.hasBranched(at, true))) {
                    continue;
                }
                for (int word : new int[] {k, k - 1, k + 1, 0}) {
                    Call call = with(calls.get(i), offset, word);
                    run(program, call, seen);
                    int now = reached(program, seen);
                    if (now > reached) {
                        reached = now;
                        calls.add(call);
                    }
                }
            }
        }
    }

    /** How many instructions and ways of branches were seen. */
    private static int reached(Program program, Coverage coverage) {
        int reached = 0;
        for (int i = 0; i < program.size(); i++) {
            reached += (coverage.hasRun(i) ? 1 : 0) + (coverage.hasBranched(i, true) ? 1 : 0) + (coverage.hasBranched(i, false) ? 1 : 0);
        }
        return reached;
    }

    private static Call with(Call call, int offset, int word) {
        switch (offset) {
            case SeccompData.NR:
                return new Call(call.audit(), word, call.at(), call.args());
            case SeccompData.ARCH:
                return new Call(word, call.nr(), call.at(), call.args());
            case SeccompData.INSTRUCTION_POINTER_HIGH:
                return call.from(high(call.at(), word));
            default:
                long[] args = call.args().clone();
                int i = (offset - SeccompData.low(0)) / 8;
                args[i] = SeccompData.high(i) == offset ? high(args[i], word) : args[i] & ~0xffff_ffffL | word & 0xffff_ffffL;
                return new Call(call.audit(), call.nr(), call.at(), args);
        }
    }

    private static long high(long value, int word) {
        return value & 0xffff_ffffL | (long) word << 32;
    }
}
