package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;

/** Programs of the host that the supervisor runs for itself. On the tracer thread only between its waits: each takes statuses of children. */
public interface Programs {
    /** The first file of this name that can be executed, in directories with absolute names. */
    Optional<String> find(String name, List<String> directories);

    /** Starts all, then waits for all. */
    List<Ended> run(List<Start> starts);

    /**
     * As {@link #run}, of programs that do what they read as they read it, a line after the other, and pass over comments ({@code #}): one
     * that asks for more is done, and not waited for. (What it does in order to end may take long: on closing its netlink socket, iptables
     * waits for the kernel to forget the rules, 10 to 50 ms.) Its status counts as 0, and it ends soon.
     *
     * @param known how the names of executables begin that are known to do so; any other, say a script in the place of one, is waited for
     * @param together how the names of those begin that get their last line when all have done the others. (So each COMMIT comes when all
     *     have looked up what they need: while the kernel forgets rules of one, the others' sockets are slow to close.) None of these may
     *     keep another waiting before its last line, as by a lock
     */
    List<Ended> feed(List<Start> starts, String known, String together);

    /** Waits for the ends of those that were fed: whoever adopts our children is to adopt none of them. */
    void awaitFed();

    /**
     * Leaves a process behind, the stub's program as native-stubs/reaper.c: once the cgroup is empty it starts all of these, and then removes
     * the cgroup.
     *
     * @param cgroup the descriptor of its directory, whose lock stays with that process
     * @param name of the directory
     */
    void startWhenEmpty(int cgroup, String name, List<Start> starts);

    /**
     * Leaves a process behind, as native-stubs/network.c: once the interface is gone it starts all of these, and if there is no other pair of ours,
     * switches the files off and starts the rest.
     *
     * @param last for whoever is the last to leave
     * @param files that get a 0 then
     */
    void startWhenGone(String interfaceName, List<Start> starts, List<Start> last, List<String> files);

    /** @param input what it reads from standard input */
    record Start(String file, List<String> arguments, String input) {
        public Start {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * @param status the exit code, or 128 and the signal's number
     * @param output and
     * @param error what it wrote, Latin-1: by itself, as a warning may come in the middle of a line of the other
     */
    record Ended(int status, String output, String error) {
        /** Both. */
        public String said() {
            return output + error;
        }
    }
}
