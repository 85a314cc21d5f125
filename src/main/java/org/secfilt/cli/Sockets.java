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

    /** How many of the internet's it has, of those that are bound or connected: others have sent nothing. Those that cannot be seen do not count. */
    static int ofInternet(int pid) {
        Set<String> inodes = new HashSet<>();
        for (String table : INTERNET) {
            for (String line : lines(Path.of("/proc/" + pid + "/net/" + table))) {
                String[] fields = line.strip().split(" +");
                if (fields.length > INODE) {
                    inodes.add("socket:[" + fields[INODE] + "]");
                }
            }
        }
        int count = 0;
        String directory = "/proc/" + pid + "/fd";
        String[] names = new File(directory).list();
        for (String name : names == null ? new String[0] : names) {
            try {
                count += inodes.contains(Files.readSymbolicLink(Path.of(directory, name)).toString()) ? 1 : 0;
            } catch (IOException e) {
                // closed meanwhile
            }
        }
        return count;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }
}
