package org.secfilt.lint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PrivateTmp;

/** What is odd about the files that may be written. A path is what it leads to on this host. */
final class FileGrants {
    private static final String TMP = "/tmp";

    private final Policy policy;
    private final Lint.Links links;

    FileGrants(Policy policy, Lint.Links links) {
        this.policy = policy;
        this.links = links;
    }

    List<Warning> warnings() {
        List<Warning> warnings = new ArrayList<>();
        List<FileAccess.Writable> writable = policy.files().writable();
        List<String> paths = new ArrayList<>();
        Map<String, Integer> first = new HashMap<>();
        for (int i = 0; i < writable.size(); i++) {
            paths.add(links.canonical(writable.get(i).path()));
            first.putIfAbsent(paths.get(i), i);
        }
        for (int i = 0; i < writable.size(); i++) {
            Optional<String> odd = odd(paths, first, i);
            if (odd.isPresent()) {
                warnings.add(new Warning(writable.get(i).origin(), odd.get()));
            }
        }
        return warnings;
    }

    private Optional<String> odd(List<String> paths, Map<String, Integer> first, int index) {
        if (policy.files().readOnly().isEmpty()) {
            return Optional.of("this adds nothing: no file is read-only");
        }
        String path = paths.get(index);
        int broad = broadest(path, first, index);
        if (broad != index) {
            String origin = policy.files().writable().get(broad).origin().toString();
            return Optional.of("this adds nothing: " + Printable.escape(origin) + " allows all of it already");
        }
        if (path.equals("/")) {
            return Optional.of("this allows every file that the host lets be written");
        }
        if (policy.surroundings().privateTmp() != PrivateTmp.NO && !path.equals(TMP) && isBelow(path, TMP)) {
            return Optional.of("this cannot be had: private-tmp hides it; write /tmp for the command's own");
        }
        return Optional.empty();
    }

    /** The first that the path is below, or that is the same and comes before; its own index if there is none. */
    private static int broadest(String path, Map<String, Integer> first, int index) {
        int same = first.get(path);
        int broadest = Integer.MAX_VALUE;
        for (int slash = path.lastIndexOf('/'); slash >= 0 && path.length() > 1; slash = path.lastIndexOf('/', slash - 1)) {
            broadest = Math.min(broadest, first.getOrDefault(slash == 0 ? "/" : path.substring(0, slash), Integer.MAX_VALUE));
        }
        return same < index ? Math.min(same, broadest) : broadest == Integer.MAX_VALUE ? index : broadest;
    }

    private static boolean isBelow(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory.endsWith("/") ? directory : directory + "/");
    }
}
