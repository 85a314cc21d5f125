package org.secfilt.filter;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;

/**
 * From a call's number, which is in A, to what is to be done with it.
 *
 * <p>A balanced tree of comparisons halves the calls it knows until one is left, and then looks whether it is that one:
 *
 * <pre>
 *                     jge #connect
 *            no /                    \ yes
 *        jge #mremap              jge #bind
 *         /       \                /       \
 *   jeq #mmap  jeq #mremap   jeq #connect  jeq #bind      no: the call is none of these
 * </pre>
 *
 * Nothing but the number is loaded on the way to a call it does not know, so that the kernel finds out once and for all that the
 * filter allows it, and answers from a bitmap without running the filter. // kernel/seccomp.c seccomp_is_const_allow()
 */
final class Dispatch {
    private record Entry(int nr, Node then, String why) {}

    private final Assembler assembler;
    private final List<Entry> entries = new ArrayList<>();

    Dispatch(Assembler assembler) {
        this.assembler = assembler;
    }

    /** @param why who asks for it, for the listing */
    void add(int nr, Node then, String why) {
        int at = entries.size();
        while (at > 0 && entries.get(at - 1).nr() > nr) {
            at--;
        }
        if (at > 0 && entries.get(at - 1).nr() == nr) {
            throw new IllegalStateException("call " + nr + " is dispatched twice: " + why + ", " + entries.get(at - 1).why());
        }
        entries.add(at, new Entry(nr, then, why));
    }

    /** @param last the highest number that A can have */
    Node tree(int last, Node otherwise) {
        return entries.isEmpty() ? otherwise : tree(0, entries.size(), 0, last, otherwise);
    }

    /** Decides among the entries {@code from} to {@code to}, exclusive, for numbers {@code low} to {@code high}, inclusive. */
    private Node tree(int from, int to, int low, int high, Node otherwise) {
        Entry first = entries.get(from);
        if (to - from == 1) {
            // Between two neighbours, no number but this one is left.
            boolean alone = low == first.nr() && high == first.nr();
            return assembler.comment(first.why(),
                    alone ? first.then() : assembler.jump(JumpOp.EQ, first.nr(), first.then(), otherwise));
        }
        int middle = (from + to) >>> 1;
        int half = entries.get(middle).nr();
        Node upper = tree(middle, to, half, high, otherwise);
        Node lower = tree(from, middle, low, half - 1, otherwise);
        return assembler.jump(JumpOp.GE, half, upper, lower);
    }
}
