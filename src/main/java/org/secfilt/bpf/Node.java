package org.secfilt.bpf;

/**
 * An instruction in a graph, with the nodes it goes on to. {@link Assembler} makes them, leaves first, and makes equal
 * ones only once; so nodes of one assembler are equal exactly if they are the same.
 */
public final class Node {
    final Assembler owner;
    final Opcode opcode;
    final int k;
    /** Where it goes on; for a branch, where it goes when the comparison holds. A return goes nowhere: itself. */
    final Node then;
    /** Where a branch goes when the comparison does not hold; else the same as {@code then}. */
    final Node otherwise;

    Node(Assembler owner, Opcode opcode, int k, Node then, Node otherwise) {
        this.owner = owner;
        this.opcode = opcode;
        this.k = k;
        this.then = then;
        this.otherwise = otherwise;
    }

    /** A return. */
    Node(Assembler owner, Opcode opcode, int k) {
        this.owner = owner;
        this.opcode = opcode;
        this.k = k;
        this.then = this;
        this.otherwise = this;
    }
}
