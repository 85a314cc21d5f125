package org.secfilt.bpf;

import java.util.HashMap;
import java.util.Map;

/**
 * Builds programs as graphs, so that no jump is ever counted by hand.
 *
 * <p>Nodes are made leaves first: a node is given the nodes it goes on to. Equal nodes are the same node, so what is
 * said twice is emitted once. {@link #assemble} lays the graph out as a {@link Program}.
 *
 * <pre>
 *   Node refuse = assembler.ret(0x50001);
 *   Node start = assembler.load(0, assembler.jump(JumpOp.EQ, 41, refuse, assembler.ret(0x7fff0000)));
 * </pre>
 */
public final class Assembler {
    private final Map<Integer, Node> returns = new HashMap<>();
    private final Node retA = new Node(this, Opcode.RET_A, 0);
    private final Map<Key, Node> nodes = new HashMap<>();
    private final Map<Node, String> comments = new HashMap<>();

    /** Ends with {@code k}. */
    public Node ret(int k) {
        Node node = returns.get(k);
        if (node == null) {
            node = new Node(this, Opcode.RET_K, k);
            returns.put(k, node);
        }
        return node;
    }

    /** Ends with A. */
    public Node retA() {
        return retA;
    }

    /** A = the word at {@code offset} of the data. */
    public Node load(int offset, Node next) {
        return step(Opcode.LD_ABS, offset, next);
    }

    /** A = A &amp; k. */
    public Node and(int k, Node next) {
        return step(Opcode.AND_K, k, next);
    }

    /** Any operation that neither jumps nor returns; {@code k} is 0 where it has none. */
    public Node step(Opcode opcode, int k, Node next) {
        if (opcode.isBranch() || opcode.isReturn() || opcode == Opcode.JA) {
            throw new IllegalArgumentException(opcode + " does not simply go on");
        }
        return intern(opcode, k, next, next);
    }

    /** Compares A with {@code k}, unsigned. Where both ways are the same there is nothing to compare. */
    public Node jump(JumpOp op, int k, Node then, Node otherwise) {
        return then == otherwise ? then : intern(op.withK(), k, then, otherwise);
    }

    /** Compares A with one after the other of these. */
    public Node jumpIfAny(int[] ks, Node then, Node otherwise) {
        Node node = otherwise;
        for (int i = ks.length - 1; i >= 0; i--) {
            node = jump(JumpOp.EQ, ks[i], then, node);
        }
        return node;
    }

    /** Compares A with X, unsigned. */
    public Node jumpX(JumpOp op, Node then, Node otherwise) {
        return then == otherwise ? then : intern(op.withX(), 0, then, otherwise);
    }

    /**
     * Says what the instructions from {@code node} on are for. A node that serves several ends, because equal nodes are
     * one, keeps every comment it was given, each on its line.
     *
     * @return {@code node}
     */
    public Node comment(String group, Node node) {
        own(node);
        String before = comments.get(node);
        if (before == null) {
            comments.put(node, group);
        } else if (!("\n" + before + "\n").contains("\n" + group + "\n")) {
            comments.put(node, before + "\n" + group);
        }
        return node;
    }

    /** The program that begins at {@code start}. It may be longer than seccomp takes. */
    public Assembled assemble(Node start) {
        own(start);
        return new Layout(comments).of(start);
    }

    private Node intern(Opcode opcode, int k, Node then, Node otherwise) {
        own(then);
        own(otherwise);
        Key key = new Key(opcode, k, then, otherwise);
        Node node = nodes.get(key);
        if (node == null) {
            node = new Node(this, opcode, k, then, otherwise);
            nodes.put(key, node);
        }
        return node;
    }

    private void own(Node node) {
        if (node.owner != this) {
            throw new IllegalArgumentException("this node was made by another assembler");
        }
    }

    /** What makes two nodes the same. By hand, for a record's hashCode costs start-up time. */
    private static final class Key {
        private final Opcode opcode;
        private final int k;
        private final Node then;
        private final Node otherwise;

        Key(Opcode opcode, int k, Node then, Node otherwise) {
            this.opcode = opcode;
            this.k = k;
            this.then = then;
            this.otherwise = otherwise;
        }

        @Override
        public boolean equals(Object other) {
            if (!(other instanceof Key)) {
                return false;
            }
            Key key = (Key) other;
            return opcode == key.opcode && k == key.k && then == key.then && otherwise == key.otherwise;
        }

        @Override
        public int hashCode() {
            int hash = 31 * opcode.code() + k;
            hash = 31 * hash + System.identityHashCode(then);
            return 31 * hash + System.identityHashCode(otherwise);
        }
    }
}
