package org.secfilt.kernel;

import java.util.Optional;

/** The stub that waits to become the command, over the socket between it and the supervisor. Any one thread. */
public interface FrontEnd {
    int pid();

    /**
     * From here on this process does not end with the stub, which whoever started that may kill: for what is to be done as a whole, or undone at
     * the end. Before, and for an answer alone, there would be nobody to hear it.
     */
    void outlive();

    /** The stub exits with this code; nothing more can be said to it. */
    void exit(int code);

    /** The stub runs this encoded script. */
    void launch(byte[] script);

    /**
     * The stub makes the keeper of the command that it is about to become.
     *
     * @return empty if the stub is gone
     */
    Optional<Made> makeKeeper();

    /** Whether it, or the command that it became, is dying or dead: then there is nobody to tell why nothing is run. */
    boolean isGone();

    /** Blocks until the stub executes the command or ends (empty), or reports the step of the script that failed. */
    Optional<FailedStep> awaitExec();

    /**
     * @param pid of the keeper; 0 if there is none
     * @param socket the number that the supervisor's end of its socket has in the stub, until that executes the command; or else the error, positive
     */
    record Made(int pid, int socket) {}

    /** @param index from 0 in the script */
    record FailedStep(int index, int errno) {}
}
