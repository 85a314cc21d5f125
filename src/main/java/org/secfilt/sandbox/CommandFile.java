package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.PathResolution;

/**
 * The file that a command's name means: searched as execvp(3) does, in the directories of PATH unless the name has a slash. As in
 * shells, a directory that may not be searched holds no such command.
 *
 * @param file the path to execute; meaningless unless {@code error} is 0
 * @param error 0, or why there is none, as execvp(3) tells it: ENOENT; ENOTDIR for a path through a file, or a PATH that ends in one; EACCES if
 *     one was found that may not be executed; what else stood in the way. But a later directory's command is found all the same
 */
record CommandFile(ByteString file, int error) {
    /** confstr(3) "_CS_PATH" of glibc, taken when PATH is not set. */
    private static final ByteString DEFAULT_PATH = ByteString.of("/bin:/usr/bin");

    static CommandFile find(PathResolution paths, int pid, Command command) {
        byte[] name = command.name().toBytes();
        if (name.length == 0) {
            return new CommandFile(command.name(), Errno.ENOENT.number());
        }
        if (indexOf(name, '/', 0) >= 0) {
            return new CommandFile(command.name(), paths.executable(pid, name));
        }
        int error = Errno.ENOENT.number();
        for (byte[] directory : split(command.path().orElse(DEFAULT_PATH).toBytes())) {
            byte[] candidate = join(directory, name);
            int answer = paths.executable(pid, candidate);
            if (answer == 0) {
                return new CommandFile(ByteString.of(candidate), 0);
            }
            if (answer == Errno.EACCES.number() && !paths.exists(pid, candidate)) {
                answer = Errno.ENOENT.number();
            }
            if (error == Errno.ENOENT.number() || error == Errno.ENOTDIR.number()) {
                error = answer;
            }
        }
        return new CommandFile(command.name(), error);
    }

    private static List<byte[]> split(byte[] path) {
        List<byte[]> directories = new ArrayList<>();
        int from = 0;
        for (int end = indexOf(path, ':', 0); end >= 0; end = indexOf(path, ':', from)) {
            directories.add(Arrays.copyOfRange(path, from, end));
            from = end + 1;
        }
        directories.add(Arrays.copyOfRange(path, from, path.length));
        return directories;
    }

    /** An empty directory is the current one. */
    private static byte[] join(byte[] directory, byte[] name) {
        if (directory.length == 0) {
            return name;
        }
        byte[] joined = Arrays.copyOf(directory, directory.length + 1 + name.length);
        joined[directory.length] = '/';
        System.arraycopy(name, 0, joined, directory.length + 1, name.length);
        return joined;
    }

    private static int indexOf(byte[] bytes, char sought, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == sought) {
                return i;
            }
        }
        return -1;
    }
}
