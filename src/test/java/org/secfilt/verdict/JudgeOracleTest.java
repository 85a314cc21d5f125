package org.secfilt.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RandomPolicies;
import org.secfilt.policy.Policy;

class JudgeOracleTest {
    @Test
    void agrees_with_the_oracle_on_random_policies() throws Exception {
        RandomPolicies random = new RandomPolicies();
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            Policy policy = random.policy();
            Judge judge = new Judge(Plan.of(policy, new Host(Arch.X86_64, 7, false)));
            for (int j = 0; j < 60; j++) {
                Action action = Action.values()[random.random.nextInt(3)];
                Sockaddr address = random.address();
                Optional<Protocol> protocol = random.protocol();
                String expected = Oracle.judge(policy, action, address, protocol);
                assertEquals(expected, print(judge.judge(action, address, protocol)),
                        () -> "-Dsecfilt.seed=" + random.seed + ": " + action + " " + address + " " + protocol + "\n" + policy);
                seen.merge(expected.split(" as ")[0] + (expected.contains(" as ") ? " as" : ""), 1, Integer::sum);
            }
        }
        for (String kind : new String[] {"allow", "allow as", "deny", "answer"}) {
            assertTrue(seen.getOrDefault(kind, 0) > 500, () -> kind + " was rare, which shows little: " + seen);
        }
    }

    private static String print(Verdict verdict) {
        if (verdict instanceof Verdict.Allow allow) {
            return allow.rewritten().isPresent() ? "allow as " + allow.rewritten().get() : "allow";
        }
        return verdict instanceof Verdict.Deny ? "deny" : "answer";
    }
}
