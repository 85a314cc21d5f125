package org.secfilt.cli;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.policy.CallerFiles;
import org.secfilt.policy.Opener;
import org.secfilt.policy.StandardInput;

/** The process that the user started as {@code secfilt}, seen through /proc. It waits while we look. */
final class Caller {
    /** prctl(2) "PR_SET_DUMPABLE" */
    private static final String UNREADABLE = "its caller's environment cannot be read: the real and the effective user or group differ, as in a"
            + " set-user-id program; make them the same before secfilt is called (setpriv --ruid, --rgid)";

    private final int pid;
    private final Path directory;
    private final Opener files;

    /** @param input its standard input */
    Caller(int pid, StandardInput input) {
        this.pid = pid;
        this.directory = Path.of("/proc/" + pid + "/cwd");
        this.files = new CallerFiles(directory, pid, input);
    }

    /** Its words, its own name first. @throws IOException if it has ended */
    List<ByteString> argv() throws IOException {
        return split(read("cmdline"));
    }

    /** Its environment, {@code NAME=value} each. @throws IOException if it has ended */
    List<ByteString> environment() throws IOException {
        try {
            return split(read("environ"));
        } catch (FileNotFoundException e) {
            boolean there = Files.exists(Path.of("/proc/" + pid));
            throw there ? new IOException(UNREADABLE, e) : e;
        }
    }

    /** Its files, by the names that it would use. */
    Opener files() {
        return files;
    }

    /** The absolute path that a name of the caller's leads to, links followed as far as it is there. */
    String canonical(String name) {
        try {
            return canonical(directory.resolve(name)).toString();
        } catch (InvalidPathException e) {
            return name;
        }
    }

    private static Path canonical(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            Path parent = path.getParent();
            Path last = path.getFileName();
            return parent == null || last == null ? path : canonical(parent).resolve(last).normalize();
        }
    }

    /**
     * Writes a file whose name is relative to the caller's directory.
     *
     * @throws IOException with a message that may follow the file's name
     */
    void write(String name, byte[] bytes) throws IOException {
        try (OutputStream out = Files.newOutputStream(directory.resolve(name))) {
            out.write(bytes);
        } catch (NoSuchFileException e) {
            throw new IOException(Errno.ENOENT.text(), e);
        } catch (AccessDeniedException e) {
            throw new IOException(Errno.EACCES.text(), e);
        } catch (FileSystemException e) {
            throw new IOException(e.getReason() == null ? "it cannot be written" : e.getReason(), e);
        }
    }

    private byte[] read(String file) throws IOException {
        try (InputStream in = new FileInputStream("/proc/" + pid + "/" + file)) {
            return in.readAllBytes();
        }
    }

    /** proc(5): each word ends with a NUL, and a word may be empty. */
    static List<ByteString> split(byte[] bytes) {
        List<ByteString> words = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == 0) {
                words.add(ByteString.of(bytes, start, i));
                start = i + 1;
            }
        }
        return words;
    }

    /**
     * The words after the caller's own name, made texts by {@link Utf8} when they are asked for. The command gets its words as they
     * are.
     */
    static List<String> texts(List<ByteString> argv) {
        return new AbstractList<>() {
            @Override
            public String get(int index) {
                return Utf8.decode(argv.get(index + 1).toBytes());
            }

            @Override
            public int size() {
                return Math.max(0, argv.size() - 1);
            }
        };
    }
}
