package org.secfilt.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AssemblerTest {
    private final Assembler assembler = new Assembler();

    @Test
    void equal_nodes_are_one_node_and_are_emitted_once() {
        Node first = assembler.load(4, assembler.and(15, assembler.ret(1)));
        Node second = assembler.load(4, assembler.and(15, assembler.ret(1)));
        assertSame(first, second);
        assertSame(first, assembler.jump(JumpOp.EQ, 7, first, second));
        assertSame(assembler.retA(), assembler.retA());
        assertEquals(3, assembler.assemble(first).program().size());
    }

    @Test
    void a_shared_node_keeps_each_comment_once() {
        Node node = assembler.ret(1);
        assembler.comment("one", node);
        assembler.comment("two", node);
        assembler.comment("one", node);
        assertEquals(List.of("one\ntwo"), assembler.assemble(node).comments());
    }

    @Test
    void only_what_the_start_leads_to_is_emitted() {
        assembler.load(0, assembler.ret(9));
        assertEquals("        ret #0x1\n", Listing.print(assembler.assemble(assembler.ret(1))));
    }

    @Test
    void a_far_target_is_reached_by_a_jump_and_a_far_return_is_copied() {
        Node far = assembler.and(3, assembler.retA());
        Node chain = assembler.ret(0);
        for (int i = 0; i < 300; i++) {
            chain = assembler.step(Opcode.ADD_K, i, chain);
        }
        Program viaJump = assembler.assemble(assembler.jump(JumpOp.GT, 5, far, chain)).program();
        assertEquals(305, viaJump.size());
        assertEquals(new Instruction(Opcode.JGT_K.code(), 0, 1, 5), viaJump.get(0));
        assertEquals(new Instruction(Opcode.JA.code(), 0, 0, 301), viaJump.get(1));
        Program copied = assembler.assemble(assembler.jump(JumpOp.GT, 5, assembler.ret(8), chain)).program();
        assertEquals(new Instruction(Opcode.RET_K.code(), 0, 0, 8), copied.get(1));
    }

    @Test
    void every_length_around_the_reach_of_a_branch_is_right() {
        for (int length = 250; length < 262; length++) {
            for (boolean holds : new boolean[] {true, false}) {
                Assembler fresh = new Assembler();
                Node first = fresh.step(Opcode.ADD_K, 1, fresh.retA());
                Node second = fresh.step(Opcode.ADD_K, 2, fresh.retA());
                Node filler = fresh.jump(JumpOp.EQ, 99, first, second);
                for (int i = 0; i < length; i++) {
                    filler = fresh.step(Opcode.XOR_K, i, filler);
                }
                Node test = fresh.jump(JumpOp.EQ, 0, holds ? first : second, holds ? second : first);
                Node start = fresh.step(Opcode.LD_IMM, 0, fresh.jump(JumpOp.SET, 1, filler, test));
                Program program = fresh.assemble(start).program();
                assertEquals(List.of(), Checker.check(program));
                assertEquals(holds ? 1 : 2, Interpreter.run(program, new byte[64], ByteOrder.LITTLE_ENDIAN));
            }
        }
    }

    @Test
    void a_chain_of_thousands_needs_no_deep_stack() throws InterruptedException {
        Node chain = assembler.ret(0);
        for (int i = 0; i < 100_000; i++) {
            chain = assembler.step(Opcode.ADD_K, i, chain);
        }
        Node start = chain;
        int[] size = new int[1];
        Thread small = new Thread(null, () -> size[0] = assembler.assemble(start).program().size(), "small", 64 << 10);
        small.start();
        small.join();
        assertEquals(100_001, size[0]);
    }

    @Test
    void nodes_of_two_assemblers_do_not_mix() {
        Node foreign = new Assembler().ret(0);
        assertThrows(IllegalArgumentException.class, () -> assembler.load(0, foreign));
        assertThrows(IllegalArgumentException.class, () -> assembler.assemble(foreign));
        assertThrows(IllegalArgumentException.class, () -> assembler.step(Opcode.JA, 1, assembler.ret(0)));
    }

    /** The graph is walked by hand, its program by the interpreter. */
    @Test
    void a_random_graph_and_its_program_come_to_the_same() {
        RandomPrograms programs = new RandomPrograms();
        Random random = programs.random();
        boolean sawJump = false;
        for (int i = 0; i < 200; i++) {
            Assembler fresh = new Assembler();
            List<Node> nodes = new ArrayList<>(List.of(fresh.ret(1), fresh.ret(2), fresh.retA()));
            int size = i % 10 == 0 ? 1500 : 40;
            for (int n = 0; n < size; n++) {
                Node a = nodes.get(random.nextInt(4) == 0 ? random.nextInt(nodes.size()) : nodes.size() - 1);
                Node b = nodes.get(random.nextInt(nodes.size()));
                nodes.add(random.nextInt(3) == 0 ? fresh.load(4 * random.nextInt(16), a)
                        : random.nextInt(4) == 0 ? fresh.step(Opcode.ADD_K, random.nextInt(5), a)
                        : fresh.jump(JumpOp.values()[random.nextInt(4)], random.nextInt(4), a, b));
            }
            Node start = nodes.get(nodes.size() - 1);
            Program program = fresh.assemble(start).program();
            if (program.size() <= Program.MAX_INSTRUCTIONS) {
                assertEquals(List.of(), Checker.check(program), () -> "-Dsecfilt.seed=" + programs.seed);
            }
            sawJump |= program.instructions().stream().anyMatch(one -> one.code() == Opcode.JA.code());
            for (int run = 0; run < 20; run++) {
                byte[] data = new byte[64];
                for (int j = 0; j < 64; j += 4) {
                    data[j] = (byte) random.nextInt(5);
                }
                assertEquals(walk(start, data), Interpreter.run(program, data, ByteOrder.LITTLE_ENDIAN),
                        () -> "-Dsecfilt.seed=" + programs.seed);
            }
        }
        assertTrue(sawJump);
    }

    private static int walk(Node start, byte[] data) {
        Node node = start;
        int a = 0;
        while (true) {
            switch (node.opcode) {
                case RET_K:
                    return node.k;
                case RET_A:
                    return a;
                case LD_ABS:
                    a = data[node.k];
                    node = node.then;
                    break;
                case ADD_K:
                    a += node.k;
                    node = node.then;
                    break;
                default:
                    boolean holds = node.opcode == Opcode.JEQ_K ? a == node.k
                            : node.opcode == Opcode.JGT_K ? a > node.k
                            : node.opcode == Opcode.JGE_K ? a >= node.k : (a & node.k) != 0;
                    node = holds ? node.then : node.otherwise;
            }
        }
    }
}
