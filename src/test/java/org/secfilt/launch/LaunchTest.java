package org.secfilt.launch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.SyscallTable;

/** What a launch script says, and its bytes. That the kernel agrees is StubTest's. */
class LaunchTest {
    private static final ByteString TRUE = ByteString.of("/bin/true");

    @Test
    void composes_each_call_with_the_kernels_arguments() {
        byte[] program = new byte[16];
        LaunchScript script = launch()
                .noNewPrivileges()
                .forgetPtracer()
                .dropFromBoundingSet(12)
                .clearAmbientCapabilities()
                .setCapabilities(1, 1L << 33, 0)
                .close(7)
                .filter(program, 8)
                .execute(TRUE, 2);
        assertEquals("""
                prctl(PR_SET_NO_NEW_PRIVS) = 157[38, 1, 0, 0, 0, 0]
                prctl(PR_SET_PTRACER) = 157[0x59616d61, 0, 0, 0, 0, 0]
                prctl(PR_CAPBSET_DROP, 12) = 157[24, 12, 0, 0, 0, 0]
                prctl(PR_CAP_AMBIENT_CLEAR_ALL) = 157[47, 4, 0, 0, 0, 0]
                capset = 126[data+0, data+8, 0, 0, 0, 0]
                close(7) = 3[7, 0, 0, 0, 0, 0]
                seccomp(SECCOMP_SET_MODE_FILTER) = 317[1, 8, data+48, 0, 0, 0]
                execve = 59[data+64, &argv[2], envp, 0, 0, 0]
                """, script.toString());
        assertEquals(List.of(new Relocation(56, new Operand.Data(32))), script.relocations());
        ByteBuffer data = ByteBuffer.wrap(script.data().toBytes()).order(ByteOrder.nativeOrder());
        assertEquals(0x20080522, data.getInt(0), "capability version 3");
        assertEquals(1, data.getInt(8), "effective, low word");
        assertEquals(2, data.getInt(24), "permitted, high word");
        assertEquals(2, data.getShort(48), "instructions");
        assertEquals("/bin/true\0", script.data().latin1().substring(64));
    }

    @Test
    void hands_a_script_without_an_interpreter_to_the_shell() {
        LaunchScript script = launch().executeByShell(
                ByteString.of("./job"), List.of(ByteString.of("a"), ByteString.EMPTY));
        assertEquals("/bin/sh\0./job\0\0\0a" + "\0".repeat(7 + 8 + 5 * 8), script.data().latin1());
        assertEquals("execve(/bin/sh) = 59[data+0, data+32, envp, 0, 0, 0]\n", script.toString());
        assertEquals(List.of(
                new Relocation(32, new Operand.Data(0)),
                new Relocation(40, new Operand.Data(8)),
                new Relocation(48, new Operand.Data(16)),
                new Relocation(56, new Operand.Data(24))), script.relocations());
    }

    @Test
    void encodes_a_script_as_the_stub_reads_it() {
        ByteBuffer expected = ByteBuffer.allocate(16 + 104 + 24 + 16).order(ByteOrder.nativeOrder());
        expected.putInt(2).putInt(1).putInt(1).putInt(16);
        expected.putLong(59).putLong(1).putLong(8).putLong(3).putLong(5).putLong(4).putLong(0);
        expected.putLong(0).putLong(-1).putLong(0).putLong(0).putLong(0).putLong(0);
        expected.putLong(8).putLong(1).putLong(0);
        expected.put("sixteen bytes..\0".getBytes(StandardCharsets.US_ASCII));
        LaunchScript script = new LaunchScript(
                List.of(new Step("execve", 59, List.of(new Operand.Data(8), new Operand.Argv(5), new Operand.Envp(),
                        new Operand.Immediate(-1)))),
                List.of(new Relocation(8, new Operand.Data(0))),
                ByteString.of("sixteen bytes..\0"));
        assertArrayEquals(expected.array(), script.encode());
    }

    @Test
    void refuses_what_the_stub_could_not_play() {
        assertThrows(IllegalArgumentException.class, () -> launch().execute(ByteString.of("/bin/a\0b"), 1));
        assertThrows(IllegalArgumentException.class, () -> launch().filter(new byte[0], 0));
        assertThrows(IllegalArgumentException.class, () -> launch().filter(new byte[12], 0));
        assertThrows(IllegalArgumentException.class, () -> launch().filter(new byte[4097 * 8], 0));
        assertThrows(IllegalArgumentException.class, () -> new Relocation(0, new Operand.Result(0)));
        Relocation across = new Relocation(1, new Operand.Envp());
        assertThrows(IllegalArgumentException.class,
                () -> new LaunchScript(List.of(), List.of(across), ByteString.of("12345678")));
        Launch forward = launch();
        forward.call("close", "close", new Operand.Result(0));
        assertThrows(IllegalArgumentException.class, forward::script);
        Launch outside = launch();
        outside.call("close", "close", new Operand.Data(1));
        assertThrows(IllegalArgumentException.class, outside::script);
    }

    private static Launch launch() {
        return new Launch(SyscallTable.of(Arch.X86_64));
    }
}
