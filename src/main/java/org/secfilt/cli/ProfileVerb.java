package org.secfilt.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Printable;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.IpVersion;
import org.secfilt.firewall.Profile;
import org.secfilt.firewall.ProfileName;
import org.secfilt.kernel.Accounts;
import org.secfilt.policy.Firewall;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.Opener;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.PolicyPart;
import org.secfilt.policy.ProfileTerms;
import org.secfilt.policy.Resolvers;
import org.secfilt.policy.Surroundings;
import org.secfilt.policy.yaml.PolicyFiles;
import org.secfilt.report.Volume;
import org.secfilt.sandbox.LastingProfiles;

/** {@code secfilt profile} and {@code secfilt assign}: lasting profiles, and who is in them. */
final class ProfileVerb {
    private static final String OWN = "/etc/secfilt/profiles/";
    /** Beside the lib directory, where this runs. */
    private static final String SHIPPED = "../policies/profiles/";
    private static final String RESOLV_CONF = "/etc/resolv.conf";
    private static final int MAX_RESOLV_CONF_BYTES = 64 * 1024;

    private final LastingProfiles lasting;
    private final Accounts accounts;
    private final Opener files;
    private final Streams streams;

    ProfileVerb(LastingProfiles lasting, Accounts accounts, Opener files, Streams streams) {
        this.lasting = lasting;
        this.accounts = accounts;
        this.files = files;
        this.streams = streams;
    }

    /** @return the exit code */
    int answer(Outcome.Profile asked) {
        try {
            return switch (asked.action()) {
                case INSTALL -> install(asked);
                case LIST -> list();
                case SHOW -> show(asked.name().orElseThrow());
                case REMOVE -> remove(asked);
            };
        } catch (InvalidPolicyException e) {
            streams.complain(e.getMessage());
            return Cli.USAGE;
        } catch (FirewallException e) {
            return failed(e, streams);
        }
    }

    /** @return the exit code */
    static int answer(LastingProfiles lasting, Outcome.Assign assign, Streams streams) {
        try {
            return lasting.with(false, (profiles, mount) -> {
                boolean in = assign.profile().isPresent();
                checkOthers(lasting, assign.pids());
                profiles.assign(assign.profile(), assign.pids(), lasting.runs(), lasting.ownTables());
                for (int pid : profiles.unified() ? assign.pids() : List.<Integer>of()) {
                    int sockets = Sockets.ofInternet(pid);
                    if (sockets > 0) {
                        streams.complain("process " + pid + " has " + sockets + (sockets == 1 ? " socket" : " sockets") + " open already, which "
                                + (sockets == 1 ? "stays" : "stay") + " " + (in ? "out of" : "in") + " the profile: this host has cgroups of version"
                                + " 2 alone, by which a socket belongs to where it was made");
                    }
                }
                return Main.OK;
            });
        } catch (FirewallException e) {
            return failed(e, streams);
        }
    }

    private static void checkOthers(LastingProfiles lasting, List<Integer> pids) throws FirewallException {
        for (int pid : pids) {
            if (lasting.isSelf(pid)) {
                throw new FirewallException("process " + pid + " is this secfilt itself, which ends with its answer; name one that goes on");
            }
        }
    }

    private static int failed(FirewallException e, Streams streams) {
        for (String line : e.getMessage().split("\n")) {
            streams.complain(line);
        }
        return Main.FAILED;
    }

