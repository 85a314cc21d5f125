package org.secfilt.plan;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Net;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PrivateTmp;
import org.secfilt.policy.Publication;
import org.secfilt.policy.Rule;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Surroundings;

/** The table of layers, made when somebody asks for it: no layer reads it. */
final class Holdings implements Match.Visitor<String> {
    private static final String VAULT = "judges each call";
    private static final String PACKETS = "judges each packet";

    private final List<Holding> table = new ArrayList<>();
    private final String direction;
    private final boolean traced;
    private final boolean judgesPackets;

    private Holdings(Plan plan, String direction) {
        this.direction = direction;
        this.traced = plan.traced();
        this.judgesPackets = plan.judgesPackets() && direction.equals("connect");
    }

    /** For its words alone. */
    Holdings(String direction) {
        this.direction = direction;
        this.traced = false;
        this.judgesPackets = false;
    }

    static List<Holding> of(Plan plan) {
        List<Holding> all = new ArrayList<>();
        Policy policy = plan.policy();
        if (policy.noOutbound().isPresent()) {
            String what = "every connect and send with an address";
            all.add(new Holding(policy.noOutbound().get(), what, Holding.Layer.TRACER, "denied"));
            if (plan.judgesPackets()) {
                all.add(new Holding(policy.noOutbound().get(), what, Holding.Layer.FIREWALL, PACKETS));
            }
        }
        all.addAll(new Holdings(plan, "connect").rules(policy.connect()));
        all.addAll(new Holdings(plan, "bind").rules(policy.bind()));
        all.addAll(new Holdings(plan, "unix").rules(policy.unix()));
        if (plan.allowedFamilies().isPresent()) {
            all.add(new Holding(plan.familiesOrigin(), "families " + words(plan.allowedFamilies().get()),
                    Holding.Layer.FILTER, "all others are refused at socket(2)"));
        }
        files(plan, all);
        surroundings(plan.surroundings(), all);
        builtIn(plan, all);
        return List.copyOf(all);
    }

    private List<Holding> rules(Access access) {
        if (access.open()) {
            return table;
        }
        for (Rule rule : access.deny()) {
            add(rule.origin(), "deny " + rule.match().accept(this));
        }
        if (access.mode() != Mode.ALLOW) {
            for (Rule rule : access.allow()) {
                add(rule.origin(), "allow " + rule.match().accept(this));
            }
        }
        String rest = switch (access.mode()) {
            case ALLOW -> "allowed";
            case DENY -> "denied";
            case LOCAL -> "denied unless loopback";
        };
        add(access.modeOrigin(), direction + ", the rest " + rest);
        return table;
    }

    private void add(Origin origin, String subject) {
        if (traced) {
            table.add(new Holding(origin, subject, Holding.Layer.TRACER, VAULT));
        }
        if (judgesPackets) {
            table.add(new Holding(origin, subject, Holding.Layer.FIREWALL, PACKETS));
        }
    }

    @Override
    public String inet(Match.Inet match) {
        return direction + " " + (match.networks().isEmpty() ? "any address" : words(match.networks()))
                + (match.ports().isEmpty() ? "" : " port " + words(match.ports()))
                + (match.protocol().isPresent() ? " " + match.protocol().get() : "");
    }

    @Override
    public String unixPath(Match.UnixPath match) {
        return "unix:" + match.pattern();
    }

    @Override
    public String unixAbstract(Match.UnixAbstract match) {
        return "unix-abstract:" + match.pattern();
    }

    private static void surroundings(Surroundings own, List<Holding> all) {
        if (own.network() != Net.HOST) {
            all.add(new Holding(own.net().get().origin(), "a network of its own", Holding.Layer.NAMESPACES,
                    own.network() == Net.NONE ? "with a loopback interface alone" : "behind this host's addresses"));
        }
        for (Setting<Publication> publication : own.publications()) {
            all.add(new Holding(publication.origin(), "port " + publication.value() + " published", Holding.Layer.NAMESPACES,
                    "by address translation on this host"));
        }
        if (own.privateTmp() != PrivateTmp.NO) {
            all.add(new Holding(own.tmp().get().origin(), "a /tmp of its own", Holding.Layer.NAMESPACES,
                    "fresh, in memory" + (own.privateTmp() == PrivateTmp.NOEXEC ? ", nothing in it is executed" : "")));
        }
    }

