package org.secfilt.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.kernel.CgroupSight;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Leases;
import org.secfilt.kernel.PathResolution;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.kernel.Programs;
import org.secfilt.kernel.Runs;
import org.secfilt.kernel.Supervisor;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Options;
import org.secfilt.policy.Sources;
import org.secfilt.report.Reports;
import org.secfilt.report.Volume;

class SandboxTest {
    /** What a call without a result answers. */
    private static final Object NOTHING = new Object();

    private final List<String> seen = new ArrayList<>();
    private boolean gone;

    /** One that answers these calls, and fails at any other. */
    private <T> T door(Class<T> type, RuntimeException failure, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            if (method.getName().equals("exit")) {
                seen.add("exit " + arguments[0]);
                gone = true; // the stub ends by that, and nobody is told anything any more
                return null;
            }
            if (method.getName().equals("isGone")) {
                return gone;
            }
            if (!answers.containsKey(method.getName())) {
                throw failure;
            }
            Object answer = answers.get(method.getName());
            return answer == NOTHING ? null : answer;
        }));
    }

    private void run(RuntimeException failure) throws RefusedPolicyException {
        Kernel kernel = door(Kernel.class, failure, Map.of(
                "runs", door(Runs.class, failure, Map.of()),
                "programs", door(Programs.class, failure, Map.of("awaitFed", NOTHING)),
                "processStatus", door(ProcessStatus.class, failure, Map.of()),
                "pathResolution", door(PathResolution.class, failure, Map.of()),
                "supervisor", door(Supervisor.class, failure, Map.of()),
                "cgroupSight", door(CgroupSight.class, failure, Map.of()),
                "leases", door(Leases.class, failure, Map.of("end", NOTHING))));
        Plan plan = Plan.of(new Sources(List.of(), Options.NONE, Options.NONE, List.of()).policy(), new Host(Arch.X86_64, 7, false));
        Reports reports = new Reports((line, from, patienceMillis) -> {
            seen.add(new String(line, from, line.length - from, StandardCharsets.UTF_8));
            return line.length - from;
        }, Volume.QUIET, false);
        new Sandbox(kernel, door(FrontEnd.class, failure, Map.of("pid", 71)), plan, false, missing -> plan, reports, Optional.empty(), Optional.empty())
                .run(new Command(List.of(ByteString.of("secfilt"), ByteString.of("true")), 1, List.of(), ""));
    }

    @Test
    void a_fault_is_told_before_the_stub_goes() throws RefusedPolicyException {
        run(new IllegalStateException("odd"));
        assertTrue(seen.get(0).startsWith("secfilt: a fault of secfilt itself: java.lang.IllegalStateException: odd at "), seen::toString);
        assertEquals(List.of("exit 125"), seen.subList(1, seen.size()));
    }

    @Test
    void so_is_what_the_kernel_refuses() throws RefusedPolicyException {
        run(new KernelException("open(/proc/71/fd)", 13));
        assertEquals(List.of("secfilt: open(/proc/71/fd): EACCES (Permission denied)\n", "exit 125"), seen);
    }
}
