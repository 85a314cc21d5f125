package org.secfilt.kernel;

/** Answers the calls that the listener of a filter is told of. On the listener's own thread, always the same. */
public interface NotifiedCalls {
    /** Called first, before there is a command. */
    void prepare();

    /** @return whether it is such a call, and then it was answered, or was left to another thread */
    boolean answer(Notification notification);

    /** No call can be answered any more, for this reason. */
    void fail(KernelException why);
}
