package org.secfilt.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A classic BPF program, whether or not seccomp would take it: that is for {@link Checker} to say. */
public record Program(List<Instruction> instructions) {
    /** sizeof(struct sock_filter) */
    public static final int INSTRUCTION_LENGTH = 8;
    /** BPF_MAXINSNS // linux/bpf_common.h */
    public static final int MAX_INSTRUCTIONS = 4096;

    public Program {
        instructions = List.copyOf(instructions);
    }

    public int size() {
        return instructions.size();
    }

    public Instruction get(int index) {
        return instructions.get(index);
    }

    /** Whether an instruction loads a word of the data; its {@code k} is then the offset. */
    public boolean loadsData(int index) {
        return Opcode.of(get(index).code()).map(opcode -> opcode == Opcode.LD_ABS).orElse(false);
    }

    public boolean returns(int index) {
        return Opcode.of(get(index).code()).map(Opcode::isReturn).orElse(false);
    }

    /** An array of {@code struct sock_filter}: u16 code, u8 jt, u8 jf, u32 k. */
    public byte[] encode(ByteOrder order) {
        ByteBuffer out = ByteBuffer.allocate(size() * INSTRUCTION_LENGTH).order(order);
        for (Instruction instruction : instructions) {
            out.putShort((short) instruction.code());
            out.put((byte) instruction.jt()).put((byte) instruction.jf()).putInt(instruction.k());
        }
        return out.array();
    }

    /** @throws IllegalArgumentException if the bytes are no whole number of instructions */
    public static Program decode(byte[] bytes, ByteOrder order) {
        if (bytes.length % INSTRUCTION_LENGTH != 0) {
            throw new IllegalArgumentException(
                    bytes.length + " bytes are no whole number of instructions of " + INSTRUCTION_LENGTH + " bytes");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(order);
        List<Instruction> instructions = new ArrayList<>();
        while (in.hasRemaining()) {
            int code = in.getShort() & 0xffff;
            instructions.add(new Instruction(code, in.get() & 0xff, in.get() & 0xff, in.getInt()));
        }
        return new Program(instructions);
    }
}
