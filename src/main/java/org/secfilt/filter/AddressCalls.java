package org.secfilt.filter;

import org.secfilt.abi.SeccompData;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Rule;

/**
 * The calls that name a socket address in memory, or may bring a socket: they stop for the tracer, which reads and judges it, or the supervisor is
 * notified of them first ({@link Actions}).
 */
final class AddressCalls {
    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;
    private final SyscallTable syscalls;

    AddressCalls(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.syscalls = SyscallTable.of(plan.arch());
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch) {
        for (TracedCall call : TracedCall.values()) {
            if ((call.namesAddress() || call.receives()) && call != TracedCall.SENDTO && plan.traces(call)) {
                Node node = call == TracedCall.BIND && plan.policy().bind().open() ? withScope() : actions.trace(call);
                dispatch.add(syscalls.nr(call.syscall()), node, why(call));
            }
        }
    }

    /**
     * A sendto(2) without an address is send(2): it goes where connect(2) was judged to go. The pointer is argument 4, and has 64 bits.
     * No other call that the kernel cannot answer from its bitmap is made so often, so it does not go through the tree.
     *
     * @param next what is to be done with all other calls
     */
    Node send(Node next) {
        if (!plan.traces(TracedCall.SENDTO)) {
            return next;
        }
        Node trace = actions.trace(TracedCall.SENDTO);
        Node ifNull = assembler.load(SeccompData.low(4),
                assembler.jump(JumpOp.EQ, 0,
                        assembler.load(SeccompData.high(4), assembler.jump(JumpOp.EQ, 0, actions.allow(), trace)),
                        trace));
        return assembler.comment("sendto first",
                assembler.jump(JumpOp.EQ, syscalls.nr(TracedCall.SENDTO.syscall()), assembler.comment(why(TracedCall.SENDTO), ifNull), next));
    }

    /** Every address may be bound to, but not every interface: only sockaddr_in6 has room for one. The length is an int. */
    private Node withScope() {
        return assembler.load(SeccompData.low(2),
                assembler.jump(JumpOp.GE, Sockaddr.INET6_LENGTH, actions.traceLong(TracedCall.BIND), actions.allow()));
    }

    private String why(TracedCall call) {
        if (call.receives()) {
            return call.syscall() + ": what a unix peer hands over is judged by the tracer";
        }
        return call.syscall() + ": judged by the tracer" + rules(call);
    }

    /** The policy's places that the verdict comes from, a line each. */
    private String rules(TracedCall call) {
        StringBuilder words = new StringBuilder();
        if (call == TracedCall.BIND || call == TracedCall.LISTEN) {
            rules(words, "bind", plan.policy().bind());
            if (call == TracedCall.BIND && plan.judgesScopes()) {
                words.append("\n  no interface by an address's scope: ").append(plan.inetOrigin());
            }
            return words.toString();
        }
        if (plan.policy().noOutbound().isPresent()) {
            return words.append("\n  no outbound network: ").append(plan.policy().noOutbound().get()).toString();
        }
        rules(words, "connect", plan.policy().connect());
        rules(words, "unix", plan.policy().unix());
        return words.toString();
    }

    private static void rules(StringBuilder words, String list, Access access) {
        if (access.open()) {
            return;
        }
        for (Rule rule : access.deny()) {
            line(words, list, "deny", rule.origin());
        }
        if (access.mode() != Mode.ALLOW) {
            for (Rule rule : access.allow()) {
                line(words, list, "allow", rule.origin());
            }
        }
        String mode = switch (access.mode()) {
            case ALLOW -> "the rest is allowed";
            case DENY -> "the rest is denied";
            case LOCAL -> "the rest is denied unless loopback";
        };
        line(words, list, mode, access.modeOrigin());
    }

    private static void line(StringBuilder words, String list, String what, Origin origin) {
        words.append("\n  ").append(list).append(", ").append(what).append(": ").append(origin);
    }
}
