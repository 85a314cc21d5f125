package org.secfilt.kernel;

/** The kernel as a sandbox needs it. */
public interface Kernel {
    /** For the tracer thread, and made on it: its memory is its own. */
    Ptrace ptrace();

    /** For the tracer thread, and made on it. */
    Tracees tracees();

    /** For the tracer thread. */
    Affinity affinity();

    /** Makes a vault that tracees map at this address. */
    Vault vault(long address, int lengthBytes);

    Launching launching();

    Accounts accounts();

    /** @param fd the supervisor's end of the socket to the stub */
    FrontEnd frontEnd(int fd, int pid);
}
