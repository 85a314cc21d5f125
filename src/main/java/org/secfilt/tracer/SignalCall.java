package org.secfilt.tracer;

/**
 * A call that signals one process or thread, or a group by kill(2); or that says by F_SETOWN whom a file signals.
 *
 * @param first whom, unless that is another one
 */
record SignalCall(int nr, long first, long second, long third, long fourth) {
    static final int ARGUMENTS = 4;

    /** The same signal to another. */
    SignalCall to(int number) {
        return new SignalCall(nr, number, second, third, fourth);
    }

    long argument(int index) {
        return index == 0 ? first : index == 1 ? second : index == 2 ? third : fourth;
    }
}