    private int install(Outcome.Profile asked) throws FirewallException, InvalidPolicyException {
        ProfileName name = asked.name().orElseThrow();
        String file = asked.file().isPresent() ? asked.file().get() : definition(name);
        List<PolicyPart> parts = PolicyFiles.read(List.of(file), files);
        ProfileTerms terms = ProfileTerms.of(parts);
        boolean inverted = asked.inverted() || terms.inversion().isPresent();
        OptionalInt group = OptionalInt.empty();
        if (asked.group().isPresent() || terms.group().isPresent()) {
            String named = asked.group().isPresent() ? asked.group().get() : terms.group().get().value();
            group = accounts.group(named);
            if (group.isEmpty()) {
                String where = asked.group().isPresent() ? "--group=" + named : terms.group().get().origin() + ": group " + named;
                streams.complain(Printable.escape(where) + ": there is no such group");
                return Cli.USAGE;
            }
        }
        Policy policy = merge(parts);
        List<String> unheld = unheld(policy, file);
        if (!unheld.isEmpty()) {
            for (String one : unheld) {
                streams.complain(Printable.escape(one));
            }
            return Cli.USAGE;
        }
        List<String> tooMuch = RefusalText.of(lasting.refusals(policy), files);
        for (String one : tooMuch) {
            streams.complain(one);
        }
        if (!tooMuch.isEmpty()) {
            return Cli.USAGE;
        }
        OptionalInt who = group;
        lasting.with(true, (profiles, mount) -> {
            try {
                if (who.isPresent()) {
                    mount.show();
                }
                profiles.install(name, policy, inverted, who, asked.below().orElse(""));
            } catch (FirewallException e) {
                mount.hideAgain();
                throw e;
            }
            return name;
        });
        return told(asked, "installed profile " + name + " from " + Printable.escape(file));
    }

    private int told(Outcome.Profile asked, String what) {
        return asked.volume() == Volume.QUIET ? Main.OK : streams.print(what + "\n");
    }

    /** The administrator's own goes before the shipped one. */
    private static String definition(ProfileName name) throws FirewallException {
        Path own = Path.of(OWN + name + ".yaml");
        if (Files.exists(own)) {
            return own.toString();
        }
        try {
            return Path.of(SHIPPED + name + ".yaml").toRealPath().toString();
        } catch (IOException e) {
            throw new FirewallException("no file is given, there is no " + own + ", and secfilt ships no profile " + name);
        }
    }

    private Policy merge(List<PolicyPart> parts) {
        List<IpAddress> nameservers = List.of();
        if (Policy.wantsNameservers(parts)) {
            try {
                nameservers = Resolvers.parse(new String(files.read(RESOLV_CONF, MAX_RESOLV_CONF_BYTES), StandardCharsets.UTF_8));
            } catch (IOException e) {
                nameservers = Resolvers.parse("");
            }
        }
        return Policy.merge(parts, nameservers);
    }

    /** What no packet shows must not look as if it were held. */
    private static List<String> unheld(Policy policy, String file) {
        List<String> unheld = new ArrayList<>();
        String unix = "unix sockets send no packets, so a profile cannot hold rules for them";
        if (policy.noOutbound().isPresent()) {
            unheld.add(leaveOut(unix, "no-outbound-network", policy.noOutbound().get()));
        }
        if (!policy.unix().open()) {
            Origin first = policy.unix().deny().isEmpty() ? policy.unix().modeOrigin() : policy.unix().deny().get(0).origin();
            unheld.add(leaveOut(unix, "unix", first));
        }
        if (policy.families().isPresent()) {
            unheld.add(leaveOut("a profile judges packets, not the families of sockets", "families", policy.families().get().origin()));
        }
        if (policy.restrictsFiles()) {
            unheld.add(leaveOut("a profile judges packets, not files", "filesystem", policy.files().readOnly().get()));
        }
        if (policy.denial() != Errno.EPERM || policy.violationExit().isPresent()) {
            unheld.add(file + ": nobody sees which call a profile's denial meets: leave out errno and violation-exit");
        }
        if (policy.firewall().value() == Firewall.OFF) {
            unheld.add(file + ": a profile is firewall rules, and 'firewall' is off");
        }
        if (!policy.surroundings().equals(Surroundings.EMPTY)) {
            unheld.add(file + ": a profile gives a command no network, /tmp or user of its own");
        }
        if (unheld.isEmpty() && !policy.restrictsDestinations()) {
            unheld.add(file + ": it restricts no destination, so there is nothing for a profile to hold");
        }
        return unheld;
    }

