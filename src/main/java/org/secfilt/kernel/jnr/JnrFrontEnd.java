package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.FrontEnd;

/** The supervisor's end of the socketpair that the stub made; native byte order, see native-stubs/script.c. */
final class JnrFrontEnd implements FrontEnd {
    private static final int EXIT = 1;
    private static final int KEEPER = 3;
    private static final int REPLY_BYTES = 8;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    // fcntl.h
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_ASYNC = 020000;
    private static final int FD_CLOEXEC = 1;
    private static final int POLLHUP = 16; // poll.h
    private static final int PF_EXITING = 4; // linux/sched.h

    private final int fd;
    private final int pid;

    JnrFrontEnd(int fd, int pid) {
        this.fd = fd;
        this.pid = pid;
        // No program that we start may hold it: the stub takes its end for ours.
        Libc.FCNTL.call(fd, F_SETFD, FD_CLOEXEC);
        takeOutputs();
    }

    /** The caller's standard output and error lie behind the socket, in whose place what the virtual machine said so far went to the stub. */
    private void takeOutputs() {
        for (int output = STDOUT; output <= STDERR; output++) {
            Libc.must("dup2", Libc.DUP2.call(fd + output, output));
            Libc.CLOSE.call(fd + output);
        }
    }

    @Override
    public int pid() {
        return pid;
    }

    /** Much of it is gone before its end of the socket is, and what is read of it then makes no sense. */
    @Override
    public boolean isGone() {
        long flags = new Proc().flags(pid);
        return flags < 0 ? hasHungUp() : (flags & PF_EXITING) != 0;
    }

    private boolean hasHungUp() {
        long poll = NativeMemory.IO.allocateMemory(Long.BYTES, false);
        NativeMemory.IO.putLong(poll, fd & 0xffffffffL); // struct pollfd
        boolean hungUp = Libc.POLL.call(poll, 1, 0) > 0 && (NativeMemory.IO.getShort(poll + 6) & POLLHUP) != 0;
        NativeMemory.IO.freeMemory(poll);
        return hungUp;
    }

    /** native-stubs/supervisor.c end_with_stub() */
    @Override
    public void outlive() {
        Libc.FCNTL.call(fd, F_SETFL, (int) Libc.FCNTL.call(fd, F_GETFL, 0) & ~O_ASYNC);
    }

    @Override
    public void exit(int code) {
        outlive();
        send(ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(EXIT).putInt(code).array());
    }

    @Override
    public void launch(byte[] script) {
        send(script);
    }

    /** A stub that died meanwhile needs no message: the virtual machine ignores SIGPIPE, the error is left alone. */
    private void send(byte[] message) {
        long buffer = NativeMemory.IO.allocateMemory(message.length, false);
        NativeMemory.IO.putByteArray(buffer, message, 0, message.length);
        int sent = 0;
        while (sent < message.length) {
            long rc = Libc.WRITE.call(fd, buffer + sent, message.length - sent);
            if (rc < 0 && rc != -Errno.EINTR.number()) {
                break;
            }
            sent += (int) Math.max(0, rc);
        }
        NativeMemory.IO.freeMemory(buffer);
    }

    @Override
    public Optional<FailedStep> awaitExec() {
        long reply = NativeMemory.allocate(REPLY_BYTES);
        return receive(reply) ? Optional.of(new FailedStep(NativeMemory.IO.getInt(reply), NativeMemory.IO.getInt(reply + 4))) : Optional.empty();
    }

    @Override
    public Optional<Made> makeKeeper() {
        send(ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(KEEPER).putInt(OwnProcess.PID).array());
        long reply = NativeMemory.allocate(REPLY_BYTES);
        return receive(reply) ? Optional.of(new Made(NativeMemory.IO.getInt(reply), NativeMemory.IO.getInt(reply + 4))) : Optional.empty();
    }

    /** @return false if the stub is gone, or has become the command */
    private boolean receive(long reply) {
        int got = 0;
        while (got < REPLY_BYTES) {
            long rc = Libc.READ.call(fd, reply + got, REPLY_BYTES - got);
            if (rc == 0 || rc < 0 && rc != -Errno.EINTR.number()) {
                return false;
            }
            got += (int) Math.max(0, rc);
        }
        return true;
    }
}
