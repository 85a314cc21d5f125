package org.secfilt.nat;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Protocol;
import org.secfilt.kernel.Networks;
import org.secfilt.policy.Publication;
import org.secfilt.policy.Setting;

/**
 * Where packets to a published port went before: to a run that is no more, or to nobody. Who goes on is led to the new run.
 *
 * <p>A connection of TCP may live without anybody who listens at the port: one that a server of this host has accepted, which closed its listener
 * since, or one that rules of this host's lead to another. Led to the new run it would be reset. So of TCP those alone are forgotten that lead to an
 * address such as runs are given, which nothing has now but a run, if at all; that of another that lives publishes no port that is published here.
 */
final class FormerFlows {
    private static final List<Cidr> ANYWHERE_V4 = List.of(Cidr.parse("0.0.0.0/0"));
    private static final List<Cidr> ANYWHERE_V6 = List.of(Cidr.parse("::/0"));

    private final Networks networks;
    /** This host's own addresses. */
    private final List<Cidr> local;
    /** Those, and where others are. */
    private final List<Cidr> others;

    /** @param routes as they were before the new run's were there: {@code ip -o route show table all} */
    FormerFlows(Networks networks, String routes) {
        this.networks = networks;
        this.local = Subnets.local(routes);
        this.others = new ArrayList<>(local);
        for (String route : routes.split("\n")) {
            if (!route.contains(" dev " + NatLink.PREFIX)) { // that of a run may be no more than on its way out
                others.addAll(Subnets.taken(route));
            }
        }
    }

    void forget(NatLink link, List<Setting<Publication>> publications) {
        for (Setting<Publication> publication : publications) {
            forget(publication.value(), link.v4());
            if (link.v6().isPresent()) {
                forget(publication.value(), link.v6().get());
            }
        }
    }

    private void forget(Publication publication, Subnets subnets) {
        boolean v4 = subnets.own().isV4();
        boolean tcp = publication.protocol() == Protocol.TCP;
        List<Cidr> except = new ArrayList<>(tcp ? others : List.of());
        except.add(Cidr.of(subnets.own()));
        List<Cidr> leading = tcp ? Subnets.choices(v4) : v4 ? ANYWHERE_V4 : ANYWHERE_V6;
        networks.forgetFlows(publication.protocol(), publication.hostPort(), local, leading, except);
    }
}