    private static void files(Plan plan, List<Holding> all) {
        if (!plan.policy().restrictsFiles()) {
            return;
        }
        FileAccess files = plan.policy().files();
        Origin readOnly = files.readOnly().orElseThrow();
        for (FileAccess.Writable writable : files.writable()) {
            all.add(new Holding(writable.origin(), "write " + writable.path(), Holding.Layer.LANDLOCK, "allowed there and below"));
        }
        all.add(new Holding(readOnly, "write, the rest denied", Holding.Layer.LANDLOCK, "opened to write, made, moved, linked, removed"));
        all.add(new Holding(readOnly, "mode, owner, times, attributes" + (plan.truncatesPastLandlock() ? ", truncate(2)" : ""),
                Holding.Layer.TRACER, "looks at the file and makes each change itself"));
        all.add(new Holding(readOnly, "mounts, file handles, swap, quotas, ioctls that change files", Holding.Layer.FILTER, "refused"));
    }

    private static void builtIn(Plan plan, List<Holding> all) {
        if (plan.guardsOutside()) {
            all.add(new Holding(Origin.DEFAULT, "typing into the caller's terminal, keys by root's helper", Holding.Layer.FILTER, "refused"));
        }
        if (!plan.supervised()) {
            return;
        }
        if (plan.judgesPackets()) {
            all.add(new Holding(plan.policy().firewall().origin(), "packets of every protocol", Holding.Layer.FIREWALL,
                    plan.judgesWholeNetwork() ? "connect's rules, once more, for all that leaves its network" : "connect's rules, once more"));
        }
        Holding.Layer teller = plan.traced() ? Holding.Layer.TRACER : Holding.Layer.FILTER;
        if (plan.limitsInet() && plan.leavesKinds()) {
            all.add(new Holding(Origin.DEFAULT, "raw, ICMP, SCTP, MPTCP sockets", Holding.Layer.FIREWALL, "judged packet by packet"));
            all.add(new Holding(Origin.DEFAULT, "source routes", teller, "refused"));
        } else if (plan.limitsInet()) {
            all.add(new Holding(Origin.DEFAULT, "raw, ICMP, SCTP sockets, source routes", teller, "refused"));
            all.add(new Holding(Origin.DEFAULT, "MPTCP sockets", Holding.Layer.FILTER, "refused")); // programs try them, and go on without
        }
        all.add(new Holding(Origin.DEFAULT, "io_uring, ptrace, bpf, foreign architectures", Holding.Layer.FILTER, "refused"));
        boolean domain = plan.landlock().isPresent();
        all.add(new Holding(Origin.DEFAULT, "memory of processes outside",
                domain ? Holding.Layer.LANDLOCK : Holding.Layer.FILTER,
                domain ? "a domain of its own" : "their calls are refused, /proc/PID/mem is not: this kernel has no fit Landlock"));
        if (plan.traces(TracedCall.KILL)) {
            all.add(new Holding(Origin.DEFAULT, "signals to processes outside", Holding.Layer.TRACER,
                    "denied, by files too; those of terminals (SIGIO) are not"));
        }
        if (!plan.droppedCapabilities().isEmpty()) {
            all.add(new Holding(Origin.DEFAULT, "root's means to undo it", Holding.Layer.CAPABILITIES,
                    "dropped: " + words(plan.droppedCapabilities())));
        }
    }

    private static String words(List<?> values) {
        StringBuilder words = new StringBuilder();
        for (Object value : values) {
            words.append(words.length() == 0 ? "" : ", ").append(value);
        }
        return words.toString();
    }
}
