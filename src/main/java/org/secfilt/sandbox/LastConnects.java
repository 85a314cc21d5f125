package org.secfilt.sandbox;

import java.util.Optional;
import org.secfilt.abi.Sockaddr;

/** Where threads connected a socket of UDP to last: of as many as connect at a time, for it is asked soon or not at all. By one thread at a time. */
final class LastConnects {
    /** A power of two: a thread takes the place that the last bits of its number give. */
    private static final int THREADS = 4096;

    private final int[] tids = new int[THREADS];
    private final Sockaddr[] destinations = new Sockaddr[THREADS];

    void note(int tid, Sockaddr destination) {
        int at = tid & THREADS - 1;
        tids[at] = tid;
        destinations[at] = destination;
    }

    void forget(int tid) {
        int at = tid & THREADS - 1;
        if (tids[at] == tid) {
            destinations[at] = null;
        }
    }

    Optional<Sockaddr> of(int tid) {
        int at = tid & THREADS - 1;
        return tids[at] == tid ? Optional.ofNullable(destinations[at]) : Optional.empty();
    }
}
