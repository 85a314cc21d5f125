package org.secfilt.tracer;

import java.util.Arrays;

/** One thing a tracee does: a call, or a stop of another kind. */
record Deed(String call, long[] arguments, int stopStatus, long result) {
    static Deed call(String name, long... arguments) {
        return new Deed(name, Arrays.copyOf(arguments, 6), 0, 0);
    }

    /** By another entry of the machine: "i386" or "x32". */
    static Deed foreign(String entry, int number, long... arguments) {
        return call(entry + ":" + number, arguments);
    }

    /** A stop that is no system call: {@code event << 8 | signal}. */
    static Deed stop(int status) {
        return new Deed("", new long[6], status, 0);
    }

    /** A signal on its way, when a call has ended so. */
    static Deed signalIn(int signal, String call, long result, long... arguments) {
        return new Deed(call, Arrays.copyOf(arguments, 6), signal, result);
    }
}
