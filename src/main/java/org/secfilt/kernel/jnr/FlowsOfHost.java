package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.abi.IpAddress;

/** Of flows those that one address began, or answers. */
final class FlowsOfHost extends Flows {
    private final Optional<IpAddress> address;

    FlowsOfHost(IpAddress address) {
        super(address.isV4());
        this.address = Optional.of(address);
    }

    @Override
    boolean isStale(byte[] sent, byte[] answered) {
        return source(sent).equals(address) || source(answered).equals(address);
    }
}
