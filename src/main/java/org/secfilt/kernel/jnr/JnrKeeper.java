package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Msghdr;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.SocketFile;

/**
 * The keeper, by the socket that native-stubs/keeper.c answers on, and by what /proc tells of it. Begun by the thread that talks to the stub, used by
 * the tracer.
 */
final class JnrKeeper implements Keeper {
    /** Its socket has descriptor 0. */
    private static final int FIRST = 1;
    /** struct request and struct answer of native-stubs/keeper.c. */
    private static final int MESSAGE_BYTES = 8;
    /** A control message of one descriptor, without what aligns the next one, and with that. */
    private static final int CMSG_LEN = Msghdr.CMSG_DATA + Integer.BYTES;
    private static final int CMSG_BYTES = Msghdr.CMSG_DATA + Long.BYTES;
    private static final int IOVEC_BYTES = 16;
    private static final int MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
    private static final int POLLIN = 1; // poll.h
    private static final int MASK_BYTES = 128;
    /** It answers within microseconds, but on a machine that is busy. */
    private static final int ANSWER_MILLIS = 5000;
    private static final int END_MILLIS = 500;
    private static final int SIGKILL = 9;
    private static final int ROOT = 0;
    // linux/ptrace.h, linux/wait.h
    private static final int PTRACE_SEIZE = 0x4206;
    private static final long PTRACE_O_EXITKILL = 1 << 20;
    private static final int P_PID = 1;
    private static final int ENDED_NOHANG = 4 | 1 | 0x40000000; // WEXITED, WNOHANG, __WALL
    private static final int SIGINFO_BYTES = 128;
    private static final int MOST_ERRNO = 4095;
    /** Of turns that were given up before. */
    private static final int MOST_LATE = 16;
    private static final int PIDFD_OPEN = Arch.X86_64.syscalls().nr("pidfd_open");
    private static final int PIDFD_SEND_SIGNAL = Arch.X86_64.syscalls().nr("pidfd_send_signal");
    private static final int GETCPU = Arch.X86_64.syscalls().nr("getcpu");
    private static final int SENDMSG = Arch.X86_64.syscalls().nr("sendmsg");

    private final Proc proc = new Proc();
    private final long message = NativeMemory.allocate(MESSAGE_BYTES);
    private final long piece = NativeMemory.allocate(IOVEC_BYTES);
    private final long control = NativeMemory.allocate(CMSG_BYTES);
    private final long header = NativeMemory.allocate(Msghdr.BYTES);
    private final long poll = NativeMemory.allocate(Long.BYTES);
    private final long siginfo = NativeMemory.allocate(SIGINFO_BYTES);
    private final long processors = NativeMemory.allocate(MASK_BYTES);
    private int pid;
    private int socket = -1;
    private int pidfd = -1;
    private int processor = -1;
    private String directory = "";
    private JnrCredentials.Caller own = JnrCredentials.Caller.UNKNOWN;
    private boolean ledAway;
    private int turn;
    private boolean stands;

    JnrKeeper() {
        NativeMemory.IO.putLong(piece, message);
        NativeMemory.IO.putLong(piece + 8, MESSAGE_BYTES);
        NativeMemory.IO.putLong(header + Msghdr.IOV, piece);
        NativeMemory.IO.putLong(header + Msghdr.IOVLEN, 1);
        NativeMemory.IO.putLong(control, CMSG_LEN);
        NativeMemory.IO.putInt(control + Msghdr.CMSG_LEVEL, Msghdr.SOL_SOCKET);
        NativeMemory.IO.putInt(control + Msghdr.CMSG_TYPE, Msghdr.SCM_RIGHTS);
    }

    @Override
    public synchronized void begin(int stub, FrontEnd.Made made) {
        socket = Pidfd.mustCopy(proc, stub, made.socket());
        pidfd = (int) Libc.must("pidfd_open(" + made.pid() + ")", Libc.SYSCALL.call(PIDFD_OPEN, made.pid(), 0, 0, 0, 0));
        stands = true;
        pid = made.pid();
        directory = "/proc/" + made.pid() + "/fd/";
        if (await(turn) != 0) {
            throw KernelException.inWords("the process that is to keep the files of sockets does not begin");
        }
        own = JnrCredentials.caller(proc, made.pid());
        ledAway = own.user() == ROOT || JnrCredentials.mayMoveRoots(proc);
        if (!own.isLike(own)) {
            Libc.CLOSE.call(Libc.must("open(/proc/" + made.pid() + "/status)", proc.open(made.pid(), "/status"))); // or there is a limit to that
            throw KernelException.inWords("the process that is to keep the files of sockets cannot be seen in /proc");
        }
    }

    @Override
    public synchronized int pid() {
        return pid;
    }

    @Override
    public synchronized int seize() {
        return (int) Libc.PTRACE.call(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL);
    }

