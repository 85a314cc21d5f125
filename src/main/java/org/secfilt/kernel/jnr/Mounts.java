package org.secfilt.kernel.jnr;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The mount table of a process, proc_pid_mountinfo(5): {@code 36 35 98:0 /root /point rw,noatime - cgroup2 source rw}. */
final class Mounts {
    private Mounts() {}

    /** Its lines, Latin-1; none if it cannot be read. */
    static List<String> of(int pid) {
        try (InputStream in = new FileInputStream(ProcDirectory.path(pid + "/mountinfo"))) {
            return lines(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return List.of();
        }
    }

    static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int newline = text.indexOf('\n', from);
            int end = newline < 0 ? text.length() : newline;
            lines.add(text.substring(from, end));
            from = end + 1;
        }
        return lines;
    }

    /** The mount point of the line, still escaped, if cgroups of version 2 are mounted there, or those of net_cls. */
    static Optional<String> cgroups(String line, boolean classes) {
        int dash = line.indexOf(" - ");
        if (dash < 0) {
            return Optional.empty();
        }
        String[] fields = line.substring(0, dash).split(" ");
        String[] file = line.substring(dash + 3).split(" ");
        boolean fits = classes
                ? file[0].equals("cgroup") && file.length > 2 && ("," + file[2] + ",").contains(",net_cls,")
                : file[0].equals("cgroup2");
        return fields.length > 4 && fits ? Optional.of(fields[4]) : Optional.empty();
    }

    /**
     * The device of the file system that is mounted, as the kernel keeps it; -1 if no line is that mount's.
     *
     * @param id the mount's number
     */
    static int device(List<String> lines, String id) {
        for (String line : lines) {
            String[] fields = line.split(" ", 4);
            int colon = fields.length < 4 ? -1 : fields[2].indexOf(':');
            if (colon > 0 && fields[0].equals(id)) {
                return Integer.parseInt(fields[2].substring(0, colon)) << UnixDiag.MINOR_BITS | Integer.parseInt(fields[2].substring(colon + 1));
            }
        }
        return -1;
    }

    /** Blanks, tabs, newlines and backslashes stand as three octal digits. */
    static byte[] unescape(String text) {
        byte[] bytes = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 3 < text.length()) {
                c = (char) Integer.parseInt(text.substring(i + 1, i + 4), 8);
                i += 3;
            }
            bytes[length++] = (byte) c;
        }
        return Arrays.copyOf(bytes, length);
    }
}
