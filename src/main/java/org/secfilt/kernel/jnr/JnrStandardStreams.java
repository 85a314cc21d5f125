package org.secfilt.kernel.jnr;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.LogFile;
import org.secfilt.kernel.StandardStreams;

/** The standard streams by the C library. */
final class JnrStandardStreams implements StandardStreams {
    // fcntl.h, asm-generic/ioctls.h, poll.h
    private static final int O_RDWR = 2;
    private static final int O_PATH = 010000000;
    private static final int TCGETS = 0x5401;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    private static final int WRITE_PATIENCE_MILLIS = 1000;
    /** PIPE_BUF */
    private static final int CHUNK_BYTES = 4096;
    /** struct termios of the kernel has 36. */
    private static final int SCRATCH_BYTES = 64;

    private final long scratch = NativeMemory.allocate(SCRATCH_BYTES);

    @Override
    public boolean isTerminal(int fd) {
        return Libc.IOCTL.call(fd, TCGETS, scratch) == 0;
    }

    @Override
    public boolean write(int fd, byte[] text) {
        long buffer = NativeMemory.IO.allocateMemory(CHUNK_BYTES, false);
        int written = 0;
        while (written < text.length) {
            if (poll(fd, POLLOUT, WRITE_PATIENCE_MILLIS) == 0) { // where it is refused, nobody knows
                break;
            }
            // A pipe that polls writable takes a page without blocking.
            int length = Math.min(CHUNK_BYTES, text.length - written);
            NativeMemory.IO.putByteArray(buffer, text, written, length);
            long rc = Libc.WRITE.call(fd, buffer, length);
            if (rc < 0 && rc != -Errno.EINTR.number()) {
                break;
            }
            written += (int) Math.max(0, rc);
        }
        NativeMemory.IO.freeMemory(buffer);
        return written == text.length;
    }

    @Override
    public int writeAll(int fd, byte[] text) {
        long buffer = NativeMemory.IO.allocateMemory(text.length, false);
        NativeMemory.IO.putByteArray(buffer, text, 0, text.length);
        int written = 0;
        int error = 0;
        while (written < text.length && error == 0) {
            long rc = Libc.WRITE.call(fd, buffer + written, text.length - written);
            if (rc == -Errno.EAGAIN.number()) { // the caller shares a descriptor that does not block
                poll(fd, POLLOUT, -1);
            } else if (rc < 0 && rc != -Errno.EINTR.number()) {
                error = (int) -rc;
            }
            written += (int) Math.max(0, rc);
        }
        NativeMemory.IO.freeMemory(buffer);
        return error;
    }

    @Override
    public Optional<byte[]> inputOf(int pid, int limitBytes) {
        int copy = Pidfd.copy(new Proc(), pid, 0);
        if (copy < 0) {
            return Optional.empty();
        }
        long buffer = NativeMemory.IO.allocateMemory(CHUNK_BYTES, false);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        long rc = 1;
        while (read.size() < limitBytes && (rc > 0 || rc == -Errno.EINTR.number() || rc == -Errno.EAGAIN.number())) {
            if (rc == -Errno.EAGAIN.number()) { // the caller shares a descriptor that does not block
                poll(copy, POLLIN, -1);
            }
            rc = Libc.READ.call(copy, buffer, Math.min(CHUNK_BYTES, limitBytes - read.size()));
            byte[] bytes = new byte[(int) Math.max(0, rc)];
            NativeMemory.IO.getByteArray(buffer, bytes, 0, bytes.length);
            read.write(bytes, 0, bytes.length);
        }
        NativeMemory.IO.freeMemory(buffer);
        Libc.CLOSE.call(copy);
        return rc < 0 ? Optional.empty() : Optional.of(read.toByteArray());
    }

    private long poll(int fd, int events, int millis) {
        NativeMemory.IO.putLong(scratch, fd & 0xffffffffL | (long) events << 32); // struct pollfd
        return Libc.POLL.call(scratch, 1, millis);
    }

    @Override
    public LogFile error() {
        return JnrLogFile.standardError();
    }

    @Override
    public void closeInputAndOutput() {
        replaceByNull(0);
        replaceByNull(1);
    }

    @Override
    public void releaseError() {
        String target = new String(new Proc().link("self/fd/2"), StandardCharsets.ISO_8859_1);
        if (target.startsWith("pipe:[") || target.startsWith("socket:[")) {
            replaceByNull(2);
        }
    }

    private static void replaceByNull(int fd) {
        long none = Libc.OPEN.call(NativeMemory.string("/dev/null"), O_RDWR, 0);
        if (none < 0) {
            none = Libc.must("open(/)", Libc.OPEN.call(NativeMemory.string("/"), O_PATH, 0));
        }
        Libc.DUP2.call(none, fd);
        if (none > 2) {
            Libc.CLOSE.call(none);
        }
    }
}
