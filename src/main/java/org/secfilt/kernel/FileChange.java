package org.secfilt.kernel;

import java.util.Optional;

/** A change of a file that is no change of its contents, with everything copied that the caller had in memory. */
public sealed interface FileChange {
    /** chmod(2). */
    record Mode(int mode) implements FileChange {}

    /** chown(2); -1 leaves one as it is. */
    record Owner(int user, int group) implements FileChange {}

    /** utimensat(2): the two {@code struct timespec}; without them, now. */
    record Times(Optional<byte[]> times) implements FileChange {}

    /** setxattr(2). */
    record SetAttribute(byte[] name, byte[] value, int flags) implements FileChange {}

    /** removexattr(2). */
    record RemoveAttribute(byte[] name) implements FileChange {}

    /** truncate(2). */
    record Length(long bytes) implements FileChange {}
}
