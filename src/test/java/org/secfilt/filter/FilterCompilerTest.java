package org.secfilt.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.abi.Arch;
import org.secfilt.bpf.Assembled;
import org.secfilt.bpf.Checker;
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
}
