package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.plan.Plan;
import org.secfilt.plan.TracedCall;
import org.secfilt.report.LoggedCall;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * Connects of UDP sockets that are denied, and may never have been meant to send anything. To put a name's addresses in order a library connects a
 * socket to each, asks for its own address, and closes it, getaddrinfo(3): at a port that stands for none, or at the one where its caller goes by
 * TCP then. glibc does it with one socket, which it disconnects each time; what comes before an IPv6 address has one of its own. Others try QUIC
 * first. So what is denied is held back until that shows, or does not: by what its thread connects before and next, or soon; and if it may have been
 * for an order, or is allowed to TCP, until its process has gone by TCP, or has ended and has not.
 *
 * <p>Who is about to listen asks for the name of nobody (AI_PASSIVE), and has :: and 0.0.0.0: glibc connects an IPv6 socket to the one and
 * then, by a sockaddr_in, to the other, as nobody else does. So what is denied of :: is held back until that shows. By one thread at a time.
 */
final class Tries {
    /** Of one process: it may look up many names at once, each of which has several addresses. */
    private static final int MOST_OF_ONE = 512;
    private static final int MOST = 1024;
    /** Go's. // net/addrselect.go */
    private static final int DISCARD = 9;
    /** musl's. // src/network/lookup_name.c */
    private static final int LAST = 65535;

    private final Judge judge;
    private final LastConnects last;
    private final List<Try> held = new ArrayList<>();

    Tries(Plan plan, LastConnects last) {
        this.judge = new Judge(plan);
        this.last = last;
    }

    /** One that is held back. */
    private static final class Try {
        final LoggedCall denial;
        final Sockaddr to;
        /** Its process may go on by TCP: waits for that. */
        boolean mayGoOn;
        /** It was here when somebody looked for what has waited for a while. */
        boolean stale;

        Try(LoggedCall denial, boolean mayGoOn) {
            this.denial = denial;
            this.to = denial.call().destination().get();
            this.mayGoOn = mayGoOn;
        }

        boolean waitsForNext() {
            return !mayGoOn && !to.equals(first(port(to)));
        }

        /** Whether a process that goes by TCP to this port may have tried for it. */
        boolean isFor(int port) {
            return mayGoOn && (port(to) == port || isNoPort(port(to)));
        }
    }

    /** Whether it can only have asked for the way: nobody is at port 0; or to listen, and then what was held back for that is dropped. */
    boolean isQuestion(int tid, String call, Optional<Sockaddr> destination, SocketKind socket) {
        if (!isOfUdp(call, destination, socket)) {
            return false;
        }
        Sockaddr to = destination.get();
        return isSecondToListen(to, socket) && (dropByIpv6(tid, port(to)) || isAllowed(first(port(to)), Protocol.UDP)) || port(to) == 0;
    }

    private static boolean isSecondToListen(Sockaddr to, SocketKind socket) {
        return isByIpv6(to, socket) && ((Sockaddr.Inet) to).address().isAny();
    }

    private static boolean isByIpv6(Sockaddr to, SocketKind socket) {
        return socket.domain() == Family.INET6.number() && to instanceof Sockaddr.Inet;
    }

    private static Sockaddr first(int port) {
        return new Sockaddr.Inet6(IpAddress.v6(0, 0), port, 0, 0);
    }

    private static boolean isNoPort(int port) {
        return port == DISCARD || port == LAST;
    }

    /** What the thread's IPv6 socket was for, connected to ::, that is connected over IPv4 now. @return whether it was for anything */
    private boolean dropByIpv6(int tid, int port) {
        boolean dropped = false;
        for (Iterator<Try> tries = held.iterator(); tries.hasNext();) {
            Try one = tries.next();
            if (one.denial.tid() == tid && one.to.equals(first(port))) {
                tries.remove();
                dropped = true;
            }
        }
        return dropped;
    }

    private boolean isAllowed(Sockaddr destination, Protocol protocol) {
        return judge.judge(Action.CONNECT, destination, Optional.of(protocol)) instanceof Verdict.Allow;
    }

    /** Whether it may be a try. */
    boolean mayBeOne(int process, String call, Optional<Sockaddr> destination, SocketKind socket) {
        return isOfUdp(call, destination, socket) && held.size() < MOST && of(process).size() < MOST_OF_ONE;
    }

    private static boolean isOfUdp(String call, Optional<Sockaddr> destination, SocketKind socket) {
        return call.equals(TracedCall.CONNECT.syscall()) && isOfUdp(socket) && destination.isPresent() && isInternet(destination.get());
    }

