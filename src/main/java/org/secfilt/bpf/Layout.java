package org.secfilt.bpf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lays a graph of nodes out in a row. It works from the end of the program to its start, so that whatever a node goes
 * on to has its place already; positions here count from the end.
 *
 * <pre>
 *   jump          its 'otherwise' follows it where that is still unplaced
 *   otherwise
 *   ...
 *   then          at most 255 further on; else a 'ja then' (or, for a return, a copy of it) is placed in reach
 * </pre>
 */
final class Layout {
    /** What jt and jf, of 8 bits, can skip. */
    private static final int REACH = 255;

    private final Map<Node, String> comments;
    private final List<Instruction> reversed = new ArrayList<>();
    private final List<String> reversedComments = new ArrayList<>();
    /** Where each node stands. */
    private final Map<Node, Integer> places = new HashMap<>();
    /** The last place that comes to the same: the node, a copy of it, or a jump to it. */
    private final Map<Node, Integer> nearest = new HashMap<>();

    Layout(Map<Node, String> comments) {
        this.comments = comments;
    }

    Assembled of(Node start) {
        // A stack of our own: a chain of thousands of nodes must not depend on the thread's.
        List<Node> stack = new ArrayList<>();
        stack.add(start);
        while (!stack.isEmpty()) {
            Node node = stack.get(stack.size() - 1);
            if (places.containsKey(node)) {
                stack.remove(stack.size() - 1);
            } else if (!places.containsKey(node.then) && node.then != node) {
                stack.add(node.then);
            } else if (!places.containsKey(node.otherwise) && node.otherwise != node) {
                stack.add(node.otherwise);
            } else {
                place(node);
                stack.remove(stack.size() - 1);
            }
        }
        Collections.reverse(reversed);
        Collections.reverse(reversedComments);
        return new Assembled(new Program(reversed), reversedComments);
    }

    private void place(Node node) {
        int jt = 0;
        int jf = 0;
        if (node.opcode.isBranch()) {
            // One less for jt, as bringing jf into reach may place one more instruction in between.
            bring(node.then, REACH - 1);
            bring(node.otherwise, REACH);
            jt = distance(nearest.get(node.then));
            jf = distance(nearest.get(node.otherwise));
        } else if (!node.opcode.isReturn()) {
            bring(node.then, 0);
        }
        emit(new Instruction(node.opcode.code(), jt, jf, node.k), comments.getOrDefault(node, ""));
        places.put(node, reversed.size() - 1);
        nearest.put(node, reversed.size() - 1);
    }

    /** Makes sure that the next instruction placed can get to {@code node} by skipping at most {@code reach}. */
    private void bring(Node node, int reach) {
        if (distance(nearest.get(node)) <= reach) {
            return;
        }
        if (node.opcode.isReturn()) {
            emit(new Instruction(node.opcode.code(), 0, 0, node.k), comments.getOrDefault(node, ""));
        } else {
            emit(new Instruction(Opcode.JA.code(), 0, 0, distance(places.get(node))), "");
        }
        nearest.put(node, reversed.size() - 1);
    }

    /** How many instructions stand between the next one placed and the one at {@code place}. */
    private int distance(int place) {
        return reversed.size() - 1 - place;
    }

    private void emit(Instruction instruction, String comment) {
        reversed.add(instruction);
        reversedComments.add(comment);
    }
}
