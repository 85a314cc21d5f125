package org.secfilt.explain;

import java.util.Optional;
import java.util.Set;
import org.secfilt.plan.Plan;

/** The calls that the filter leaves to the command's Landlock domain. landlock(7) "Filesystem flags", "Scope flags" */
final class LandlockCalls {
    private static final Set<String> WRITES = Set.of(
            "creat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
            "mknod", "mknodat", "truncate", "openat2");
    private static final Set<String> SIGNALS = Set.of(
            "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal");
    // asm-generic/fcntl.h
    private static final long O_ACCMODE = 3;
    private static final long O_CREAT = 0100;
    private static final long O_TRUNC = 01000;
    private static final long O_PATH = 010000000;

    private LandlockCalls() {}

    /** What becomes of a call that the filter allows; empty if nobody else looks at it. */
    static Optional<String> words(Plan plan, Call call) {
        if (plan.policy().restrictsFiles() && writes(call)) {
            return Optional.of("the filter lets it through, and Landlock judges " + path(call) + ": what is not below allow-write ("
                    + plan.policy().files().readOnly().orElseThrow() + ") is refused");
        }
        return plan.scopesSignals() && SIGNALS.contains(call.name())
                ? Optional.of("the filter lets it through, and Landlock refuses it to processes outside of the run") : Optional.empty();
    }

    private static boolean writes(Call call) {
        return switch (call.name()) {
            case "open" -> opensToWrite(call.argument(1));
            case "openat" -> opensToWrite(call.argument(2));
            case "bind" -> true; // of a unix socket, it makes a file
            default -> WRITES.contains(call.name());
        };
    }

    private static String path(Call call) {
        return call.name().equals("bind") ? "the path of a unix socket" : "its path";
    }

    private static boolean opensToWrite(long flags) {
        return (flags & O_PATH) == 0 && (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != 0;
    }
}
