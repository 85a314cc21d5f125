package org.secfilt.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.bpf.Interpreter;
import org.secfilt.bpf.Program;
import org.secfilt.filter.FilterCompiler;
import org.secfilt.filter.FilterResult;
import org.secfilt.plan.Host;
import org.secfilt.plan.HostFirewall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

/** What is refused the filter says, and why the judge: they must not differ. */
class SocketJudgeTest {
    private static final int[] DOMAINS = {-1, 0, 1, 2, 10, 16, 17, 38, 40, 44, 45, 99};
    private static final int[] TYPES = {0, 1, 2, 3, 5, 6, 10, 15, 16, SocketType.STREAM | 02004000, SocketType.RAW | 04000};
    private static final int[] PROTOCOLS = {-1, 0, 1, 6, 17, 33, 58, 132, 136, 255, 256, 262, 768};
    private static final int TCP = 6; // linux/in.h
    private static final int TCP_ULP = 31; // linux/tcp.h
    private static final int[] LEVELS = {-1, 0, 1, 6, 17, 41, 132, 136, 263};

    private static List<Plan> plans() throws RefusedPolicyException {
        Access groups = new Access(Mode.DENY, Origin.flag("allowed-netmask"),
                List.of(new Rule(new Match.Inet(List.of(Cidr.parse("224.0.0.0/4")), List.of(), Optional.empty()), Optional.empty(), Origin.flag("x"))), List.of());
        Access deny = new Access(Mode.DENY, Origin.flag("allowed-netmask"), List.of(), List.of());
        Access allow = new Access(Mode.ALLOW, Origin.flag("x"), List.of(), groups.allow());
        List<Plan> plans = new ArrayList<>();
        for (HostFirewall firewall : List.of(HostFirewall.NONE, new HostFirewall(Optional.empty(), true), HostFirewall.OF_NETWORK,
                new HostFirewall(Optional.empty(), true, false, true))) {
            for (boolean root : List.of(true, false)) {
                for (Policy policy : List.of(Policy.ofRules(deny, Access.OPEN, Access.OPEN), Policy.ofRules(groups, deny, Access.OPEN),
                        Policy.ofRules(allow, Access.OPEN, Access.OPEN), Policy.ofRules(Access.OPEN, Access.OPEN, deny))) {
                    plans.add(Plan.of(policy, new Host(Arch.X86_64, 7, root, firewall)));
                }
            }
        }
        return plans;
    }

    @Test
    void of_every_kind_of_socket_filter_and_judge_say_the_same() throws RefusedPolicyException {
        int denied = 0;
        for (Plan plan : plans()) {
            Program filter = FilterCompiler.compile(plan).program();
            SocketJudge judge = new SocketJudge(plan);
            for (int domain : DOMAINS) {
                for (int type : TYPES) {
                    for (int protocol : PROTOCOLS) {
                        SocketKind kind = new SocketKind(domain, type & SocketType.MASK, protocol);
                        boolean inet = Family.of(domain).equals(Family.INET) || Family.of(domain).equals(Family.INET6);
                        boolean stopsForTheFirewall = plan.judgesRawPacketsLate() && inet && kind.type() == SocketType.RAW;
                        denied += countDenied(answer(filter, "socket", domain, type, protocol), judge.denial(kind), stopsForTheFirewall);
                    }
                }
            }
        }
        assertTrue(denied > 10_000, denied + " were denied");
    }

    @Test
    void of_every_option_filter_and_judge_say_the_same() throws RefusedPolicyException {
        int denied = 0;
        for (Plan plan : plans()) {
            Program filter = FilterCompiler.compile(plan).program();
            SocketJudge judge = new SocketJudge(plan);
            for (int level : LEVELS) {
                for (int option = -1; option < 200; option++) {
                    boolean untold = level == TCP && option == TCP_ULP && plan.limitsInet(); // as on a kernel that has none
                    denied += countDenied(answer(filter, "setsockopt", 3, level, option), judge.denial(level, option), untold);
                }
            }
        }
        assertTrue(denied > 200, denied + " were denied");
    }

    /**
     * What the filter lets pass is just what the judge does not deny, unless the filter has another reason ({@code stopsAnyway}) not to.
     *
     * @return 1 if it is denied, else 0
     */
    private static int countDenied(FilterResult filter, Optional<Verdict.Deny> denial, boolean stopsAnyway) {
        assertEquals(filter.allows(), denial.isEmpty() && !stopsAnyway, () -> filter + " " + denial);
        assertTrue(filter.errno().isEmpty() || stopsAnyway || filter.errno().equals(denial.map(Verdict.Deny::errno)), () -> filter + " " + denial);
        return denial.isPresent() ? 1 : 0;
    }

    private static FilterResult answer(Program filter, String call, int a, int b, int c) {
        byte[] data = SeccompData.encode(Arch.X86_64.syscalls().nr(call), Arch.X86_64.audit(), 0, a, b, c);
        return FilterResult.of(Interpreter.run(filter, data, ByteOrder.nativeOrder()));
    }
}
