package org.secfilt.policy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Errno;

/**
 * Files as the process sees them that called us: its working directory, and its descriptors where a name means one's own
 * ({@code /dev/stdin}, {@code /dev/fd/63} of a shell's {@code <(...)}, {@code /proc/self}). {@code -} is standard input too. What was
 * read once is remembered: a pipe gives its text to the first who reads it.
 */
public final class CallerFiles implements Opener {
    private static final String STANDARD_INPUT = "-";
    /** A shell that starts the writer of a FIFO in the background has it there long before. */
    private static final int PATIENCE_MILLIS = 5000;

    private final Path directory;
    private final String process;
    private final StandardInput input;
    private final Map<String, byte[]> read = new HashMap<>();

    /** @param pid the calling process, not ourselves */
    public CallerFiles(Path directory, long pid) {
        this(directory, pid, new StandardInput() { // no lambda: it would cost a start more
            @Override
            public Optional<byte[]> read(int limitBytes) {
                return Optional.empty();
            }
        });
    }

    /** @param input its own */
    public CallerFiles(Path directory, long pid, StandardInput input) {
        this.directory = directory;
        this.process = "/proc/" + pid;
        this.input = input;
    }

    @Override
    public byte[] read(String name, int limitBytes) throws IOException {
        byte[] known = read.get(name);
        if (known != null && known.length <= limitBytes) {
            return known.clone();
        }
        Path path = path(name);
        if (Files.isDirectory(path)) {
            throw new IOException(Errno.EISDIR.text() + "; name a file in it");
        }
        try {
            byte[] bytes = read(path, name, limitBytes);
            if (bytes.length < limitBytes) {
                read.put(name, bytes.clone());
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new IOException(isStandardInput(name) ? "standard input is closed"
                    : isDescriptor(name) ? "this descriptor is not open" : Errno.ENOENT.text(), e);
        } catch (AccessDeniedException e) {
            throw new IOException(Errno.EACCES.text() + "; it is read as the user who runs secfilt", e);
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? "it cannot be read" : e.getReason();
            throw new IOException(reason.startsWith(Errno.ELOOP.text()) ? Errno.ELOOP.text() : reason, e); // there Java guesses further
        }
    }

    private byte[] read(Path path, String name, int limitBytes) throws IOException {
        try (InputStream in = open(path)) {
            return in.readNBytes(limitBytes);
        } catch (FileSystemException e) { // of another user's, or a socket
            Optional<byte[]> bytes = isStandardInput(name) ? input.read(limitBytes) : Optional.empty();
            if (bytes.isPresent()) {
                return bytes.get();
            }
            throw e;
        }
    }

    /** What is no file of a disk may be a FIFO, whose opening waits for who writes to it: not for ever. */
    private static InputStream open(Path path) throws IOException {
        if (Files.isRegularFile(path) || !Files.exists(path)) {
            return Files.newInputStream(path);
        }
        Opening opening = new Opening(path);
        opening.setDaemon(true); // it may never end
        opening.start();
        try {
            opening.join(PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return opening.opened();
    }

    private static final class Opening extends Thread {
        private final Path path;
        private InputStream stream;
        private IOException failure = new IOException("nobody writes to this FIFO; start first who does");

        Opening(Path path) {
            this.path = path;
        }

        @Override
        public void run() {
            try {
                InputStream found = Files.newInputStream(path);
                synchronized (this) {
                    stream = found;
                }
            } catch (IOException e) {
                synchronized (this) {
                    failure = e;
                }
            }
        }

        synchronized InputStream opened() throws IOException {
            if (stream == null) {
                throw failure;
            }
            return stream;
        }
    }

    @Override
    public String identity(String name) throws IOException {
        Path path = path(name);
        try {
            return path.toRealPath().toString();
        } catch (IOException e) {
            // A pipe has no path of its own, and a missing file is found missing when it is read.
            return path.normalize().toString();
        }
    }

    /** A slash at the end asks for a directory. A Path would drop it, and not the dot behind it. */
    private Path path(String name) throws IOException {
        if (name.isEmpty()) {
            throw new IOException(Errno.ENOENT.text());
        }
        try {
            return directory.resolve(ofCaller(name.endsWith("/") ? name + "." : name));
        } catch (InvalidPathException e) {
            throw new IOException(Errno.ENOENT.text(), e);
        }
    }

    /** Whether the name is that of a descriptor, whose directory says nothing of where its text is from. */
    public static boolean isDescriptor(String name) {
        return name.startsWith("/dev/fd/") || name.startsWith("/proc/self/fd/") || isStandardInput(name);
    }

    private static boolean isStandardInput(String name) {
        return name.equals(STANDARD_INPUT) || name.equals("/dev/stdin") || name.equals("/dev/fd/0") || name.equals("/proc/self/fd/0");
    }

    private String ofCaller(String name) {
        if (isStandardInput(name)) {
            return process + "/fd/0";
        }
        if (name.startsWith("/dev/fd/")) {
            return process + "/fd/" + name.substring("/dev/fd/".length());
        }
        return name.startsWith("/proc/self/") ? process + name.substring("/proc/self".length()) : name;
    }
}
