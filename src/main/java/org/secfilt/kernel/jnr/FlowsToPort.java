package org.secfilt.kernel.jnr;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;

/** Of flows those to one port. */
final class FlowsToPort extends Flows {
    // linux/netfilter/nfnetlink_conntrack.h
    private static final int CTA_PROTO_NUM = 1;

    private final Protocol protocol;
    private final int port;
    private final List<Cidr> to;
    private final List<Cidr> leading;
    private final List<Cidr> except;

    /** As {@link org.secfilt.kernel.Networks#forgetFlows}. */
    FlowsToPort(Protocol protocol, int port, List<Cidr> to, List<Cidr> leading, List<Cidr> except) {
        super(leading.get(0).first().isV4());
        this.protocol = protocol;
        this.port = port;
        this.to = to;
        this.leading = leading;
        this.except = except;
    }

    @Override
    boolean isStale(byte[] sent, byte[] answered) {
        Optional<byte[]> number = ofProtocol(sent, CTA_PROTO_NUM);
        if (number.isEmpty() || number.get()[0] != protocol.number() || portTo(sent).orElse(-1) != port) {
            return false;
        }
        Optional<IpAddress> target = destination(sent);
        Optional<IpAddress> answerer = source(answered);
        return target.isPresent() && answerer.isPresent() && isAmong(to, target.get())
                && isAmong(leading, answerer.get()) && !isAmong(except, answerer.get());
    }
}
