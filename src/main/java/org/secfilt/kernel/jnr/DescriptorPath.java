package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.secfilt.kernel.FileTarget;

/**
 * Paths through a descriptor of the tracee's own: the C library changes what a descriptor stands for by {@code /proc/self/fd/N}, shells write
 * {@code /dev/fd/N}, and who names a socket in a deep directory opens that and writes {@code /proc/self/fd/N/name}. To us, /proc/self would
 * be ourselves.
 */
final class DescriptorPath {
    private static final byte[] PROC = {'/', 'p', 'r', 'o', 'c', '/'};
    private static final byte[] DEV_FD = {'/', 'd', 'e', 'v', '/', 'f', 'd', '/'};
    private static final int MOST_DIGITS = 9;

    private DescriptorPath() {}

    /** @return the descriptor, and the rest of the path from there; what was given if it does not lead through one */
    static FileTarget through(Proc proc, int tid, FileTarget target) {
        if (!startsWith(target.path(), PROC) && !startsWith(target.path(), DEV_FD)) {
            return target; // nearly all: a look at /proc/PID/status would be a third of the whole call
        }
        String text = new String(target.path(), StandardCharsets.ISO_8859_1);
        for (String prefix : new String[] {"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/", "/proc/" + proc.tgid(tid) + "/fd/"}) {
            if (!text.startsWith(prefix)) {
                continue;
            }
            int end = prefix.length();
            int number = 0;
            while (end < text.length() && end < prefix.length() + MOST_DIGITS && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
                number = 10 * number + text.charAt(end++) - '0';
            }
            if (end == text.length() && end > prefix.length() && target.follow()) {
                return new FileTarget(number, new byte[0], true, true);
            }
            if (end > prefix.length() && end < text.length() && text.charAt(end) == '/') {
                byte[] rest = text.substring(end).replaceFirst("^/+", "").getBytes(StandardCharsets.ISO_8859_1);
                return new FileTarget(number, rest.length == 0 ? new byte[] {'.'} : rest, target.follow(), true);
            }
        }
        return target;
    }

    private static boolean startsWith(byte[] text, byte[] begin) {
        return text.length >= begin.length && Arrays.equals(text, 0, begin.length, begin, 0, begin.length);
    }
}
