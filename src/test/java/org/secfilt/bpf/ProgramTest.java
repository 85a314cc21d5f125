package org.secfilt.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ProgramTest {
    @Test
    void encodes_sock_filter_in_either_order() {
        Program program = new Program(List.of(new Instruction(0x115, 2, 255, 0xc000003e)));
        assertArrayEquals(new byte[] {0x15, 1, 2, -1, 0x3e, 0, 0, (byte) 0xc0}, program.encode(ByteOrder.LITTLE_ENDIAN));
        assertArrayEquals(new byte[] {1, 0x15, 2, -1, (byte) 0xc0, 0, 0, 0x3e}, program.encode(ByteOrder.BIG_ENDIAN));
    }

    @Test
    void decodes_what_it_encodes() {
        RandomPrograms programs = new RandomPrograms();
        for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
            Program program = programs.garbage();
            assertEquals(program, Program.decode(program.encode(order), order));
        }
        assertThrows(IllegalArgumentException.class, () -> Program.decode(new byte[9], ByteOrder.LITTLE_ENDIAN));
    }

    @Test
    void a_field_out_of_its_bits_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> new Instruction(0x10000, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Instruction(0, 256, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Instruction(0, 0, -1, 0));
    }

    @Test
    void each_operation_has_a_number_and_a_form_of_its_own() {
        Set<String> forms = new HashSet<>();
        for (Opcode opcode : Opcode.values()) {
            assertEquals(opcode, Opcode.of(opcode.code()).orElseThrow());
            forms.add(opcode.word() + opcode.operand());
        }
        assertEquals(Opcode.values().length, forms.size());
    }
}
