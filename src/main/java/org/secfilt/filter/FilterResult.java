package org.secfilt.filter;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.TracedCall;

/** What a filter returned, in words. // linux/seccomp.h SECCOMP_RET_* */
public record FilterResult(int value) {
    private static final int ACTION = 0xffff0000;
    private static final int DATA = 0x0000ffff;

    public static FilterResult of(int value) {
        return new FilterResult(value);
    }

    /** The error that the call fails with; empty if it goes on. */
    public Optional<Errno> errno() {
        return (value & ACTION) == Actions.RET_ERRNO ? Optional.of(Errno.of(value & DATA)) : Optional.empty();
    }

    /** Whether the kernel runs it, as far as filters go. */
    public boolean allows() {
        return (value & ACTION) == Actions.RET_ALLOW;
    }

    /** The call that stops for the supervisor; empty if it does not. */
    public Optional<TracedCall> traced() {
        if ((value & ACTION) == Actions.RET_TRACE) {
            for (TracedCall call : TracedCall.values()) {
                if (call.cookie() == (value & DATA)) {
                    return Optional.of(call);
                }
            }
        }
        return Optional.empty();
    }

    /** The call that the supervisor makes in the caller's place; empty if it does not. */
    private Optional<FileCall> changesFile() {
        if ((value & ACTION) == Actions.RET_TRACE) {
            for (FileCall call : FileCall.values()) {
                if (call.cookie() == (value & DATA)) {
                    return Optional.of(call);
                }
            }
        }
        return Optional.empty();
    }

    private boolean isForeign() {
        return value == (Actions.RET_TRACE | Actions.FOREIGN_COOKIE);
    }

    private String tracedName() {
        if (isForeign()) {
            return "foreign";
        }
        if (changesFile().isPresent()) {
            return changesFile().get().syscall();
        }
        return traced().isPresent() ? traced().get().syscall() : Integer.toString(value & DATA);
    }

    /** {@code ALLOW}, {@code ERRNO(EPERM)}, {@code TRACE(connect)}, {@code USER_NOTIF}. */
    @Override
    public String toString() {
        int data = value & DATA;
        return switch (value & ACTION) {
            case Actions.RET_ALLOW -> "ALLOW";
            case Actions.RET_ERRNO -> "ERRNO(" + Errno.of(data).name() + ")";
            case Actions.RET_TRACE -> "TRACE(" + tracedName() + ")";
            case Actions.RET_USER_NOTIF -> "USER_NOTIF";
            default -> "0x" + Integer.toHexString(value);
        };
    }

    /** What becomes of the call, in a sentence. */
    public String meaning() {
        Optional<Errno> errno = errno();
        if (errno.isPresent()) {
            return "the call fails with " + errno.get().name() + " (" + errno.get().text() + "), by the filter alone";
        }
        if (changesFile().isPresent()) {
            return "the call stops for the supervisor, which changes the file in its place if it may be written";
        }
        if (isForeign()) {
            return "the call stops for the supervisor, which tells it, and has it fail with ENOSYS, but for exit and exit_group";
        }
        Optional<TracedCall> traced = traced();
        if (traced.isPresent()) {
            return "the call stops for the supervisor, " + (traced.get().namesAddress()
                    ? "which judges its address; secfilt explain tells the verdict"
                    : traced.get().guardsVault() ? "which refuses it if it touches the vault"
                    : traced.get().changesProcesses() ? "which refuses it if it is about processes outside of the run"
                    : traced.get() == TracedCall.PTRACE ? "which refuses it, and tells it"
                    : traced.get() == TracedCall.SOCKET ? "which first has the firewall judge packets made by hand too" : "which decides");
        }
        return switch (value & ACTION) {
            case Actions.RET_ALLOW -> "the kernel runs it, nobody else looks at it";
            case Actions.RET_USER_NOTIF -> "the supervisor answers it";
            default -> "no filter of secfilt answers this";
        };
    }
}
