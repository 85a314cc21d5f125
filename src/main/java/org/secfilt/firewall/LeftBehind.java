package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.Staying;

/** Tells which traffic of processes that have been moved by net_cls stays in the class of before, where nobody can bring it along. */
final class LeftBehind {
    /** More than can be read at a glance. */
    private static final int MOST = 10;

    private final OwnTables tables;
    private final boolean inward;
    /** What waited before may have been accepted meanwhile: nobody sees that then. */
    private final Set<Staying> before = new LinkedHashSet<>();

    /** @param inward whether they are moved into a profile: out of it, what no profile sees is at its place */
    LeftBehind(OwnTables tables, boolean inward) {
        this.tables = tables;
        this.inward = inward;
    }

    /** Before the process is moved. */
    void note(int pid) {
        for (Staying staying : tables.staying(pid, false)) {
            if (staying.kind() == Staying.Kind.WAITING) {
                before.add(staying);
            }
        }
    }

    /** @throws FirewallException that tells it, a line each */
    void tell(Collection<Integer> moved) throws FirewallException {
        List<String> lines = new ArrayList<>();
        for (int pid : moved) {
            Set<Staying> all = new LinkedHashSet<>();
            for (Staying staying : before) {
                if (staying.pid() == pid) {
                    all.add(staying);
                }
            }
            all.addAll(tables.staying(pid, false));
            add(lines, pid, all);
        }
        if (!lines.isEmpty()) {
            throw new FirewallException(String.join("\n", lines));
        }
    }

    private void add(List<String> lines, int pid, Set<Staying> all) {
        String begin = "process " + pid + " has been moved, but not ";
        String stay = " stay in the class of before: restart it";
        List<Integer> below = new ArrayList<>();
        List<Integer> rings = new ArrayList<>();
        List<Integer> unseen = new ArrayList<>();
        for (Staying staying : all) {
            switch (staying.kind()) {
                case WAITING -> lines.add(begin + "the connections that waited at its descriptor " + staying.fd() + " to be accepted, which" + stay
                        + ", or end those that it had by then: ss -Kt sport = :" + staying.port());
                case BELOW -> below.add(staying.fd());
                case REGISTERED -> rings.add(staying.fd());
                case UNSEEN -> unseen.add(staying.fd());
            }
        }
        if (!below.isEmpty()) {
            String sockets = below.size() == 1 ? "socket, " : "sockets, ";
            lines.add(begin + "the connections below its MPTCP or SMC " + sockets + words(below) + ", which" + stay);
        }
        if (!rings.isEmpty()) {
            lines.add(begin + "sockets that its io_uring alone may hold, " + words(rings) + ", which" + stay);
        }
        if (inward && !unseen.isEmpty()) {
            String sockets = unseen.size() == 1 ? "packet socket or tunnel, " : "packet sockets or tunnels, ";
            lines.add(begin + "what leaves by its " + sockets + words(unseen) + ", for no profile sees that: restart it by secfilt --profile, which"
                    + " closes such");
        }
    }

    private static String words(List<Integer> fds) {
        boolean few = fds.size() <= MOST;
        return (fds.size() == 1 ? "descriptor " : "descriptors ") + ProfileProcesses.words(few ? fds : fds.subList(0, MOST))
                + (few ? "" : " and " + (fds.size() - MOST) + " more");
    }
}
