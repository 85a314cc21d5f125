package org.secfilt.cli;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import org.secfilt.explain.Destination;
import org.secfilt.explain.DestinationReader;
import org.secfilt.explain.Explanation;
import org.secfilt.plan.Plan;
import org.secfilt.report.Volume;

/** {@code secfilt explain}: tells which layer holds which rule, and what becomes of destinations. */
final class ExplainVerb {
    private ExplainVerb() {}

    /** @return the exit code: 0 whatever the verdicts are */
    static int answer(Plan plan, Outcome.Explain explain, Streams streams, Caller caller) {
        List<Destination> destinations;
        try {
            destinations = DestinationReader.read(explain.destinations(), new Here(caller));
        } catch (IllegalArgumentException e) {
            return streams.usage(Arrays.asList(e.getMessage().split("\n")), Verb.EXPLAIN);
        }
        Explanation explanation = new Explanation(plan, streams.outWantsColour(), caller::canonical);
        if (explain.volume() != Volume.QUIET) {
            explanation.addLayers();
        }
        for (Destination destination : destinations) {
            explanation.add(destination);
        }
        return streams.print(explanation.toString());
    }

    /** The caller's files and network, which is ours too. */
    private record Here(Caller caller) implements DestinationReader.Paths {
        @Override
        public String canonical(String path) {
            return caller.canonical(path);
        }

        @Override
        public boolean hasInterface(String scope) {
            try {
                boolean isNumber = scope.matches("[0-9]{1,9}");
                return (isNumber ? NetworkInterface.getByIndex(Integer.parseInt(scope)) : NetworkInterface.getByName(scope)) != null;
            } catch (SocketException e) {
                return false;
            }
        }
    }
}
