package org.secfilt.report;

import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Family;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Sockaddr;

/** The words for one denial. */
final class DenialText {
    /** A unix path may be 4095 bytes and each be printed as four; a reason in a policy file may be a page. */
    static final int MAX_PART = 480;

    /** Of a call by one of these nothing else is known. */
    private static final Set<String> ENTRIES = Set.of("i386", "x32", "arm");
    private static final String SOCKET = "socket";

    private DenialText() {}

    /** {@code connect 93.184.216.34:443/tcp by curl[1234]: not in allowed-netmask}. */
    static String line(JudgedCall denial) {
        return call(denial) + " by " + name(denial.comm()) + "[" + denial.pid() + "]: " + why(denial);
    }

    /** {@code connect 93.184.216.34:443/tcp by curl, 3 times: not in allowed-netmask}. */
    static String row(JudgedCall denial, long times) {
        String often = times == 1 ? "" : ", " + times + " times";
        return call(denial) + " by " + name(denial.comm()) + often + ": " + why(denial);
    }

    /** What makes a denial distinct. */
    static String withoutPid(JudgedCall denial) {
        return row(denial, 1);
    }

    private static String call(JudgedCall denial) {
        if (denial.file().isPresent()) {
            String path = cut(denial.file().get().toString());
            return path.isEmpty() ? denial.call() : denial.call() + " " + path; // it could not be read
        }
        if (ENTRIES.contains(denial.call())) {
            return denial.call() + " call";
        }
        if (denial.call().equals(SOCKET)) {
            return denial.call() + " " + denial.socket().word().orElse(Family.of(denial.socket().domain()).name());
        }
        return denial.destination().isEmpty() ? denial.call() : denial.call() + " " + destination(denial);
    }

    static String destination(JudgedCall denial) {
        Sockaddr destination = denial.destination().orElseThrow();
        String text = cut(destination.toString());
        boolean internet = destination instanceof Sockaddr.Inet || destination instanceof Sockaddr.Inet6;
        Optional<String> protocol = denial.socket().word();
        return internet && protocol.isPresent() ? text + "/" + protocol.get() : text;
    }

    private static String why(JudgedCall denial) {
        return cut(Printable.escape(denial.why()));
    }

    /** A thread may call itself {@code sh[1]: allowed}: quotes show where its name begins and ends. */
    private static String name(ByteString comm) {
        if (comm.length() == 0) {
            return "?";
        }
        boolean plain = true;
        for (int i = 0; i < comm.length(); i++) {
            byte b = comm.at(i);
            plain &= b > ' ' && b < 0x7f && b != '"' && b != '[' && b != ']' && b != ':' && b != ',';
        }
        String text = cut(comm.toString());
        return plain ? text : '"' + text.replace("\"", "\\\"") + '"';
    }

    private static String cut(String text) {
        return text.length() <= MAX_PART ? text : text.substring(0, MAX_PART) + "...";
    }
}
