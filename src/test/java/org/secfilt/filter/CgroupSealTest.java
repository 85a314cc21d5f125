package org.secfilt.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.SeccompData;
import org.secfilt.bpf.Checker;
import org.secfilt.bpf.Interpreter;
import org.secfilt.bpf.Program;
import org.secfilt.plan.Host;
import org.secfilt.plan.HostFirewall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;

/** What root's command may not call where it must stay in its cgroup, and what it still may. */
class CgroupSealTest {
    private static final int ALLOW = 0x7fff0000; // linux/seccomp.h
    private static final int ERRNO = 0x00050000;
    private static final int TRACE = 0x7ff00000;

    private static Program filter(Arch arch, boolean firewall) throws RefusedPolicyException {
        Access deny = new Access(Mode.DENY, Origin.flag("allowed-netmask"), List.of(), List.of());
        HostFirewall host = firewall ? new HostFirewall(Optional.empty(), true) : HostFirewall.NONE;
        return FilterCompiler.compile(Plan.of(Policy.ofRules(deny, Access.OPEN, Access.OPEN), new Host(arch, 7, true, host))).program();
    }

    @Test
    void seccomp_takes_the_filter() throws RefusedPolicyException {
        for (Arch arch : Arch.values()) {
            assertEquals(List.of(), Checker.check(filter(arch, true)));
        }
    }

    /** A call, its first four arguments, and the answers with the firewall and without; an error's number, 0 for allowed, or -1: the tracer is asked. */
    @ParameterizedTest(name = "{0}({1}, {2}, {3}, {4})")
    @CsvSource({
        "mount,         0, 0, 0, 0,          1,  0",
        "mount,         0, 0, 0, 0xc0ed0000, 1,  0",
        "mount,         0, 0, 0, 0x1021,     1,  0",
        "mount,         0, 0, 0, 0x20,       1,  0",
        "mount,         0, 0, 0, 0x1000,     0,  0",
        "mount,         0, 0, 0, 0xc0ed1000, 0,  0",
        "mount,         0, 0, 0, 0x2000,     0,  0",
        "mount,         0, 0, 0, 0x84000,    0,  0",
        "umount2,       0, 0, 0, 0,          0,  0",
        "fsopen,        0, 0, 0, 0,          1,  0",
        "fspick,        0, 0, 0, 0,          1,  0",
        "fsconfig,      3, 0, 0, 0,          1,  0",
        "fsmount,       3, 0, 0, 0,          1,  0",
        "mount_setattr, 0, 0, 0, 0,          1,  0",
        "setns,         3, 0, 0, 0,          1,  1",
        "setns,         3, 0x40000000, 0, 0, 1,  1",
        "setns,         3, 0x10000000, 0, 0, 1,  1",
        "setns,         3, 0x00020000, 0, 0, 1,  0",
        "setns,         3, 0x04000000, 0, 0, 0,  0",
        "clone3,        0, 0, 0, 0,          38, 38",
        "clone,         0x11, 0, 0, 0,       0,  0",
        "clone,         0x3d0f00, 0, 0, 0,   0,  0",
        "clone,         0x800011, 0, 0, 0,   1,  1",
        "clone,         0xbd0f00, 0, 0, 0,   1,  1",
        "open_by_handle_at, 0, 0, 0, 0,      1,  0",
        "name_to_handle_at, 0, 0, 0, 0,      0,  0",
        "fanotify_init, 0, 0, 0, 0,          1,  0",
        "fanotify_init, 0x200, 0, 0, 0,      1,  0",
        "fanotify_mark, 3, 1, 0, 0,          1,  0",
        "inotify_init1, 0, 0, 0, 0,          0,  0",
        "ioctl,         0, 0xc038586b, 0, 0, 1,  0",
        "ioctl,         0, 0x1c038586b, 0, 0, 1, 0",
        "ioctl,         0, 0x5401, 0, 0,     0,  0",
        "setsockopt,    3, 1, 36, 0,          -1, 0",
        "setsockopt,    3, 0, 19, 0,          -1, 0",
        "setsockopt,    3, 41, 75, 0,         -1, 0",
        "socket,        2, 3, 1, 0,           -1, -1",
        "socket,        2, 3, 255, 0,         -1, -1",
        "socket,        2, 3, 256, 0,         -1, -1",
        "socket,        10, 1, 132, 0,        0,  -1",
        "socket,        2, 1, 262, 0,         0,  1",
        "socket,        2, 1, 256, 0,         -1, -1",
        "socket,        2, 10, 768, 0,        -1, -1",
        "socket,        2, 10, 3, 0,          -1, -1",
        "socket,        17, 3, 768, 0,        -1, -1",
        "socket,        2, 1, 0, 0,           0,  0",
    })
    void answers(String call, String a, String b, String c, String d, int with, int without) throws RefusedPolicyException {
        byte[] data = SeccompData.encode(Arch.X86_64.syscalls().nr(call), Arch.X86_64.audit(), 0,
                Long.decode(a), Long.decode(b), Long.decode(c), Long.decode(d), 0, 0);
        assertEquals(action(call, with), Interpreter.run(filter(Arch.X86_64, true), data, ByteOrder.nativeOrder()));
        assertEquals(action(call, without), Interpreter.run(filter(Arch.X86_64, false), data, ByteOrder.nativeOrder()));
    }

    /** Where files are read-only too, each call has one answer, and the stricter. */
    @ParameterizedTest
    @CsvSource({"open_by_handle_at, 0, 1", "fanotify_init, 0, 1", "mount, 0x1000, 1", "mount, 0, 1", "umount2, 0, 1", "fsopen, 0, 1", "mount_setattr, 0, 1", "open_tree_attr, 0, 1", "clone3, 0, 38"})
    void answers_among_read_only_files(String call, String flags, int errno) throws RefusedPolicyException {
        Access deny = new Access(Mode.DENY, Origin.flag("allowed-netmask"), List.of(), List.of());
        FileAccess files = new FileAccess(Optional.of(Origin.flag("read-only")), List.of());
        Policy rules = Policy.ofRules(deny, Access.OPEN, Access.OPEN);
        Policy policy = new Policy(rules.noOutbound(), rules.connect(), rules.bind(), rules.unix(), rules.families(), rules.denial(),
                rules.inherit(), rules.firewall(), rules.violationExit(), rules.surroundings(), files);
        for (Arch arch : Arch.values()) {
            Plan plan = Plan.of(policy, new Host(arch, 7, true, new HostFirewall(Optional.empty(), true)));
            assertTrue(plan.sealsCgroup());
            Program program = FilterCompiler.compile(plan).program();
            byte[] data = SeccompData.encode(arch.syscalls().nr(call), arch.audit(), 0, 0, 0, 0, Long.decode(flags), 0, 0);
            assertEquals(action(call, errno), Interpreter.run(program, data, ByteOrder.nativeOrder()));
        }
    }

    private static int action(String call, int errno) {
        return errno < 0 ? TRACE | TracedCall.valueOf(call.toUpperCase(Locale.ROOT)).cookie() : errno == 0 ? ALLOW : ERRNO | errno;
    }
}
