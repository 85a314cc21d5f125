package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SyscallTableTest {
    @ParameterizedTest
    @CsvSource({
        "read,0,63", "mmap,9,222", "socket,41,198", "connect,42,203", "sendto,44,206", "sendmsg,46,211", "bind,49,200",
        "fcntl,72,25", "newfstatat,262,79", "sendmmsg,307,269", "seccomp,317,277", "memfd_create,319,279",
        "io_uring_setup,425,425", "clone3,435,435", "memfd_secret,447,447", "set_mempolicy_home_node,450,450",
        "cachestat,451,451", "map_shadow_stack,453,453", "mseal,462,462", "file_setattr,469,469",
    })
    void knows_numbers_of_both_architectures(String name, int x86, int arm) {
        assertEquals(x86, Arch.X86_64.syscalls().nr(name));
        assertEquals(arm, Arch.AARCH64.syscalls().nr(name));
        assertEquals(Optional.of(name), Arch.X86_64.syscalls().name(x86));
        assertEquals(Optional.of(name), Arch.AARCH64.syscalls().name(arm));
    }

    @ParameterizedTest
    @CsvSource({"open,2", "fork,57", "poll,7", "uretprobe,335", "uprobe,336", "vserver,236"})
    void knows_what_only_x86_has(String name, int x86) {
        assertEquals(OptionalInt.of(x86), Arch.X86_64.syscalls().find(name));
        assertEquals(OptionalInt.empty(), Arch.AARCH64.syscalls().find(name));
        var thrown = assertThrows(IllegalArgumentException.class, () -> Arch.AARCH64.syscalls().nr(name));
        assertEquals("aarch64 has no system call '" + name + "'", thrown.getMessage());
    }

    @Test
    void has_every_number_up_to_linux_6_18() {
        int[] x86 = Arch.X86_64.syscalls().all();
        assertEquals(383, x86.length);
        for (int i = 0; i < x86.length; i++) {
            assertEquals(i <= 336 ? i : i + 424 - 337, x86[i]);
        }
        int[] arm = Arch.AARCH64.syscalls().all();
        assertEquals(325, arm.length);
        assertEquals(469, arm[arm.length - 1]);
    }

    @ParameterizedTest
    @EnumSource
    void gives_each_name_one_number_and_back(Arch arch) {
        Set<String> names = new HashSet<>();
        for (int nr : arch.syscalls().all()) {
            String name = arch.syscalls().name(nr).orElseThrow();
            assertEquals(nr, arch.syscalls().nr(name));
            names.add(name);
        }
        assertEquals(arch.syscalls().all().length, names.size());
    }

    @Test
    void names_no_number_outside_the_table() {
        for (int nr : new int[] {-1, 337, 423, 470, 511, 512, Integer.MAX_VALUE, 41 | Arch.X32_SYSCALL_BIT}) {
            assertEquals(Optional.empty(), Arch.X86_64.syscalls().name(nr));
        }
    }

    @Test
    void the_audit_values_of_architectures() {
        assertEquals(0xc000003e, Arch.X86_64.audit());
        assertEquals(0xc00000b7, Arch.AARCH64.audit());
    }

    @Test
    void an_unknown_machine_is_said_to_be_one() {
        String real = System.getProperty("os.arch");
        System.setProperty("os.arch", "riscv64");
        try {
            var thrown = assertThrows(UnknownArchException.class, Arch::current);
            assertEquals("secfilt knows x86_64 and aarch64, not 'riscv64'", thrown.getMessage());
        } finally {
            System.setProperty("os.arch", real);
        }
    }
}
