package org.secfilt.filter;

import org.secfilt.abi.Errno;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.TracedCall;

/** A filter's result in words: {@code allow}, {@code trace connect}, {@code EPERM}, {@code listener}. */
final class Outcome {
    private Outcome() {}

    static String print(int result) {
        int data = result & 0xffff;
        switch (result & 0xffff0000) {
            case 0x7fff0000: // SECCOMP_RET_ALLOW
                return "allow";
            case 0x7ff00000: // SECCOMP_RET_TRACE
                for (TracedCall call : TracedCall.values()) {
                    if (call.cookie() == data) {
                        return "trace " + call.syscall();
                    }
                }
                for (FileCall call : FileCall.values()) {
                    if (call.cookie() == data) {
                        return "trace " + call.syscall();
                    }
                }
                return "trace " + (data == Actions.FOREIGN_COOKIE ? "foreign" : data);
            case 0x7fc00000: // SECCOMP_RET_USER_NOTIF
                return "listener";
            case 0x00050000: // SECCOMP_RET_ERRNO
                return Errno.of(data).name();
            default:
                return Integer.toHexString(result);
        }
    }
}
