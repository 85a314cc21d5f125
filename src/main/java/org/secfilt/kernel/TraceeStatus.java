package org.secfilt.kernel;

import java.util.List;

/**
 * What is known of tracees and their threads, running or not: proc_pid_status(5), proc_pid_stat(5), read anew each time. Of the one thread that
 * {@link Tracees} was made on.
 */
public interface TraceeStatus {
    /** The tracee's name, up to 15 bytes as the tracee set them (escape before printing); empty if it died. */
    byte[] comm(int tid);

    /** The process of the thread, or the thread itself if it died. */
    int tgid(int tid);

    /** The threads of a process, those too that have not stopped yet. */
    List<Integer> threads(int tgid);

    /** The children of a process, those too that have ended and wait to be asked after; empty also if that cannot be told. proc_tid_children(5) */
    List<Integer> children(int tgid);

    /** The process that the tracee's process is a child of; 0 if it died. */
    int parent(int tid);

    /** The file the tracee executes, as /proc tells it; empty if it died. */
    byte[] executable(int tid);

    /** The processor the tracee ran on last, or -1. */
    int processor(int tid);

    /** Whether the thread has a processor, or waits for nothing else. proc(5) "/proc/pid/stat", state R */
    boolean isRunning(int tid);

    /**
     * Whether this signal waits for the thread, and not for its process, and is not blocked: as one does that the kernel forces on it. proc(5)
     * "/proc/pid/status", "SigPnd", "SigBlk"
     */
    boolean isForced(int tid, int signal);

    /** Whether the process has said that it ignores this signal (SIG_IGN): the same, "SigIgn". */
    boolean ignores(int tid, int signal);

    /** Whether it has a handler for it: the same, "SigCgt". */
    boolean catches(int tid, int signal);

    /** Whether a thread has this number, and we trace it. */
    boolean isOurs(int tid);

    /** Whether this tracee is the first thread of its process; false also if that cannot be told. */
    boolean isProcess(int tid);
}
