package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
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
 * QUIC first. So what is allowed there to TCP is held back, until its process has gone by TCP, or has ended and has not. By one thread at a time.
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

    /** Whether it can only have asked for the way: nobody is at port 0. */
    boolean isQuestion(String call, Optional<Sockaddr> destination, SocketKind socket) {
        return isOfUdp(call, destination, socket) && port(destination.get()) == 0 && judge.namesDestination(destination.get());
    }

    /** Whether it may be a try. */
    boolean mayBeOne(int process, String call, Optional<Sockaddr> destination, SocketKind socket) {
        return isOfUdp(call, destination, socket) && held.size() < MOST && of(process).size() < MOST_OF_ONE
                && judge.judge(Action.CONNECT, destination.get(), Optional.of(Protocol.TCP)) instanceof Verdict.Allow;
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

    /** The process may connect a TCP socket to this address: what it tried at that port was for it. */
    void goesByTcp(int process, Sockaddr destination) {
        for (Iterator<LoggedCall> calls = held.iterator(); calls.hasNext();) {
            LoggedCall one = calls.next();
            if (one.call().pid() == process && port(one.call().destination().get()) == port(destination)) {
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
