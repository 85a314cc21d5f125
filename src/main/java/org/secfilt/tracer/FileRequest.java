package org.secfilt.tracer;

import java.util.Arrays;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.FileChange;
import org.secfilt.kernel.FileTarget;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeMemory;
import org.secfilt.plan.FileCall;

/** A call that changes a file, with all it has in memory copied out of the tracee once. Checked as fs/ checks: fs/open.c, utimes.c, xattr.c. */
record FileRequest(FileTarget target, FileChange change) {
    // linux/limits.h
    private static final int PATH_MAX = 4096;
    private static final int XATTR_NAME_MAX = 255;
    private static final int XATTR_SIZE_MAX = 65536;
    // linux/fcntl.h
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int TIMES_BYTES = 32;
    private static final int UTIMBUF_BYTES = 16;
    private static final long MICROS = 1_000_000;

    /** What the call answers in the place of a change; EPERM: the process made itself unreadable. */
    static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1;
        private final int errno;

        Unreadable(Errno errno) {
            this(errno.number());
        }

        Unreadable(int errno) {
            super(null, null, false, false);
            this.errno = errno;
        }

        int errno() {
            return errno;
        }
    }

    static FileRequest read(TraceeMemory memory, int tid, FileCall call, SyscallStop stop) throws Unreadable {
        return new Reader(memory, tid, stop).request(call);
    }

    private record Reader(TraceeMemory memory, int tid, SyscallStop stop) {
        FileRequest request(FileCall call) throws Unreadable {
            return switch (call) {
                case CHMOD -> new FileRequest(path(0, true), mode(1));
                case FCHMOD -> new FileRequest(descriptor(), mode(1));
                case FCHMODAT -> new FileRequest(at(0), mode(2));
                case FCHMODAT2 -> new FileRequest(at(flags(3)), mode(2));
                case CHOWN -> new FileRequest(path(0, true), owner(1));
                case LCHOWN -> new FileRequest(path(0, false), owner(1));
                case FCHOWN -> new FileRequest(descriptor(), owner(1));
                case FCHOWNAT -> new FileRequest(at(flags(4)), owner(2));
                case UTIME -> new FileRequest(path(0, true), seconds());
                case UTIMES -> new FileRequest(path(0, true), micros(1));
                case FUTIMESAT -> new FileRequest(stop.argument(1) == 0 ? descriptor() : at(0), micros(2));
                case UTIMENSAT -> new FileRequest(timed(), nanos());
                case SETXATTR -> new FileRequest(path(0, true), attribute());
                case LSETXATTR -> new FileRequest(path(0, false), attribute());
                case FSETXATTR -> new FileRequest(descriptor(), attribute());
                case REMOVEXATTR -> new FileRequest(path(0, true), new FileChange.RemoveAttribute(name()));
                case LREMOVEXATTR -> new FileRequest(path(0, false), new FileChange.RemoveAttribute(name()));
                case FREMOVEXATTR -> new FileRequest(descriptor(), new FileChange.RemoveAttribute(name()));
                case TRUNCATE -> new FileRequest(path(0, true), length());
            };
        }

        private FileTarget descriptor() {
            return FileTarget.ofDescriptor((int) stop.argument(0));
        }

        private FileTarget path(int argument, boolean follow) throws Unreadable {
            byte[] path = string(stop.argument(argument), PATH_MAX, Errno.ENAMETOOLONG);
            if (path.length == 0) {
                throw new Unreadable(Errno.ENOENT);
            }
            return FileTarget.ofPath(FileTarget.CWD, path, follow);
        }

        /** Descriptor and path are the first two arguments. */
        private FileTarget at(int flags) throws Unreadable {
            byte[] path = string(stop.argument(1), PATH_MAX, Errno.ENAMETOOLONG);
            int directory = (int) stop.argument(0);
            if (path.length > 0) {
                return FileTarget.ofPath(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
            }
            if ((flags & AT_EMPTY_PATH) == 0) {
                throw new Unreadable(Errno.ENOENT);
            }
            return new FileTarget(directory, path, true, true);
        }

        /** Without a path futimens(3) means the descriptor. */
        private FileTarget timed() throws Unreadable {
            int flags = flags(3);
            if (stop.argument(1) != 0) {
                return at(flags);
            }
            if ((int) stop.argument(0) == FileTarget.CWD) {
                throw new Unreadable(Errno.EFAULT);
            }
            if (flags != 0) {
                throw new Unreadable(Errno.EINVAL);
            }
            return descriptor();
        }

        private int flags(int argument) throws Unreadable {
            int flags = (int) stop.argument(argument);
            if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
                throw new Unreadable(Errno.EINVAL);
            }
            return flags;
        }

        private FileChange mode(int argument) {
            return new FileChange.Mode((int) stop.argument(argument) & 07777);
        }

        private FileChange owner(int argument) {
            return new FileChange.Owner((int) stop.argument(argument), (int) stop.argument(argument + 1));
        }

        private FileChange length() throws Unreadable {
            if (stop.argument(1) < 0) {
                throw new Unreadable(Errno.EINVAL);
            }
            return new FileChange.Length(stop.argument(1));
        }

        private FileChange nanos() throws Unreadable {
            return new FileChange.Times(
                    stop.argument(2) == 0 ? Optional.empty() : Optional.of(bytes(stop.argument(2), TIMES_BYTES)));
        }

        private FileChange micros(int argument) throws Unreadable {
            if (stop.argument(argument) == 0) {
                return new FileChange.Times(Optional.empty());
            }
            byte[] times = bytes(stop.argument(argument), TIMES_BYTES);
            for (int at = 8; at < TIMES_BYTES; at += 16) {
                long micros = ControlMessages.longAt(times, at);
                if (micros < 0 || micros >= MICROS) {
                    throw new Unreadable(Errno.EINVAL);
                }
                putLong(times, at, micros * 1000);
            }
            return new FileChange.Times(Optional.of(times));
        }

        private FileChange seconds() throws Unreadable {
            if (stop.argument(1) == 0) {
                return new FileChange.Times(Optional.empty());
            }
            byte[] seconds = bytes(stop.argument(1), UTIMBUF_BYTES);
            byte[] times = new byte[TIMES_BYTES];
            System.arraycopy(seconds, 0, times, 0, 8);
            System.arraycopy(seconds, 8, times, 16, 8);
            return new FileChange.Times(Optional.of(times));
        }

        private FileChange attribute() throws Unreadable {
            long size = stop.argument(3);
            if (Long.compareUnsigned(size, XATTR_SIZE_MAX) > 0) {
                throw new Unreadable(Errno.E2BIG);
            }
            byte[] value = size == 0 ? new byte[0] : bytes(stop.argument(2), (int) size);
            return new FileChange.SetAttribute(name(), value, (int) stop.argument(4));
        }

        private byte[] name() throws Unreadable {
            byte[] name = string(stop.argument(1), XATTR_NAME_MAX + 1, Errno.ERANGE);
            if (name.length == 0) {
                throw new Unreadable(Errno.ERANGE);
            }
            return name;
        }

        /** A C string of less than {@code limit} bytes, without its NUL. */
        private byte[] string(long address, int limit, Errno tooLong) throws Unreadable {
            byte[] bytes = new byte[limit];
            int got = memory.read(tid, address, bytes, limit);
            if (got < 0) {
                throw new Unreadable(-got);
            }
            for (int end = 0; end < got; end++) {
                if (bytes[end] == 0) {
                    return Arrays.copyOf(bytes, end);
                }
            }
            throw new Unreadable(got < limit ? Errno.EFAULT : tooLong);
        }

        private byte[] bytes(long address, int length) throws Unreadable {
            byte[] bytes = new byte[length];
            int got = memory.read(tid, address, bytes, length);
            if (got != length) {
                throw new Unreadable(got < 0 ? -got : Errno.EFAULT.number());
            }
            return bytes;
        }

        private static void putLong(byte[] into, int at, long value) {
            for (int i = 0; i < 8; i++) {
                into[at + i] = (byte) (value >>> 8 * i);
            }
        }
    }
}
