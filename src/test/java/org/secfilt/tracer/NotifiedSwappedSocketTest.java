package org.secfilt.tracer;

/** The same, of calls that are notified of. */
class NotifiedSwappedSocketTest extends SwappedSocketTest {
    NotifiedSwappedSocketTest() {
        notifies = true;
    }
}
