package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SocketKind;

/** What the supervisor reads of stopped tracees, besides registers. */
public interface Tracees {
    /**
     * process_vm_readv(2). Up to 64 KiB.
     *
     * @return the bytes read, fewer than asked where the tracee's memory ends, or a negative error number: EFAULT for no memory at
     *     all, EPERM for a process that made itself unreadable (PR_SET_DUMPABLE)
     */
    int read(int tid, long address, byte[] into, int length);

    /** process_vm_writev(2) of the four bytes of a native int. @return 4 or a negative error number */
    int writeInt(int tid, long address, int value);

    /** process_vm_writev(2), up to 64 KiB. @return the bytes written, fewer where memory may not be written, or a negative error number */
    int write(int tid, long address, byte[] from, int length);

    /** The tracee's name, up to 15 bytes as the tracee set them (escape before printing); empty if it died. */
    byte[] comm(int tid);

    /** The process of the thread, or the thread itself if it died. */
    int tgid(int tid);

    /** Whose process a number stands for. */
    enum Whose {
        /** One that the supervisor traces. */
        OURS,
        /** Any other, or one of which it cannot be told. */
        OTHERS,
        /** There is none. */
        NOBODYS
    }

    /** Whom the tracee means by the number, which is positive, of a process or thread: a number in its own PID namespace. */
    Whose process(int tid, int number);

    /** Likewise of all processes of a process group, of a positive number. Ours are only groups without any other process. */
    Whose group(int tid, int number);

    /**
     * The process group that the tracee is in at some moment.
     *
     * @param number in its own PID namespace; 0 if the group is from outside of that
     */
    record OwnGroup(int number, Whose whose) {}

    OwnGroup ownGroup(int tid);

    /** The threads of a process, those too that have not stopped yet. */
    List<Integer> threads(int tgid);

    /** The process that the tracee's process is a child of; 0 if it died. */
    int parent(int tid);

    /** The file the tracee executes, as /proc tells it; empty if it died. */
    byte[] executable(int tid);

    /** Whether this descriptor is a socket, by its link in /proc: of a file nobody is asked anything. */
    boolean isSocket(int tid, int fd);

    /** A copy of the tracee's socket; empty if it is no socket or the tracee died. Close it. */
    Optional<SocketCopy> socket(int tid, int fd);

    /** Why there is none: EBADF, ENOTSOCK, EPERM for a process that made itself unreadable, ESRCH, as negative numbers. */
    int socketError(int tid, int fd);

    /**
     * A descriptor of the tracee's that carries traffic and is no socket, or none that {@link #socket} can copy: an io_uring, a tunnel.
     * Empty for any other.
     */
    Optional<OpenDescriptor> carrier(int tid, int fd);

    /** {@link SocketCopy#protocol} of the tracee's socket; -1 if it is no socket or the tracee died. */
    default int protocol(int tid, int fd) {
        Optional<SocketCopy> socket = socket(tid, fd);
        if (socket.isEmpty()) {
            return -1;
        }
        try (SocketCopy copy = socket.get()) {
            return copy.protocol();
        }
    }

    /** What the tracee's socket is; {@link SocketKind#UNKNOWN} if it is no socket or the tracee died. */
    default SocketKind socketKind(int tid, int fd) {
        Optional<SocketCopy> socket = socket(tid, fd);
        if (socket.isEmpty()) {
            return SocketKind.UNKNOWN;
        }
        try (SocketCopy copy = socket.get()) {
            return copy.describe(fd).socket();
        }
    }

    /**
     * What any call about a socket is answered by this descriptor: EBADF or ENOTSOCK, as negative numbers; 0 if it is one, or cannot be
     * looked at.
     */
    default int noSocket(int tid, int fd) {
        Optional<SocketCopy> socket = socket(tid, fd);
        if (socket.isPresent()) {
            socket.get().close();
            return 0;
        }
        int error = socketError(tid, fd);
        return error == -Errno.EBADF.number() || error == -Errno.ENOTSOCK.number() ? error : 0;
    }

    /**
     * Whether the tracee is under the same security label as the supervisor, so that a security module (AppArmor, SELinux, Smack) lets both do
     * the same. Landlock domains are no labels. proc(5) "/proc/pid/attr/current"
     */
    boolean hasOurLabel(int tid);

    /**
     * Whether a security module may refuse that a TCP socket connects to an address of a family that nobody knows, which the kernel itself
     * overlooks: SELinux.
     */
    boolean familyMatters();

    /** Whether the tracee acts on files as the supervisor's own user. proc(5) "/proc/pid/status", "Uid" */
    boolean hasOurUser(int tid);

    /** Whether the tracee has CAP_NET_BIND_SERVICE, in the supervisor's own user namespace. */
    boolean mayBindPrivilegedPorts(int tid);

    /**
     * From this port on anyone may bind in the supervisor's network namespace, and below it whoever has CAP_NET_BIND_SERVICE: 1024, where nobody
     * changed that. ip(7) "ip_unprivileged_port_start"
     */
    int firstUnprivilegedPort();

    /** The process that a tracee's pidfd stands for; -1 if it is none, or the process is gone. proc(5) "/proc/pid/fdinfo" */
    int pidfdTarget(int tid, int fd);

    /** The processor the tracee ran on last, or -1. */
    int processor(int tid);

    /**
     * What is mapped at the vault's place: 0 for nothing, 1 for the vault of {@code vault} whole and read-only, -1 for anything
     * else, or where it cannot be seen.
     */
    int vaultMapping(int tid, Vault vault);

    /** From now on the mount namespace of this tracee counts as the one whose paths can be told: it was made for the sandbox. */
    void trustMounts(int tid);

    /**
     * Follows the path of a unix socket as the tracee would, to the socket's file. Close it.
     *
     * @param names whether {@link SocketFile#boundNames} are asked for: a server that nobody else tells of is troubled by a connection for them
     * @return empty where the tracee's root directory or mounts differ so that its paths cannot be told from here
     * @throws UnresolvedPath with the error the kernel would answer
     */
    Optional<SocketFile> socketFile(int tid, byte[] path, boolean names) throws UnresolvedPath;

    /** Whether the thread has a processor, or waits for nothing else. proc(5) "/proc/pid/stat", state R */
    boolean isRunning(int tid);

    /** Whether this signal waits for the thread, and not for its process: proc(5) "/proc/pid/status", "SigPnd". */
    boolean isPending(int tid, int signal);

    /** Whether the process has said that it ignores this signal (SIG_IGN): the same, "SigIgn". */
    boolean ignores(int tid, int signal);

    /** Whether a thread has this number, and we trace it. */
    boolean isOurs(int tid);

    /** Whether this tracee is the first thread of its process; false also if that cannot be told. */
    boolean isProcess(int tid);
}
