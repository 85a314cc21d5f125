package org.secfilt.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Family;
import org.secfilt.bpf.Checker;
import org.secfilt.bpf.Coverage;
import org.secfilt.bpf.Program;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RandomPolicies;
import org.secfilt.plan.TracedCall;
import org.secfilt.plan.VaultRange;
import org.secfilt.policy.Access;
import org.secfilt.policy.Families;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;

class FilterOracleTest {
    private static final Access DENY = new Access(Mode.DENY, Origin.flag("allowed-netmask"), List.of(), List.of());

    @ParameterizedTest
    @EnumSource(Arch.class)
    void agrees_with_the_oracle_on_random_policies(Arch arch) throws Exception {
        RandomPolicies random = new RandomPolicies();
        for (int i = 0; i < 60; i++) {
            Policy policy = random.policy();
            Plan plan = Plan.of(policy, new Host(arch, i % 2 == 0 ? 7 : 5, false)); // with scopes, and without
            Program program = FilterCompiler.compile(plan).program();
            assertEquals(List.of(), Checker.check(program));
            FilterOracle oracle = new FilterOracle(plan);
            Samples samples = new Samples(program, arch, random.random);
            for (int j = 0; j < 12_000; j++) {
                Samples.Call call = samples.call(nr(arch, random.random, samples));
                Set<String> right = oracle.answers(call.audit(), call.nr(), call.args());
                String answer = Samples.run(program, call);
                assertTrue(right.contains(answer),
                        () -> "-Dsecfilt.seed=" + random.seed + ": " + call + ": " + answer + ", not " + right + "\n" + policy);
            }
        }
    }

    private static int nr(Arch arch, Random random, Samples samples) {
        int[] all = arch.syscalls().all();
        return random.nextInt(10) == 0 ? random.nextInt() : random.nextBoolean() ? samples.word() : all[random.nextInt(all.length)];
    }

    /** The one promise the vault rests on: whatever overlaps it does not run unseen. */
    @ParameterizedTest
    @EnumSource(Arch.class)
    void no_range_that_overlaps_the_vault_is_allowed(Arch arch) throws Exception {
        long seed = Long.getLong("secfilt.seed", System.nanoTime());
        Random random = new Random(seed);
        Plan plan = Plan.of(new Policy(Optional.empty(), DENY, Access.OPEN, Access.OPEN, Optional.empty(),
                Policy.OPEN.denial(), Inherit.CLOSE), new Host(arch, 7, false));
        Program program = FilterCompiler.compile(plan).program();
        VaultRange vault = plan.vault();
        int overlapping = 0;
        for (int i = 0; i < 300_000; i++) {
            long start = near(random, vault);
            long length = random.nextInt(4) == 0 ? random.nextLong() >>> random.nextInt(64) : near(random, vault) - start;
            for (TracedCall call : new TracedCall[] {TracedCall.MUNMAP, TracedCall.MMAP, TracedCall.MREMAP}) {
                int nr = arch.syscalls().nr(call.syscall());
                boolean second = call == TracedCall.MREMAP && random.nextBoolean();
                Samples.Call sample = second
                        ? new Samples.Call(arch.audit(), nr, new long[] {0x7f00_0000_0000L, 4096, length, 3, start})
                        : new Samples.Call(arch.audit(), nr, new long[] {start, length, 3, call == TracedCall.MMAP ? 0x32 : 1, -1, 0});
                boolean allowed = Samples.run(program, sample).equals("allow");
                if (vault.overlaps(start, length)) {
                    overlapping++;
                    assertFalse(allowed, () -> "-Dsecfilt.seed=" + seed + ": " + sample);
                }
            }
        }
        assertTrue(overlapping > 100_000, "only " + overlapping + " overlap, which shows little");
    }

