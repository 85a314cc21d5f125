package org.secfilt.kernel;

/**
 * Changes of files, made in a tracee's place and with its user, groups and capabilities, if the file is one of those that may be
 * changed. The file that is changed is the very one that was looked at: it is held by a descriptor of ours, so nothing that other
 * processes rename or link meanwhile leads the change elsewhere. Tracer thread only.
 */
public interface FileChanges {
    /**
     * From now on this file may be changed, and if it is a directory all that is below it.
     *
     * @param path absolute and without symbolic links, as the process sees it
     * @return 0 or a negative error number
     */
    int permit(int pid, byte[] path);

    Outcome make(int tid, FileTarget target, FileChange change);

    /** What became of a change. */
    sealed interface Outcome {}

    /** @param result what the call returns: 0 or a negative error number */
    record Made(int result) implements Outcome {}

    /**
     * It was not made.
     *
     * @param path of the file that was not to be changed; as the tracee gave it where that could not be found out
     * @param why empty if the file is none of those that may be changed; else why that could not be told
     */
    record Refused(byte[] path, String why) implements Outcome {}
}
