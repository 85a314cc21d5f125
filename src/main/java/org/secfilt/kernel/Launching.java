package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the supervisor asks and does around a launch, on its own process and on the stub. */
public interface Launching {
    /** The open descriptors of the process. */
    Set<Integer> descriptors(int pid);

    /** Those of them that could carry traffic, standard input, output and error apart, or could help out of a cgroup. */
    List<OpenDescriptor> inherited(int pid, Set<Integer> descriptors, Care care);

    /** Which of standard input, output and error are internet sockets. */
    List<Integer> internetStreams(int pid);

    /** The ABI that landlock_create_ruleset(2) tells; 0 without Landlock. */
    int landlockAbi();

    /** Where the process sees cgroups of version 2 mounted. */
    List<byte[]> cgroupMounts(int pid);

    /** Where it sees those of net_cls. */
    List<byte[]> classMounts(int pid);

    /**
     * Whether the process could come to one of either that no path leads it to now: one lies below another mount, until that is unmounted; or not
     * all mounts are below its root directory, as after chroot(2); or its working directory is in none of these.
     */
    boolean hidesCgroups(int pid);

    /**
     * The path of the process's cgroup in a hierarchy, mounted or not, without its leading slash: with {@code ..} in its front if it is outside of
     * what this process sees; empty for the root, and where there is no such hierarchy. cgroup_namespaces(7)
     */
    String cgroup(int pid, Cgroups.Hierarchy hierarchy);

    /** The permitted capabilities of the process, one bit each. */
    long capabilities(int pid);

    /** Its inheritable capabilities. */
    long inheritable(int pid);

    /** The effective user and group of the process. */
    Owner owner(int pid);

    /** The effective user and group of a process, as this user namespace counts them. */
    record Owner(int uid, int gid) {}

    /** Whether this process traces any other than that one. /proc/PID/status */
    boolean tracesBesides(int pid);

    /** SIGKILL to all of this process namespace but process 1 and this one. kill(2) */
    void killAll();

    /** A call of the supervisor's own that is refused here, and how, as {@code waitid: EPERM (Operation not permitted)}; empty if none is. */
    Optional<String> refusedCall();

    /** prctl(PR_SET_DUMPABLE, 0): no process of this user may read or trace the supervisor. */
    void hide();

    /**
     * From now on this thread is told when somebody is about to write to what the supervisor runs, and must {@link #awaitOverwriting}. Until
     * then the supervisor dies of it, without a word. fcntl(2) "Leases", which were taken when it was started.
     */
    void watchOverwriting();

    /**
     * Returns true when somebody waits for leave to write: the supervisor must {@link #die}. False after {@link #endWatch}, or where nobody
     * can be told.
     */
    boolean awaitOverwriting();

    /** The supervisor is about to end: nobody is to {@link #awaitOverwriting} any more. By any thread. */
    void endWatch();

    /** SIGKILL to this process, and so by PTRACE_O_EXITKILL to all that it supervises. */
    void die();

    /**
     * Standard input and output become /dev/null, or where there is none something that cannot be read or written: a supervisor must not
     * hold a pipe open.
     */
    void closeStandardInputAndOutput();

    /** Standard error becomes /dev/null if it is a pipe or socket: the command has ended and its reader waits for the end of file. */
    void releaseStandardError();

    /** Who traces the process already, as {@code strace[4711]}; empty if nobody does, or nobody that can be seen from here. */
    Optional<String> tracer(int pid);

    /** isatty(3) of the descriptor. */
    boolean isTerminal(int fd);

    /**
     * Writes all of it, but never waits longer than a second for a reader.
     *
     * @return false if some of it was not taken
     */
    boolean write(int fd, byte[] text);

    /**
     * Writes all of it, however long a reader takes.
     *
     * @return 0, or the error
     */
    int writeAll(int fd, byte[] text);

    /** Our own standard error, for who must not wait for its reader. */
    LogFile standardError();

    /** kernel.yama.ptrace_scope; 0, which restricts nothing, where there is no Yama. */
    int yamaScope();

    /** True where prctl(PR_SET_PTRACER) means something. */
    boolean hasYama();

    /** Whether the process could execute this file as things stand: 0, or ENOENT, EACCES (also for a directory) or what else access(2) says. */
    int executable(int pid, byte[] path);

    /** Whether a file can be seen there, executable or not; false in a directory that may not be searched. */
    boolean exists(int pid, byte[] path);

    /**
     * Follows a path as the process would, symbolic links included; but not such as lead to descriptors (/proc/self/fd/3): ELOOP.
     *
     * @throws UnresolvedPath with the error the kernel would answer
     */
    NamedFile follow(int pid, byte[] path) throws UnresolvedPath;

    /**
     * Copies the listener of the filter that the stub just installed, and answers calls on it from now on, on a thread of its own: those of the
     * vault and the others. Tracer thread, at the stub's first stop.
     *
     * @param fd its number in the stub
     */
    void takeListener(int pid, int fd, Vault vault, NotifiedCalls calls);
}