    static boolean isOfUdp(SocketKind socket) {
        return socket.ruledNumber() == Protocol.UDP.number();
    }

    /** Whether the socket is about to have a peer by TCP. */
    static boolean isOfTcp(Sockaddr destination, SocketKind socket) {
        return socket.ruledNumber() == Protocol.TCP.number() && isInternet(destination);
    }

    private static boolean isInternet(Sockaddr destination) {
        return destination instanceof Sockaddr.Inet || destination instanceof Sockaddr.Inet6;
    }

    /** Of which {@link #mayBeOne} is true. {@link #follow} has been told. */
    void hold(LoggedCall denial) {
        Sockaddr to = denial.call().destination().get();
        Optional<Sockaddr> before = last.of(denial.tid());
        boolean goesOn = before.isPresent() && areOfOneName(before.get(), to);
        held.add(new Try(denial, goesOn || isNoPort(port(to)) || isAllowed(to, Protocol.TCP)));
    }

    void drop(LoggedCall denial) {
        for (Iterator<Try> tries = held.iterator(); tries.hasNext();) {
            if (tries.next().denial == denial) {
                tries.remove();
            }
        }
    }

    /** Whether a thread that connects a socket to the one address, and then to the other, may be putting them in order. */
    private static boolean areOfOneName(Sockaddr one, Sockaddr next) {
        return one instanceof Sockaddr.Unspec || next instanceof Sockaddr.Unspec
                || one instanceof Sockaddr.Inet && next instanceof Sockaddr.Inet6 && port(one) == port(next);
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    /**
     * The thread connects a socket, or would, if it were not denied; or something else of it is denied.
     *
     * @param destination of a connect
     * @param socket what it is about
     * @return what it tried before that, if it is a denial now
     */
    List<LoggedCall> follow(int tid, Optional<Sockaddr> destination, SocketKind socket) {
        boolean connects = destination.isPresent() && isOfUdp(socket);
        List<LoggedCall> failed = new ArrayList<>();
        for (Iterator<Try> tries = held.iterator(); tries.hasNext();) {
            Try one = tries.next();
            if (one.denial.tid() == tid && one.waitsForNext()) {
                one.mayGoOn = connects && areOfOneName(one.to, destination.get());
                if (!one.mayGoOn) {
                    tries.remove();
                    failed.add(one.denial);
                }
            }
        }
        return failed;
    }

    /** The socket, of UDP or of no protocol that matters, may be connected to this address. */
    void goesByUdp(int tid, Sockaddr destination, SocketKind socket) {
        if (isOfUdp(socket) && isByIpv6(destination, socket)) {
            dropByIpv6(tid, port(destination));
        }
    }

    /** The process may be connected to this address: what it tried for that port was for it. */
    void goesByTcp(int process, Sockaddr destination) {
        int port = port(destination);
        for (Iterator<Try> tries = held.iterator(); tries.hasNext();) {
            Try one = tries.next();
            if (one.denial.call().pid() == process && one.isFor(port)) {
                tries.remove();
            }
        }
    }

    /** Looks, every so often, for what no other connect of its thread has followed. @return what was so the last time too: it is a denial now */
    List<LoggedCall> stale() {
        List<LoggedCall> failed = new ArrayList<>();
        for (Iterator<Try> tries = held.iterator(); tries.hasNext();) {
            Try one = tries.next();
            if (one.waitsForNext() && one.stale) {
                tries.remove();
                failed.add(one.denial);
            }
            one.stale = true;
        }
        return failed;
    }

    /** Whether there is any of which what its thread connects next decides. */
    boolean waitForNext() {
        for (Try one : held) {
            if (one.waitsForNext()) {
                return true;
            }
        }
        return false;
    }

    /** What this process tried, which are denials now. */
    List<LoggedCall> endOf(int process) {
        List<Try> own = of(process);
        held.removeAll(own);
        return denials(own);
    }

    private List<Try> of(int process) {
        List<Try> own = new ArrayList<>();
        for (Try one : held) {
            if (one.denial.call().pid() == process) {
                own.add(one);
            }
        }
        return own;
    }

    /** What all have tried. */
    List<LoggedCall> endOfAll() {
        List<LoggedCall> failed = denials(held);
        held.clear();
        return failed;
    }

    private static List<LoggedCall> denials(List<Try> of) {
        List<LoggedCall> denials = new ArrayList<>();
        for (Try one : of) {
            denials.add(one.denial);
        }
        return denials;
    }

    private static int port(Sockaddr of) {
        return of instanceof Sockaddr.Inet inet ? inet.port() : of instanceof Sockaddr.Inet6 inet6 ? inet6.port() : -1;
    }
}
