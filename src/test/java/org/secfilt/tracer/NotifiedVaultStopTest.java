package org.secfilt.tracer;

/** The same, of calls that are notified of. */
class NotifiedVaultStopTest extends VaultStopTest {
    NotifiedVaultStopTest() {
        notifies = true;
    }
}
