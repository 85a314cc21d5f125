package org.secfilt.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.secfilt.Requirements;

/** Whose tables hold the rules: the iptables that comes first in PATH. */
enum Backend {
    NFT,
    LEGACY;

    /** Makes the directories that {@link #path} names. */
    static void prepare(NetworkRoom room) throws IOException {
        for (String program : List.of("iptables", "ip6tables", "ping")) {
            Requirements.program(program);
        }
        for (Backend backend : values()) {
            Path directory = Files.createDirectory(room.directory().resolve(backend.toString()));
            for (String family : List.of("iptables", "ip6tables")) {
                for (String suffix : List.of("", "-restore", "-save")) {
                    String real = family + (backend == NFT ? "-nft" : "-legacy") + suffix;
                    Files.createSymbolicLink(directory.resolve(family + suffix), Path.of("/usr/sbin", real));
                }
            }
        }
    }

    String path(NetworkRoom room) {
        return room.directory() + "/" + this + ":/usr/sbin:/usr/bin:/sbin:/bin";
    }
}
