package org.secfilt.kernel;

import java.util.Optional;

/** The stub that waits to become the command, over the socket between it and the supervisor. Any one thread. */
public interface FrontEnd {
    int pid();

    /** The stub exits with this code; nothing more can be said to it. */
    void exit(int code);

    /** The stub runs this encoded script. */
    void launch(byte[] script);

    /** Whether it, or the command that it became, is dying or dead: then there is nobody to tell why nothing is run. */
    boolean isGone();

    /** Blocks until the stub executes the command or ends (empty), or reports the step of the script that failed. */
    Optional<FailedStep> awaitExec();

    /** @param index from 0 in the script */
    record FailedStep(int index, int errno) {}
}