    private static String leaveOut(String why, String key, Origin place) {
        return place + ": " + why + ": leave out '" + key + "'";
    }

    private int remove(Outcome.Profile asked) throws FirewallException {
        ProfileName name = asked.name().orElseThrow();
        lasting.with(true, (profiles, mount) -> {
            profiles.remove(name, asked.force(), lasting.runs(), lasting.ownTables());
            if (profiles.nowhereAny()) {
                mount.hide();
            }
            return name;
        });
        return told(asked, "removed profile " + name);
    }

    private int list() throws FirewallException {
        List<Profile> found = lasting.with(false, (profiles, mount) -> profiles.list());
        int width = "NAME".length();
        for (Profile profile : found) {
            width = Math.max(width, profile.name().text().length());
        }
        StringBuilder text = new StringBuilder();
        if (!found.isEmpty()) {
            text.append(row(width, "NAME", "PROCESSES", "WHO MAY ENTER"));
        }
        for (Profile profile : found) {
            text.append(row(width, profile.name().text(), Integer.toString(profile.members().size()), who(profile)));
        }
        return streams.print(text.toString());
    }

    private static String row(int width, String name, String processes, String who) {
        return name + " ".repeat(width - name.length() + 2) + processes + " ".repeat(11 - processes.length()) + who + "\n";
    }

    private static String who(Profile profile) {
        return profile.group().isPresent() ? "group " + Printable.escape(profile.group().get()) + ", root" : "root";
    }

    private int show(ProfileName name) throws FirewallException {
        boolean sees = lasting.seesRules();
        StringBuilder text = new StringBuilder();
        boolean whole = lasting.with(false, (profiles, mount) -> {
            Profile profile = profiles.find(name);
            text.append("profile    ").append(name).append('\n');
            text.append("enter      ").append(who(profile)).append('\n');
            if (profiles.unified()) {
                text.append("cgroup     /").append(profile.path()).append('\n');
            } else {
                text.append("class      ").append("0x").append(Integer.toHexString(profile.classid())).append('\n');
            }
            text.append("chain      ").append(profile.chain()).append('\n');
            if (!sees) {
                text.append("rules      root can see them\n");
                processes(text, profile);
                return true;
            }
            Profile.Rules rules = profiles.rules(profile);
            text.append("judges     ").append(rules.inverted() ? "all but the processes in it" : "the processes in it").append('\n');
            processes(text, profile);
            for (Map.Entry<String, List<String>> family : rules.byProgram().entrySet()) {
                text.append('\n').append(family.getKey()).append(":\n");
                for (String rule : family.getValue()) {
                    text.append("  ").append(rule).append('\n');
                }
            }
            for (IpVersion lost : rules.lost()) {
                text.append('\n').append(lost.program()).append(":\n  THE RULES ARE GONE; secfilt profile install brings them back\n");
            }
            return rules.lost().isEmpty();
        });
        int printed = streams.print(text.toString());
        return printed == Main.OK && !whole ? Main.FAILED : printed;
    }

    private static void processes(StringBuilder text, Profile profile) {
        if (profile.members().isEmpty()) {
            text.append("processes  none\n");
        }
        for (int i = 0; i < profile.members().size(); i++) {
            int pid = profile.members().get(i);
            text.append(i == 0 ? "processes  " : "           ").append(pid).append(' ').append(name(pid)).append('\n');
        }
    }

    /** proc_pid_comm(5): at most 15 bytes. */
    private static String name(int pid) {
        try {
            return Printable.escape(Files.readString(Path.of("/proc/" + pid + "/comm"), StandardCharsets.ISO_8859_1).strip());
        } catch (IOException e) {
            return "(ended)";
        }
    }
}
