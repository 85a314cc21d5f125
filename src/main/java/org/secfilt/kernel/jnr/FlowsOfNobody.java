package org.secfilt.kernel.jnr;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;

/** Of flows those that one address began or answers, and those that addresses began in the name of others and are no more. */
final class FlowsOfNobody extends Flows {
    private final IpAddress address;
    private final List<Cidr> former;
    private final List<Cidr> except;

    /** As {@link org.secfilt.kernel.Networks#forgetFlows(IpAddress, List, List)}. */
    FlowsOfNobody(IpAddress address, List<Cidr> former, List<Cidr> except) {
        super(address.isV4());
        this.address = address;
        this.former = former;
        this.except = except;
    }

    @Override
    boolean isStale(byte[] sent, byte[] answered) {
        Optional<IpAddress> from = source(sent);
        Optional<IpAddress> answerer = source(answered);
        if (from.isEmpty() || answerer.isEmpty()) {
            return false;
        }
        return from.get().equals(address) || answerer.get().equals(address)
                || isAmong(former, from.get()) && !isAmong(except, from.get()) && !destination(answered).equals(from);
    }
}
