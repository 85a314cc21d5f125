package org.secfilt.kernel.jnr;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;

/** Of flows those that one address began or answers, and those that addresses began in the name of this host and are no more. */
final class FlowsOfNobody extends Flows {
    private final IpAddress address;
    private final List<Cidr> former;
    private final List<Cidr> except;
    private final PortRange ports;

    /** As {@link org.secfilt.kernel.Networks#forgetFlows(IpAddress, List, List, PortRange)}. */
    FlowsOfNobody(IpAddress address, List<Cidr> former, List<Cidr> except, PortRange ports) {
        super(address.isV4());
        this.address = address;
        this.former = former;
        this.except = except;
        this.ports = ports;
    }

    @Override
    boolean isStale(byte[] sent, byte[] answered) {
        Optional<IpAddress> from = source(sent);
        Optional<IpAddress> answerer = source(answered);
        if (from.isEmpty() || answerer.isEmpty()) {
            return false;
        }
        return from.get().equals(address) || answerer.get().equals(address)
                || isAmong(former, from.get()) && !isAmong(except, from.get()) && !destination(answered).equals(from) && seemsOurs(answered);
    }

    /** What has no ports ends by itself within half a minute. */
    private boolean seemsOurs(byte[] answered) {
        OptionalInt port = portTo(answered);
        return port.isPresent() && ports.first() <= port.getAsInt() && port.getAsInt() <= ports.last();
    }
}
