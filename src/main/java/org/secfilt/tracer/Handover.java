package org.secfilt.tracer;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.secfilt.kernel.Notification;

/**
 * A notified call that the tracer is to answer.
 *
 * @param begun as {@link Task#begun}
 */
record Handover(int tid, Notification.Unanswered call, int begun) {
    /** Between the listener's thread, which gives, and the tracer, which takes. */
    static final class Desk {
        private final Queue<Handover> handovers = new ConcurrentLinkedQueue<>();

        void give(Handover handover) {
            handovers.add(handover);
        }

        /** Null if there is none. */
        Handover take() {
            return handovers.poll();
        }
    }
}
