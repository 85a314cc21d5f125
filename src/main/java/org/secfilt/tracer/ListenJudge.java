package org.secfilt.tracer;

import java.util.Optional;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.verdict.Verdict;

/**
 * listen(2) on a socket that is bound to nothing binds it to every address and a free port, so it is judged as such a bind.
 *
 * <p>Whether a socket is bound its name does not tell: the port of a connection that is over stays in it, and whose connection is
 * under way may lose it at any moment. So where not every address may be listened at, the socket is first bound here to what was judged;
 * the kernel refuses that if it is bound already.
 */
final class ListenJudge {
    static final Verdict ALLOW = new Verdict.Allow(Optional.empty());

    private final AddressJudge judge;

    ListenJudge(AddressJudge judge) {
        this.judge = judge;
    }

    /** Whether the call may go ahead whatever the socket is bound to. A listener only gets a queue of another length. */
    boolean allowsAnywhere(SocketCopy socket, Sockaddr name) {
        return socket.listening() || isAllowed(socket, everywhere(name));
    }

    /** @param name of an internet socket */
    Verdict judge(SocketCopy socket, Sockaddr name) {
        // Who was bound to port 0 has another one by now.
        for (Sockaddr to : new Sockaddr[] {name, atPortZero(name)}) {
            if (isAllowed(socket, to)) {
                int rc = socket.bind(to);
                return rc == 0 || rc == -Errno.EINVAL.number() ? ALLOW : new Verdict.Answer(Errno.of(-rc));
            }
        }
        return judge.judgeBind(name, socket.protocol());
    }

    /** Whether a socket that now listens does so where it may: one that was bound by a connection may have lost it since it was judged. */
    boolean holds(SocketCopy socket) {
        Optional<Sockaddr> name = socket.localAddress();
        return name.isPresent()
                && (isAllowed(socket, name.get()) || isAllowed(socket, atPortZero(name.get())) || isAllowed(socket, everywhere(name.get())));
    }

    private boolean isAllowed(SocketCopy socket, Sockaddr address) {
        return judge.judgeBind(address, socket.protocol()) instanceof Verdict.Allow;
    }

    private static Sockaddr everywhere(Sockaddr name) {
        return name instanceof Sockaddr.Inet
                ? new Sockaddr.Inet(IpAddress.v4(0), 0)
                : new Sockaddr.Inet6(IpAddress.v6(0, 0), 0, 0, 0);
    }

    private static Sockaddr atPortZero(Sockaddr name) {
        return name instanceof Sockaddr.Inet inet
                ? new Sockaddr.Inet(inet.address(), 0)
                : new Sockaddr.Inet6(((Sockaddr.Inet6) name).address(), 0, 0, ((Sockaddr.Inet6) name).scopeId());
    }
}
