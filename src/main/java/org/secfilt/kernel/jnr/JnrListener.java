package org.secfilt.kernel.jnr;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Notification;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;

/**
 * The listener of a run's filter, and the thread that answers on it until the process ends: not the tracer's, which must not wait here, for
 * a tracee may die first.
 *
 * <p>Whoever waits here is woken up on the processor of the one who wakes it (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6): to wake up an idle one
 * takes ten times as long as a call.
 */
final class JnrListener implements Notification, Runnable {
    // linux/seccomp.h
    private static final long SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100L;
    private static final long SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101L;
    private static final long SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102L;
    private static final long SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104L;
    /** Without these nothing is answered. */
    static final long[] REQUESTS = {
        SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND, SECCOMP_IOCTL_NOTIF_ID_VALID, JnrVault.SECCOMP_IOCTL_NOTIF_ADDFD,
    };
    private static final int SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1;
    /** struct seccomp_notif: id, pid, flags, and then seccomp_data: nr, arch, instruction_pointer, args. */
    private static final int NOTIF_BYTES = 80;
    private static final int PID = 8;
    private static final int NR = 16;
    private static final int AUDIT = 20;
    private static final int INSTRUCTION_POINTER = 24;
    private static final int ARGUMENTS = 32;
    /** struct seccomp_notif_resp: id, val, error, flags. */
    private static final int ANSWER_BYTES = 24;

    private static final int MOST_MISSES = 64;
    private static final long PAUSE_NANOS = 1_000_000;

    private final int listener;
    private final JnrVault vault;
    private final NotifiedCalls calls;
    private final long notification = NativeMemory.allocate(NOTIF_BYTES);
    private final long answer = NativeMemory.allocate(ANSWER_BYTES);
    /** Of the thread that answers what is left to it. */
    private final long tracersAnswer = NativeMemory.allocate(ANSWER_BYTES);
    private final SyscallStop call = new SyscallStop();
    private final CountDownLatch ready = new CountDownLatch(1);
    /** Why the thread could not begin; seen once it is ready. */
    private Throwable failure;
    private long id;
    private int tid;

    JnrListener(int listener, JnrVault vault, NotifiedCalls calls) {
        this.listener = listener;
        this.vault = vault;
        this.calls = calls;
    }

    /** Returns when all is there that the thread needs: the command, which does not run yet, may take the last thread that its user may have. */
    void start() {
        // Before Linux 6.6 it is slower, and that is all.
        Libc.IOCTL.call(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
        Thread thread = new Thread(this, "listener");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) { // of the stack, or EAGAIN
            throw JnrKernel.noThread();
        }
        boolean interrupted = false;
        while (ready.getCount() > 0) {
            try {
                ready.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (RuntimeException) failure;
        }
    }

    @Override
    public void run() {
        try {
            calls.prepare();
        } catch (RuntimeException | Error e) {
            failure = e;
            return;
        } finally {
            ready.countDown();
        }
        for (int misses = 0; ; ) {
            for (int at = 0; at < NOTIF_BYTES; at += Long.BYTES) {
                NativeMemory.IO.putLong(notification + at, 0); // as the kernel wants it; setMemory costs as much as a system call
            }
            long rc = Libc.IOCTL.call(listener, SECCOMP_IOCTL_NOTIF_RECV, notification);
            if (rc == 0) {
                misses = 0;
                receive();
            } else if (rc != -Errno.EINTR.number() && rc != -Errno.ENOENT.number()) {
                calls.fail(new KernelException("ioctl(SECCOMP_IOCTL_NOTIF_RECV)", (int) -rc)); // or whoever calls would wait for ever
                return;
            } else if (rc == -Errno.ENOENT.number() && ++misses > MOST_MISSES) {
                // The one that called was interrupted or died, once or twice; or all have, and one of them takes its time: the kernel then
                // answers at once.
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void receive() {
        id = NativeMemory.IO.getLong(notification);
        tid = NativeMemory.IO.getInt(notification + PID);
        call.enter(NativeMemory.IO.getInt(notification + AUDIT), NativeMemory.IO.getLong(notification + INSTRUCTION_POINTER), 0,
                NativeMemory.IO.getInt(notification + NR));
        for (int i = 0; i < 6; i++) {
            call.setArgument(i, NativeMemory.IO.getLong(notification + ARGUMENTS + 8L * i));
        }
        if (!calls.answer(this)) {
            handOut();
        }
    }

    private void handOut() {
        try {
            int error = vault.handOut(listener, id, tid);
            if (error != 0) {
                answer(error);
            }
        } catch (KernelException e) {
            calls.fail(e);
            throw e;
        }
    }

    @Override
    public int tid() {
        return tid;
    }

    @Override
    public SyscallStop call() {
        return call;
    }

    @Override
    public boolean waits() {
        return Libc.IOCTL.call(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, notification) == 0; // the id is its first field
    }

    @Override
    public boolean answer(long result) {
        return answer(answer, id, result);
    }

    private boolean answer(long memory, long whose, long result) {
        NativeMemory.IO.putLong(memory, whose);
        NativeMemory.IO.putLong(memory + 8, Math.max(result, 0));
        NativeMemory.IO.putInt(memory + 16, (int) Math.min(result, 0));
        NativeMemory.IO.putInt(memory + 20, 0);
        long rc;
        do {
            rc = Libc.IOCTL.call(listener, SECCOMP_IOCTL_NOTIF_SEND, memory);
        } while (rc == -Errno.EINTR.number()); // a late signal
        if (rc < 0 && rc != -Errno.ENOENT.number() && rc != -Errno.EINPROGRESS.number()) {
            throw new KernelException("ioctl(SECCOMP_IOCTL_NOTIF_SEND)", (int) -rc);
        }
        return rc == 0;
    }

    @Override
    public Unanswered leave() {
        return new Left(id);
    }

    /** To the tracer. */
    private final class Left implements Unanswered {
        private final long left;

        Left(long left) {
            this.left = left;
        }

        @Override
        public boolean restart() {
            return answer(tracersAnswer, left, Ptrace.ERESTARTNOINTR);
        }

        @Override
        public void refuse(int error) {
            answer(tracersAnswer, left, error);
        }
    }
}
