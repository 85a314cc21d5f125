package org.secfilt.sandbox;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.bpf.Program;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.KernelException;
import org.secfilt.launch.LaunchScript;

/**
 * The launch of a command whose calls name unix sockets by judged paths: the stub becomes the command's user in the command's Landlock domain, then
 * makes the keeper, which so is in both, and only then comes under the filter and becomes the command.
 */
final class KeptPaths {
    private static final String NO_KEEPER = "no process to keep the files of sockets";

    private final FrontEnd frontEnd;
    private final Keeper keeper;
    private final Scripts scripts;
    private final Program filter;
    private final boolean notifies;

    KeptPaths(FrontEnd frontEnd, Keeper keeper, Scripts scripts, Program filter, boolean notifies) {
        this.frontEnd = frontEnd;
        this.keeper = keeper;
        this.scripts = scripts;
        this.filter = filter;
        this.notifies = notifies;
    }

    /** What the stub does first. */
    LaunchScript confined() {
        return scripts.confined();
    }

    /**
     * When that is done: makes the keeper.
     *
     * @return what is left for the stub to do; empty if it is gone
     * @throws KernelException if there is no keeper
     */
    Optional<LaunchScript> make() {
        Optional<FrontEnd.Made> made = frontEnd.makeKeeper();
        if (made.isEmpty()) {
            return Optional.empty();
        }
        if (made.get().pid() <= 0) {
            int error = made.get().socket();
            throw error == Errno.EMFILE.number()
                    ? new KernelException(NO_KEEPER, error) : new KernelException(NO_KEEPER, error, "is there a limit on processes (ulimit -u)?");
        }
        keeper.begin(frontEnd.pid(), made.get());
        return Optional.of(scripts.filtered(filter, notifies, made.get().socket()));
    }
}
