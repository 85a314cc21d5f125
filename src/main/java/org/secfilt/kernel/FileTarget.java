package org.secfilt.kernel;

/**
 * The file that a call of a tracee's names.
 *
 * @param descriptor where a relative path begins, or {@link #CWD}; the file itself if there is no path
 * @param path empty if the descriptor is the file
 * @param follow whether a symbolic link as the last part is followed
 * @param bare a descriptor may stand for the file though it was opened with O_PATH (AT_EMPTY_PATH)
 */
public record FileTarget(int descriptor, byte[] path, boolean follow, boolean bare) {
    /** AT_FDCWD. // linux/fcntl.h */
    public static final int CWD = -100;

    public static FileTarget ofDescriptor(int descriptor) {
        return new FileTarget(descriptor, new byte[0], true, false);
    }

    public static FileTarget ofPath(int directory, byte[] path, boolean follow) {
        return new FileTarget(directory, path, follow, false);
    }
}
