package org.secfilt.tracer;

/** The same, of calls that are notified of. */
class NotifiedMessageStopTest extends MessageStopTest {
    NotifiedMessageStopTest() {
        notifies = true;
    }
}