    private static long near(Random random, VaultRange vault) {
        long base = random.nextBoolean() ? vault.address() : vault.address() + vault.lengthBytes();
        switch (random.nextInt(5)) {
            case 0:
                return random.nextLong() >>> random.nextInt(64);
            case 1:
                return base + (random.nextInt(7) - 3) * 4096L;
            case 2:
                return base + random.nextInt(3) - 1;
            case 3:
                return base + ((random.nextLong() >> 20) >> random.nextInt(20));
            default:
                return base ^ (long) random.nextInt(256) << 56;
        }
    }

    @ParameterizedTest
    @EnumSource(Arch.class)
    void ordinary_mappings_do_not_stop(Arch arch) throws Exception {
        Plan plan = Plan.of(new Policy(Optional.empty(), DENY, Access.OPEN, Access.OPEN, Optional.empty(),
                Policy.OPEN.denial(), Inherit.CLOSE), new Host(arch, 7, false));
        Program program = FilterCompiler.compile(plan).program();
        long gib = 1L << 30;
        long[][] ranges = {
            {0, 8 * gib}, {0, 1L << 45}, {0x400000, 4096}, {0x6_0000_0000L, 16 * gib}, {0xc0_0000_0000L, 64L << 20},
            {0x5555_4000_0000L, gib}, {0x2aaa_aaaa_a000L, 16 * gib}, {0x100_0000_0000L, 0x1f00_0000_0000L}, // TSan's shadow
            {0x5555_5555_4000L, 4096}, {0x7fff_ffff_e000L, 4096}, {0x7f12_3456_7000L, 64 * gib},
        };
        for (long[] range : ranges) {
            boolean hint = range[0] == 0;
            Samples.Call call = new Samples.Call(arch.audit(), arch.syscalls().nr("mmap"), new long[] {range[0], range[1], 3, hint ? 0x22 : 0x32, -1, 0});
            assertEquals("allow", Samples.run(program, call), call::toString);
            if (!hint) {
                Samples.Call unmap = new Samples.Call(arch.audit(), arch.syscalls().nr("munmap"), range);
                assertEquals("allow", Samples.run(program, unmap), unmap::toString);
            }
        }
    }

    /** kernel/seccomp.c seccomp_is_const_allow(): on the way to ALLOW only nr and arch may be loaded. */
    @ParameterizedTest
    @EnumSource(Arch.class)
    void calls_that_are_always_allowed_are_decided_on_number_and_arch_alone(Arch arch) throws Exception {
        Plan plan = Plan.of(new Policy(Optional.empty(), DENY, DENY, DENY, Optional.empty(), Policy.OPEN.denial(), Inherit.CLOSE),
                new Host(arch, 7, false));
        Program program = FilterCompiler.compile(plan).program();
        for (String name : new String[] {"read", "write", "close", "openat", "futex", "recvfrom", "accept4", "epoll_pwait", "brk",
            "execve", "getpid", "clock_gettime", "exit_group"}) {
            Coverage coverage = new Coverage(program);
            Samples.Call call = new Samples.Call(arch.audit(), arch.syscalls().nr(name), new long[6]);
            assertEquals("allow", Samples.run(program, call, coverage));
            for (int i = 0; i < program.size(); i++) {
                if (coverage.hasRun(i) && program.get(i).code() == 0x20) { // ld [k]
                    assertTrue(program.get(i).k() <= 4, name + " loads an argument");
                }
            }
        }
    }

    @Test
    void a_policy_of_families_alone_asks_nobody() throws Exception {
        Plan plan = Plan.of(new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN,
                Optional.of(new Families(List.of(Family.UNIX), Origin.flag("f"))),
                Policy.OPEN.denial(), Inherit.CLOSE), new Host(Arch.X86_64, 7, false));
        Program program = FilterCompiler.compile(plan).program();
        for (int i = 0; i < program.size(); i++) {
            int result = program.get(i).code() == 0x06 ? program.get(i).k() : 0;
            assertFalse(ResultWords.print(result).startsWith("trace") || ResultWords.print(result).equals("listener"));
        }
    }
}
