package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The descriptors of the stub after its script has closed some. It runs one thread and one script, so the numbers its calls will get
 * are known beforehand: the lowest that are free.
 */
final class Descriptors {
    private final Set<Integer> open;
    private final List<Integer> closed;
    private final boolean keepsInternet;

    Descriptors(Set<Integer> open, List<Integer> closed, boolean keepsInternet) {
        this.open = Set.copyOf(open);
        this.closed = List.copyOf(closed);
        this.keepsInternet = keepsInternet;
    }

    /** What the script closes first. */
    List<Integer> closed() {
        return closed;
    }

    /** Whether the command has internet sockets that it did not make. */
    boolean keepsInternet() {
        return keepsInternet;
    }

    /** The free number after {@code skipped} lower ones. */
    int free(int skipped) {
        List<Integer> free = new ArrayList<>();
        for (int fd = 0; free.size() <= skipped; fd++) {
            if (!open.contains(fd) || closed.contains(fd)) {
                free.add(fd);
            }
        }
        return free.get(skipped);
    }
}
