package org.secfilt.lint;

import java.util.ArrayList;
import java.util.List;
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
        for (int i = 0; i < writable.size(); i++) {
            Optional<String> odd = odd(writable, i);
            if (odd.isPresent()) {
                warnings.add(new Warning(writable.get(i).origin(), odd.get()));
            }
        }
        return warnings;
    }

    private Optional<String> odd(List<FileAccess.Writable> writable, int index) {
        if (policy.files().readOnly().isEmpty()) {
            return Optional.of("this adds nothing: no file is read-only");
        }
        String path = links.canonical(writable.get(index).path());
        for (int i = 0; i < writable.size(); i++) {
            String other = links.canonical(writable.get(i).path());
            // Of two of one name the first counts.
            if (i != index && isBelow(path, other) && (i < index || !path.equals(other))) {
                return Optional.of("this adds nothing: " + Printable.escape(writable.get(i).origin().toString()) + " allows all of it already");
            }
        }
        if (path.equals("/")) {
            return Optional.of("this allows every file that the host lets be written");
        }
        if (policy.surroundings().privateTmp() != PrivateTmp.NO && !path.equals(TMP) && isBelow(path, TMP)) {
            return Optional.of("this cannot be had: private-tmp hides it; write /tmp for the command's own");
        }
        return Optional.empty();
    }

    private static boolean isBelow(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory.endsWith("/") ? directory : directory + "/");
    }
}
