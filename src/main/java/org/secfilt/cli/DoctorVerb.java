package org.secfilt.cli;

import org.secfilt.doctor.Diagnosis;
import org.secfilt.doctor.Look;

/** {@code secfilt doctor}: tells what this host lets secfilt enforce. */
final class DoctorVerb {
    private static final int CANNOT = 1;

    private DoctorVerb() {}

    /** @return the exit code: 0 if network policies can be held here, 1 if not */
    static int answer(Look host, Streams streams) {
        Diagnosis diagnosis = Diagnosis.of(host);
        int printed = streams.print(diagnosis.print(streams.outWantsColour()));
        if (printed != Main.OK) {
            return printed;
        }
        return diagnosis.holdsNetworkPolicies() ? Main.OK : CANNOT;
    }
}
