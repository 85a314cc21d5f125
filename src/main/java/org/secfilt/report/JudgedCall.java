package org.secfilt.report;

import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.policy.Origin;

/**
 * A call that was judged: what, where to, by whom, and what decided.
 *
 * @param call the call's name in syscalls(2), or the entry of the machine by which an unknown one came: {@code i386}, {@code x32}
 * @param destination empty for a call that names none, or one that could not be read
 * @param socket what the call was about, where it could be told
 * @param file the path of the file that the call changes
 * @param comm the name of the thread, as it chose it
 * @param why the verdict's words: {@code not in allowed-netmask}
 * @param origin the deciding place in the policy
 */
public record JudgedCall(
        String call,
        Optional<Sockaddr> destination,
        SocketKind socket,
        Optional<ByteString> file,
        ByteString comm,
        int pid,
        String why,
        Origin origin) {
    /** A call that is about no file. */
    public JudgedCall(
            String call, Optional<Sockaddr> destination, SocketKind socket, ByteString comm, int pid, String why, Origin origin) {
        this(call, destination, socket, Optional.empty(), comm, pid, why, origin);
    }

    /** A call that changes a file. */
    public static JudgedCall ofFile(String call, ByteString file, ByteString comm, int pid, String why, Origin origin) {
        return new JudgedCall(call, Optional.empty(), SocketKind.UNKNOWN, Optional.of(file), comm, pid, why, origin);
    }
}
