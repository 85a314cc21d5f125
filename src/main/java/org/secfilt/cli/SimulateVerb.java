package org.secfilt.cli;

import java.util.List;
import org.secfilt.explain.Call;
import org.secfilt.explain.Simulation;
import org.secfilt.plan.Plan;
import org.secfilt.report.Volume;

/** {@code secfilt simulate}: puts one system call to the filter. */
final class SimulateVerb {
    private SimulateVerb() {}

    /** @return the exit code: 0 whatever the filter says */
    static int answer(Plan plan, Outcome.Simulate simulate, Streams streams) {
        Call call;
        try {
            Call.Abi abi = simulate.entry().isEmpty() ? Call.Abi.OWN
                    : simulate.entry().get().equals("x32") ? Call.Abi.X32 : Call.Abi.I386;
            call = Call.parse(plan.arch(), abi, simulate.call());
        } catch (IllegalArgumentException e) {
            return streams.usage(List.of(e.getMessage()), Verb.SIMULATE);
        }
        Simulation simulation = Simulation.of(plan, call);
        if (!plan.supervised() && !plan.guardsOutside()) {
            return streams.print(call + ": ALLOW: nothing is restricted, so a command has no filter\n");
        }
        String way = simulate.volume() == Volume.QUIET ? "" : simulation.way() + "\n";
        String entry = simulate.entry().isPresent() ? simulate.entry().get() + " " : "";
        return streams.print(way + entry + call + ": " + simulation.result() + ": " + simulation.meaning() + "\n");
    }
}