    @Override
    public synchronized Reach reach(SocketFile file) {
        JnrCredentials.Caller caller = ((JnrSocketFile) file).caller();
        if (caller.isLike(own)) {
            return Reach.REACHES;
        }
        return own.user() == ROOT && !caller.hasUserOf(own) && caller.hasNamespaceOf(own) ? Reach.OTHER_USER : Reach.OUT_OF_REACH;
    }

    @Override
    public synchronized int keep(int place, SocketFile file) {
        NativeMemory.IO.putInt(control + Msghdr.CMSG_DATA, ((JnrSocketFile) file).fd());
        NativeMemory.IO.putLong(header + Msghdr.CONTROL, control);
        NativeMemory.IO.putLong(header + Msghdr.CONTROLLEN, CMSG_BYTES);
        follow();
        return send(place) < 0 ? -Errno.ESRCH.number() : await(turn);
    }

    @Override
    public synchronized boolean mayBeLedAway() {
        return ledAway;
    }

    @Override
    public synchronized boolean leads(int tid, int place, SocketFile file) {
        int fd = proc.openPath(tid + "/root" + directory + (FIRST + place));
        if (fd < 0) {
            return false;
        }
        boolean same = FileStatus.of(fd).isSameFile(((JnrSocketFile) file).status());
        Libc.CLOSE.call(fd);
        return same;
    }

    @Override
    public synchronized boolean isRemoved(int place) {
        int fd = proc.openPath(pid + "/fd/" + (FIRST + place));
        if (fd < 0) {
            return false;
        }
        FileStatus status = FileStatus.of(fd);
        Libc.CLOSE.call(fd);
        return status.error() == 0 && status.links() == 0;
    }

    /** Nobody waits for that. If it cannot be told now, the file is kept until another comes to its place. */
    @Override
    public synchronized void drop(int place) {
        NativeMemory.IO.putLong(header + Msghdr.CONTROL, 0);
        NativeMemory.IO.putLong(header + Msghdr.CONTROLLEN, 0);
        send(place);
    }

    /** It is to be on our processor, which we leave to it: to wake up an idle one takes many times as long as what it does. */
    private void follow() {
        int ours = Libc.SYSCALL.call(GETCPU, poll, 0, 0, 0, 0) == 0 ? NativeMemory.IO.getInt(poll) : -1;
        if (ours == processor || ours < 0 || ours >= 8 * MASK_BYTES || !stands) {
            return;
        }
        processor = ours;
        NativeMemory.IO.setMemory(processors, MASK_BYTES, (byte) 0);
        NativeMemory.IO.putByte(processors + ours / 8, (byte) (1 << ours % 8));
        Libc.SCHED_SETAFFINITY.call(pid, MASK_BYTES, processors);
    }

    private long send(int place) {
        turn++;
        NativeMemory.IO.putInt(message, FIRST + place);
        NativeMemory.IO.putInt(message + 4, turn);
        return stands ? Libc.SYSCALL.call(SENDMSG, socket, header, MSG_DONTWAIT_NOSIGNAL, 0, 0) : -1;
    }

    /** @return what it answers, as a negative error number; one that answers nothing, or nonsense, is ended */
    private int await(int expected) {
        for (int i = 0; i < MOST_LATE; i++) {
            NativeMemory.IO.putLong(poll, socket & 0xffffffffL | (long) POLLIN << 32); // struct pollfd
            if (Libc.POLL.call(poll, 1, ANSWER_MILLIS) <= 0 || Libc.READ.call(socket, message, MESSAGE_BYTES) != MESSAGE_BYTES) {
                break;
            }
            int error = NativeMemory.IO.getInt(message + 4);
            if (NativeMemory.IO.getInt(message) == expected && error >= 0 && error <= MOST_ERRNO) {
                return -error;
            }
        }
        stands = false;
        kill();
        return -Errno.ESRCH.number();
    }

    private void kill() {
        Libc.SYSCALL.call(PIDFD_SEND_SIGNAL, pidfd, SIGKILL, 0, 0, 0);
    }

    @Override
    public synchronized byte[] path(int place) {
        return (directory + (FIRST + place)).getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public synchronized void end() {
        if (pidfd < 0) {
            return;
        }
        stands = false;
        Libc.CLOSE.call(socket); // at that it ends by itself, and who adopted it sees nobody killed
        NativeMemory.IO.putLong(poll, pidfd & 0xffffffffL | (long) POLLIN << 32); // struct pollfd
        if (Libc.POLL.call(poll, 1, END_MILLIS) <= 0) {
            kill();
            Libc.POLL.call(poll, 1, END_MILLIS);
        }
        Libc.WAITID.call(P_PID, pid, siginfo, ENDED_NOHANG); // ECHILD if it was not seized, or has been reaped
        Libc.CLOSE.call(pidfd);
        pidfd = -1;
    }
}
