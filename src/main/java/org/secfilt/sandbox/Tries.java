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
 * Connects of UDP sockets that are denied, and may never have been meant to send anything. To put a name's addresses in order the C library connects
 * a socket to each, asks for its own address, and closes it, getaddrinfo(3): at port 0, or at the port where its caller goes by TCP then. Others try
 * QUIC first. So what is allowed there to TCP is held back, until its process has gone by TCP, or has ended and has not.
 *
 * <p>Who is about to listen asks for the name of nobody (AI_PASSIVE), and has :: and 0.0.0.0: the library connects an IPv6 socket to the one and
 * then, by a sockaddr_in, to the other, as nobody else does. So what is denied of :: is held back until that shows. By one thread at a time.
 */
final class Tries {
    /** Of one process: no name has as many addresses. */
    private static final int MOST_OF_ONE = 64;
    private static final int MOST = 1024;

    private final Judge judge;
    private final List<LoggedCall> held = new ArrayList<>();

    Tries(Plan plan) {
        this.judge = new Judge(plan);
    }

    /** Whether it can only have asked for the way: nobody is at port 0; or to listen, and then what was held back for that is dropped. */
    boolean isQuestion(int tid, String call, Optional<Sockaddr> destination, SocketKind socket) {
        if (!isOfUdp(call, destination, socket)) {
            return false;
        }
        Sockaddr to = destination.get();
        return isSecondToListen(to, socket) && (dropFirstToListen(tid, port(to)) || isAllowed(first(port(to)), Protocol.UDP))
                || port(to) == 0 && judge.namesDestination(to);
    }

    private static boolean isSecondToListen(Sockaddr to, SocketKind socket) {
        return socket.domain() == Family.INET6.number() && to instanceof Sockaddr.Inet inet && inet.address().isAny();
    }

    private static Sockaddr first(int port) {
        return new Sockaddr.Inet6(IpAddress.v6(0, 0), port, 0, 0);
    }

    private boolean dropFirstToListen(int tid, int port) {
        Sockaddr first = first(port);
        for (Iterator<LoggedCall> calls = held.iterator(); calls.hasNext();) {
            LoggedCall one = calls.next();
            if (one.tid() == tid && one.call().destination().get().equals(first)) {
                calls.remove();
                return true;
            }
        }
        return false;
    }

    private boolean isAllowed(Sockaddr destination, Protocol protocol) {
        return judge.judge(Action.CONNECT, destination, Optional.of(protocol)) instanceof Verdict.Allow;
    }

    /** Whether it may be a try. */
    boolean mayBeOne(int process, String call, Optional<Sockaddr> destination, SocketKind socket) {
        return isOfUdp(call, destination, socket) && held.size() < MOST && of(process).size() < MOST_OF_ONE
                && (isAllowed(destination.get(), Protocol.TCP) || destination.get().equals(first(port(destination.get()))));
    }

    private static boolean isOfUdp(String call, Optional<Sockaddr> destination, SocketKind socket) {
        return call.equals(TracedCall.CONNECT.syscall()) && socket.ruledNumber() == Protocol.UDP.number()
                && destination.isPresent() && (destination.get() instanceof Sockaddr.Inet || destination.get() instanceof Sockaddr.Inet6);
    }

    void hold(LoggedCall one) {
        held.add(one);
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    /** The socket may be connected to this address: if it is of TCP, what its process tried at that port was for it. */
    void goes(int tid, int process, Sockaddr destination, SocketKind socket) {
        if (socket.ruledNumber() == Protocol.TCP.number()) {
            goesByTcp(process, destination);
        } else if (socket.ruledNumber() == Protocol.UDP.number() && isSecondToListen(destination, socket)) {
            dropFirstToListen(tid, port(destination));
        }
    }

    private void goesByTcp(int process, Sockaddr destination) {
        for (Iterator<LoggedCall> calls = held.iterator(); calls.hasNext();) {
            LoggedCall one = calls.next();
            if (one.call().pid() == process && port(one.call().destination().get()) == port(destination)
                    && isAllowed(one.call().destination().get(), Protocol.TCP)) {
                calls.remove();
            }
        }
    }

    /** What this process tried, which are denials now. */
    List<LoggedCall> endOf(int process) {
        List<LoggedCall> failed = of(process);
        held.removeAll(failed);
        return failed;
    }

    private List<LoggedCall> of(int process) {
        List<LoggedCall> own = new ArrayList<>();
        for (LoggedCall one : held) {
            if (one.call().pid() == process) {
                own.add(one);
            }
        }
        return own;
    }

    /** What all have tried. */
    List<LoggedCall> endOfAll() {
        List<LoggedCall> failed = List.copyOf(held);
        held.clear();
        return failed;
    }

    private static int port(Sockaddr of) {
        return of instanceof Sockaddr.Inet inet ? inet.port() : of instanceof Sockaddr.Inet6 inet6 ? inet6.port() : -1;
    }
}
