package org.secfilt.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketType;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

class DescriptorJudgeTest {
    private static final Origin ORIGIN = Origin.file("p.yaml", 3, 1);
    private static final List<Rule> LOOPBACK =
            List.of(new Rule(new Match.Inet(List.of(Cidr.parse("127.0.0.0/8")), List.of(), Optional.empty()), Optional.empty(), ORIGIN));
    private static final DescriptorJudge OPEN = judge(Access.OPEN);
    private static final DescriptorJudge ALL_BUT_A_FEW = judge(new Access(Mode.ALLOW, ORIGIN, List.of(), LOOPBACK));
    private static final DescriptorJudge A_FEW = judge(new Access(Mode.DENY, ORIGIN, LOOPBACK, List.of()));

    private static DescriptorJudge judge(Access connect) {
        try {
            return new DescriptorJudge(Plan.of(
                    new Policy(Optional.empty(), connect, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE),
                    new Host(Arch.X86_64, 7, false)));
        } catch (RefusedPolicyException e) {
            throw new IllegalStateException(e);
        }
    }

    private static OpenDescriptor udp(Optional<Sockaddr> peer, Set<OpenDescriptor.Steering> steerings) {
        return new OpenDescriptor(5, OpenDescriptor.Kind.SOCKET, Family.INET.number(), SocketType.DGRAM, Protocol.UDP.number(), peer, steerings);
    }

    private static OpenDescriptor connected(String address, OpenDescriptor.Steering... steerings) {
        return udp(Optional.of(new Sockaddr.Inet(IpAddress.parse(address), 9)), Set.of(steerings));
    }

    @Test
    void asks_for_no_more_than_matters() {
        assertEquals(Care.NONE, OPEN.care());
        assertEquals(Care.DESTINATIONS, ALL_BUT_A_FEW.care());
        assertEquals(Care.INTERFACES, A_FEW.care());
    }

    @ParameterizedTest
    @EnumSource
    void a_socket_that_sends_another_way_may_stay_where_the_filter_lets_one_be_told_so(OpenDescriptor.Steering steering) {
        OpenDescriptor descriptor = udp(Optional.empty(), Set.of(steering));
        assertTrue(OPEN.denial(descriptor).isEmpty());
        assertEquals(steering != OpenDescriptor.Steering.INTERFACE, ALL_BUT_A_FEW.denial(descriptor).isPresent());
        assertTrue(A_FEW.denial(descriptor).isPresent());
        assertTrue(A_FEW.denial(connected("127.0.0.1", steering)).isPresent());
        assertFalse(A_FEW.disconnectMends(connected("10.0.0.1", steering)));
    }

    @Test
    void one_that_is_not_steered_is_judged_by_its_peer() {
        assertTrue(A_FEW.denial(udp(Optional.empty(), Set.of())).isEmpty());
        assertTrue(A_FEW.denial(connected("127.0.0.1")).isEmpty());
        assertTrue(A_FEW.denial(connected("10.0.0.1")).isPresent());
        assertTrue(A_FEW.disconnectMends(connected("10.0.0.1")));
    }
}
