package org.secfilt.abi;

/** This machine's architecture has no system call table here, so nothing can be enforced on it. */
public final class UnknownArchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnknownArchException(String message) {
        super(message);
    }
}
