package org.secfilt.verdict;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.policy.Origin;

/** What becomes of one judged call. */
public sealed interface Verdict {
    /**
     * The call may run, with the address that was judged.
     *
     * @param rewritten the address to act on in place of the caller's, where the caller's has no fixed meaning
     *     (0.0.0.0 and :: in connect mean loopback, or the socket's own address); empty: the caller's bytes as judged
     */
    record Allow(Optional<Sockaddr> rewritten) implements Verdict {}

    /**
     * The call fails with the policy's error, and is reported.
     *
     * @param why in words, for the report: {@code not in allowed-netmask}, {@code ci.yaml:12:7 denies it (metadata service)}
     * @param origin the deciding place in the policy
     */
    record Deny(Errno errno, String why, Origin origin) implements Verdict {}

    /** The call fails as the kernel itself would have answered it, and is not reported: EINVAL for a short address. */
    record Answer(Errno errno) implements Verdict {}
}
