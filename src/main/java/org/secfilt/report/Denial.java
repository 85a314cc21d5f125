package org.secfilt.report;

import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.policy.Origin;

/**
 * A call that the policy denied.
 *
 * @param call the call's name in syscalls(2), or the entry of the machine by which an unknown one came: {@code i386}, {@code x32}
 * @param destination empty for a call that names none, or one that could not be read
 * @param protocol of the socket, where it could be told
 * @param file the path of the file that a call would have changed
 * @param comm the name of the thread, as it chose it
 * @param why the verdict's words: {@code not in allowed-netmask}
 * @param origin the deciding place in the policy
 */
public record Denial(
        String call,
        Optional<Sockaddr> destination,
        Optional<Protocol> protocol,
        Optional<ByteString> file,
        ByteString comm,
        int pid,
        String why,
        Origin origin) {
    /** Of a call that is about no file. */
    public Denial(
            String call, Optional<Sockaddr> destination, Optional<Protocol> protocol, ByteString comm, int pid, String why, Origin origin) {
        this(call, destination, protocol, Optional.empty(), comm, pid, why, origin);
    }

    /** Of a call that would have changed a file. */
    public static Denial ofFile(String call, ByteString file, ByteString comm, int pid, String why, Origin origin) {
        return new Denial(call, Optional.empty(), Optional.empty(), Optional.of(file), comm, pid, why, origin);
    }
}
