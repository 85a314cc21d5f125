package org.secfilt.explain;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.SocketKind;
import org.secfilt.abi.SocketType;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.SocketJudge;
import org.secfilt.verdict.Verdict;

/** The sockets, and options of sockets, whose refusal the filter leaves to the supervisor, so that it is told. */
final class ToldSockets {
    private ToldSockets() {}

    /** Whether the filter leaves the refusal of such a socket to the supervisor. */
    static boolean tells(Plan plan, SocketKind kind) {
        Call call = new Call(Call.Abi.OWN, "socket", plan.arch().syscalls().nr("socket"),
                List.of((long) kind.domain(), (long) kind.type(), (long) kind.protocol()));
        return Simulation.of(plan, call).result().traced().isPresent();
    }

    /** What becomes of a call that stops as this one; empty if it is not refused. */
    static Optional<String> words(Plan plan, TracedCall stops, Call call) {
        SocketJudge judge = new SocketJudge(plan);
        Optional<Verdict.Deny> denial = switch (stops) {
            case SOCKET -> judge.denial(new SocketKind(
                    (int) call.argument(0), (int) call.argument(1) & SocketType.MASK, (int) call.argument(2)));
            case SETSOCKOPT -> judge.denial((int) call.argument(1), (int) call.argument(2));
            default -> Optional.empty();
        };
        return denial.isEmpty() ? Optional.empty() : Optional.of("the call stops for the supervisor, which has it fail with "
                + denial.get().errno().name() + " and tells why: " + denial.get().why());
    }
}
