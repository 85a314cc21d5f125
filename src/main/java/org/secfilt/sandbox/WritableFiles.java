package org.secfilt.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Printable;
import org.secfilt.kernel.NamedFile;
import org.secfilt.kernel.PathResolution;
import org.secfilt.kernel.UnresolvedPath;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Origin;

/** The files of a policy that may be written, found before anything is run: what a path leads to now is what is meant. */
final class WritableFiles {
    /** Each takes three steps of the launch script, which may have 4096. */
    private static final int MAX_FILES = 1000;

    private static final String TMP = "/tmp";

    private final List<NamedFile> files = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();

    /** @param hidesTmp whether the command gets a /tmp of its own: then that one can be named, and what is in the host's cannot */
    WritableFiles(PathResolution paths, int pid, FileAccess access, boolean hidesTmp) {
        if (access.writable().size() > MAX_FILES) {
            refusals.add("allow-write names more than " + MAX_FILES + " files; name a directory that holds them");
            return;
        }
        for (FileAccess.Writable writable : access.writable()) {
            try {
                NamedFile file = paths.follow(pid, writable.path().getBytes(StandardCharsets.UTF_8));
                if (isOfOneProcess(file.path())) {
                    refuse(writable, "what one process has in /proc cannot be allowed");
                } else if (hidesTmp && file.path().toString().startsWith(TMP + "/")) {
                    refuse(writable, "the command's own /tmp hides it; name /tmp, which then is the command's, or leave out --private-tmp");
                } else {
                    files.add(file);
                }
            } catch (UnresolvedPath e) {
                String why = Errno.of(e.errno()).text();
                refuse(writable, e.errno() == Errno.ENOENT.number() ? why + "; it must exist before the run" : why);
            }
        }
    }

    private void refuse(FileAccess.Writable writable, String why) {
        Origin origin = writable.origin();
        String place = origin.line() == 0 ? origin.toString() : origin + ": " + writable.path(); // an option has it in its words
        refusals.add(Printable.escape(place) + ": " + why);
    }

    /** {@code /proc/self} would be ourselves. */
    private static boolean isOfOneProcess(ByteString path) {
        return path.toString().matches("/proc/[0-9].*");
    }

    /** Without symbolic links. */
    List<NamedFile> files() {
        return List.copyOf(files);
    }

    List<ByteString> paths() {
        List<ByteString> paths = new ArrayList<>();
        for (NamedFile file : files) {
            paths.add(file.path());
        }
        return paths;
    }

    /** Why nothing can be run; empty if all were found. */
    List<String> refusals() {
        return List.copyOf(refusals);
    }
}
