package org.secfilt.plan;

import java.util.List;

/** The policy cannot be held on this host, and nothing was run. */
public final class RefusedPolicyException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<Refusal> refusals;

    RefusedPolicyException(List<Refusal> refusals) {
        super(refusals.get(0).toString());
        this.refusals = List.copyOf(refusals);
    }

    /** One or more, in the order of the policy. */
    public List<Refusal> refusals() {
        return refusals;
    }
}
