package org.secfilt.doctor;

/** Looks at one thing of the host. */
public interface Probe {
    Finding look(Look host);
}
