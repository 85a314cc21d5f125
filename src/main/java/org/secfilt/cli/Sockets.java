package org.secfilt.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The sockets that a process has open, as proc(5) tells them. */
final class Sockets {
    private static final List<String> INTERNET =
            List.of("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6");
    /** In proc_net(5)'s tables the inode is the tenth column; in some of their lines others follow. */
    private static final int INODE = 9;

    private Sockets() {}

    /**
     * How many of the internet's it has, of those that are bound or connected: others have sent nothing. Those that cannot be seen do not count. Its
     * threads need not share descriptors, and the first may have ended.
     */
    static int ofInternet(int pid) {
        Set<String> seen = new HashSet<>();
        String threads = "/proc/" + pid + "/task/";
        int count = 0;
        for (String tid : names(threads)) {
            count += ofInternet(threads + tid, seen);
        }
        return count;
    }

    /** @param seen the sockets of threads before */
    private static int ofInternet(String thread, Set<String> seen) {
        Set<String> links = new HashSet<>();
        for (String name : names(thread + "/fd")) {
            try {
                String link = Files.readSymbolicLink(Path.of(thread, "fd", name)).toString();
                if (link.startsWith("socket:[")) {
                    links.add(link);
                }
            } catch (IOException e) {
                // closed meanwhile
            }
        }
        links.removeAll(seen);
        seen.addAll(links);
        int count = 0;
        for (String table : links.isEmpty() ? List.<String>of() : INTERNET) {
            for (String line : lines(Path.of(thread, "net", table))) {
                String[] fields = line.strip().split(" +");
                count += fields.length > INODE && links.remove("socket:[" + fields[INODE] + "]") ? 1 : 0;
            }
        }
        return count;
    }

    private static String[] names(String directory) {
        String[] names = new File(directory).list();
        return names == null ? new String[0] : names;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }
}
