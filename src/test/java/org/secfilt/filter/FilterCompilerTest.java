package org.secfilt.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.SeccompData;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Checker;
import org.secfilt.bpf.Interpreter;
import org.secfilt.bpf.Listing;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;

class FilterCompilerTest {
    private static final Access DENY = new Access(Mode.DENY, Origin.flag("allowed-netmask"), List.of(), List.of());

    @ParameterizedTest
    @EnumSource(Arch.class)
    void every_filter_is_one_that_seccomp_takes(Arch arch) throws RefusedPolicyException {
        Policy policy = new Policy(Optional.empty(), DENY, DENY, DENY, Optional.empty(), Policy.OPEN.denial(), Inherit.CLOSE);
        Assembled filter = FilterCompiler.compile(Plan.of(policy, new Host(arch, 7, false)));
        assertEquals(List.of(), Checker.check(filter.program()));
    }

    @Test
    void a_policy_that_restricts_nothing_allows_everything() throws RefusedPolicyException {
        Assembled filter = FilterCompiler.compile(Plan.of(Policy.OPEN, new Host(Arch.X86_64, 7, false)));
        assertEquals("        ret #0x7fff0000\n", Listing.print(filter));
    }

    /** Where the supervisor is notified, it is so of what would stop, and of nothing else; the mark has it stop. */
    @ParameterizedTest
    @EnumSource(Arch.class)
    void notifying_changes_nothing_but_who_hears_of_judged_calls_first(Arch arch) throws RefusedPolicyException {
        for (Access bind : List.of(DENY, Access.OPEN)) {
            Policy policy = new Policy(Optional.empty(), DENY, bind, DENY, Optional.empty(), Policy.OPEN.denial(), Inherit.CLOSE);
            Plan plan = Plan.of(policy, new Host(arch, 7, false));
            Assembled stopping = FilterCompiler.compile(plan);
            Assembled notifying = FilterCompiler.compile(plan, true, false);
            assertEquals(List.of(), Checker.check(notifying.program()));
            List<String> notified = new ArrayList<>();
            for (int nr = -1; nr < 600; nr++) {
                for (long at : new long[] {0, 0x40_1002, 0x552aL, plan.vault().mark(), plan.vault().mark() + 0x1002, -1}) {
                    for (long argument : new long[] {0, 1, 16, 28, 0x5a5a_0000_0010L, 1L << 32, 0x552a_0000_0000L, -1}) {
                        byte[] data = SeccompData.encode(nr, arch.audit(), at, argument, argument, argument, argument, argument, argument);
                        FilterResult then = FilterResult.of(Interpreter.run(stopping.program(), data, ByteOrder.LITTLE_ENDIAN));
                        FilterResult now = FilterResult.of(Interpreter.run(notifying.program(), data, ByteOrder.LITTLE_ENDIAN));
                        boolean first = then.traced().isPresent() && then.traced().get().notifies() && at >>> 32 != plan.vault().highWord()
                                && ((int) argument == 16 || (int) argument == 28);
                        assertEquals(first ? "USER_NOTIF" : then.toString(), now.toString(), "call " + nr + ", " + argument + ", " + at);
                        if (first && !notified.contains(then.toString())) {
                            notified.add(then.toString());
                        }
                    }
                }
            }
            notified.sort(null);
            assertEquals(List.of("TRACE(bind)", "TRACE(connect)", "TRACE(sendto)"), notified);
        }
    }
}
