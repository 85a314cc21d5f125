package org.secfilt.cli;

import org.secfilt.firewall.FirewallException;
import org.secfilt.report.Volume;
import org.secfilt.sandbox.PacketFilter;

/** {@code secfilt gc}: removes chains and cgroups that no run owns any more, and says which. */
final class GcVerb {
    private GcVerb() {}

    static int answer(PacketFilter filter, Outcome.Gc gc, Streams streams) {
        try {
            StringBuilder text = new StringBuilder();
            for (String removed : filter.removeLeftovers()) {
                text.append("removed ").append(removed).append('\n');
            }
            return gc.volume() == Volume.QUIET ? Main.OK : streams.print(text.toString());
        } catch (FirewallException e) {
            for (String line : e.getMessage().split("\n")) {
                streams.complain(line);
            }
            return Main.FAILED;
        }
    }
}
