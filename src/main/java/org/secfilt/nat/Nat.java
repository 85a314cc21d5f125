package org.secfilt.nat;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.firewall.FirewallException;
import org.secfilt.firewall.IpVersion;
import org.secfilt.firewall.Tables;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.NetworkLock;
import org.secfilt.kernel.Programs;
import org.secfilt.policy.Publication;
import org.secfilt.policy.Setting;

/**
 * One command's network, joined to the host's. Two runs that start or end at once take turns: {@link NetworkLock}.
 *
 * <p>What has to be restored at the end is written down in the rules themselves, so a run that was killed leaves nothing that the next
 * one could not undo.
 */
@SuppressWarnings("try") // a lock is there to be closed
public final class Nat {
    private static final Path SYSCTLS = Path.of("/proc/sys/net");
    private static final List<String> DIRECTORIES = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin");
    /** How ip(8) words EEXIST. */
    private static final String NAME_TAKEN = "File exists";
    private static final String BATCH_FAILED = "Command failed -:";
    private static final int ATTEMPTS = 5;
    private static final List<Cidr> EVERYWHERE = List.of(Cidr.parse("0.0.0.0/0"), Cidr.parse("::/0"));
    private static final String LOOPBACK_V4 = "127.0.0.0/8";

    private final Kernel kernel;
    private final Programs programs;
    private final Tables tables;
    private final Forwarding forwardingV4 = Forwarding.v4(SYSCTLS);
    private final Forwarding forwardingV6 = Forwarding.v6(SYSCTLS);
    /** In the order of the tables. */
    private final List<NatFamily> families = new ArrayList<>();
    /** The pair's interface, from when it may be there until it is taken away, or left to another to take away. */
    private Optional<String> ours = Optional.empty();
    /** The command's own addresses. */
    private final List<IpAddress> own = new ArrayList<>();

    public Nat(Kernel kernel, Tables tables) {
        this.kernel = kernel;
        this.programs = kernel.programs();
        this.tables = tables;
        for (IpVersion version : tables.versions()) {
            families.add(new NatFamily(version, version == IpVersion.V4 ? forwardingV4 : forwardingV6));
        }
    }

    /**
     * Joins the network namespace of the process to ours.
     *
     * @throws NatException if a step fails; all is as it was then
     */
    public void join(int pid, List<Setting<Publication>> publications) throws NatException {
        try (NetworkLock lock = kernel.lockNetwork()) {
            String ip = program("ip");
            String nsenter = program("nsenter");
            Optional<String> missing = tables.missing();
            if (missing.isPresent()) {
                throw new NatException("the program " + missing.get() + " is missing (on Debian: apt-get install iptables)");
            }
            removeDead();
            List<String> listings = listings(tables);
            String routes = run(ip, List.of("-o", "route", "show", "table", "all"), "");
            boolean v6 = tables.versions().contains(IpVersion.V6) && forwardingV6.isPossible();
            if (v6) {
                routes += run(ip, List.of("-6", "-o", "route", "show", "table", "all"), "");
            }
            List<String> everyKind = publications.isEmpty() ? List.of() : allListings();
            for (Setting<Publication> publication : publications) {
                checkFree(publication, everyKind, Subnets.local(routes));
            }
            List<Cidr> taken = Subnets.taken(routes);
            int seed = (int) System.nanoTime(); // in a process namespace of its own each run has the same pid
            Subnets subnets = Subnets.chooseV4(taken, seed)
                    .orElseThrow(() -> new NatException("no private IPv4 network is free on this host"));
            NatLink link = make(ip, pid, subnets, v6 ? Subnets.chooseV6(taken, seed) : Optional.empty());
            try {
                own.addAll(link.own());
                forgetFlows(taken); // of runs that nobody supervised, or that were killed
                boolean closed = link.v6().isEmpty() && closeV6(link.name());
                forwardingV4.refuseStrangers(link.name());
                if (link.v6().isPresent()) {
                    forwardingV6.refuseAdvice(link.name());
                }
                run(ip, List.of("-batch", "-"), link.atHost());
                run(nsenter, List.of("-t", Integer.toString(pid), "-n", ip, "-batch", "-"), link.atCommand());
                forward(link, publications, listings, closed);
                new FormerFlows(kernel.networks(), routes).forget(link, publications); // only now: until now they would have gone there again
            } catch (NatException | IOException | KernelException e) {
                throw new NatException(e.getMessage() + undoing(ip));
            }
        }
    }

    /** @return false if that is for the rules to do */
    private boolean closeV6(String name) throws IOException {
        try {
            forwardingV6.close(name);
            return true;
        } catch (IOException e) { // /proc/sys may be read-only
            if (!tables.versions().contains(IpVersion.V6)) {
                throw e;
            }
            return false;
        }
    }

    /** The pair, under a name that is nobody else's: what is not ours must not be undone. */
    private NatLink make(String ip, int pid, Subnets v4, Optional<Subnets> v6) throws NatException {
        for (int attempt = 1; ; attempt++) {
            NatLink link = new NatLink(NatLink.freshName(pid), v4, v6);
            try {
                run(ip, List.of("-batch", "-"), link.addition(pid));
                ours = Optional.of(link.name());
                return link;
            } catch (NatException e) {
                boolean taken = e.getMessage().contains(NAME_TAKEN);
                if (!taken) {
                    ours = Optional.of(link.name()); // a program that is killed may have done it all
                }
                if (!taken || attempt == ATTEMPTS) {
                    throw new NatException(e.getMessage() + (taken ? "" : undoing(ip)));
                }
            }
        }
    }

    private String undoing(String ip) {
        List<String> left = undo(ip);
        return left.isEmpty() ? "" : "; undoing it: " + String.join("; ", left);
    }

    private void forward(NatLink link, List<Setting<Publication>> settings, List<String> listings, boolean closed)
            throws NatException, IOException {
        List<Publication> publications = new ArrayList<>();
        for (Setting<Publication> setting : settings) {
            publications.add(setting.value());
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < families.size(); i++) {
            NatFamily family = families.get(i);
            Optional<Subnets> subnets = link.of(family.isV4());
            if (subnets.isPresent()) {
                String loopback = family.isV4() ? LOOPBACK_V4 : "";
                PairRules rules = new NatRules(link.name(), subnets.get(), Forwarding.ports(SYSCTLS), publications, loopback);
                texts.add(family.installOpen(rules, listings.get(i), SYSCTLS));
            } else {
                texts.add(closed ? "" : family.install(new ClosedRules(link.name())));
            }
        }
        List<String> wrong = tables.restore(texts);
        if (!wrong.isEmpty()) {
            throw new NatException(wrong.get(0));
        }
        for (NatFamily family : families) {
            if (link.of(family.isV4()).isPresent()) {
                family.turnOn(link.name());
            }
        }
        if (!publications.isEmpty()) {
            forwardingV4.routeLoopback(link.name());
        }
    }

    /** Takes all of it down, once; the command's last process has ended. @return what could not be undone, in words */
    public List<String> leave() {
        if (ours.isEmpty()) {
            return List.of();
        }
        try (NetworkLock lock = kernel.lockNetwork()) {
            return undo(program("ip"));
        } catch (NatException | KernelException e) {
            return List.of(e.getMessage());
        }
    }

    /**
     * Leaves the taking down to a process that outlives this one.
     *
     * @throws NatException if there can be none; then it is still ours
     */
    public void leaveAlone() throws NatException {
        List<String> removals = new ArrayList<>();
        List<String> lastRemovals = new ArrayList<>();
        List<String> lastFiles = new ArrayList<>();
        for (NatFamily family : families) {
            removals.add(family.removal());
            lastRemovals.add(family.lastRemoval());
            lastFiles.addAll(family.lastFiles());
        }
        try {
            tables.restoreWhenGone(ours.orElseThrow(), removals, lastRemovals, lastFiles);
            ours = Optional.empty();
        } catch (KernelException e) {
            throw new NatException(e.getMessage());
        }
    }

    private List<String> undo(String ip) {
        List<String> wrong = new ArrayList<>();
        if (ours.isPresent() && mayBeThere(ours.get())) {
            try {
                run(ip, List.of("-batch", "-"), NatLink.removal(ours.get()));
            } catch (NatException e) {
                if (mayBeThere(ours.get())) { // else its namespace ended meanwhile, and took it along
                    wrong.add(e.getMessage());
                }
            }
        }
        ours = Optional.empty();
        wrong.addAll(removeDead());
        forgetFlows(EVERYWHERE); // only now: nothing leads to the command any more
        return wrong;
    }

    /** Else who was asked by a command could go on to the next one that has its addresses; and the ports that it left from would stay taken. */
    private void forgetFlows(List<Cidr> taken) {
        PortRange ports = PortRange.parse(Forwarding.ports(SYSCTLS));
        for (IpAddress address : own) {
            kernel.networks().forgetFlows(address, Subnets.choices(address.isV4()), taken, ports);
        }
    }

    /** Takes down what runs have left that are no more. @return what could not be undone */
    private List<String> removeDead() {
        List<String> wrong = new ArrayList<>();
        for (Tables kind : tables.everyKind()) { // one after the other: two may be the same tables, by two programs
            removeDead(kind, wrong);
        }
        return wrong;
    }

    private void removeDead(Tables kind, List<String> wrong) {
        List<String> interfaces;
        List<String> listings;
        try {
            listings = listings(kind);
            interfaces = interfaces(); // later: what has rules by now has its interface
        } catch (NatException e) {
            wrong.add(e.getMessage());
            return;
        }
        List<String> alive = new ArrayList<>();
        for (String there : interfaces) {
            if (NatLink.isName(there)) {
                alive.add(there);
            }
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < families.size(); i++) {
            texts.add(NatListing.removal(listings.get(i), alive));
            if (alive.isEmpty()) {
                families.get(i).turnOff(listings.get(i), interfaces, wrong);
            }
        }
        wrong.addAll(kind.restore(texts));
    }

    /** Removes what crashed runs have left in this network namespace. @return what was removed, in words */
    public List<String> collect() throws NatException {
        try (NetworkLock lock = kernel.lockNetwork()) {
            List<String> before = NatListing.ours(allListings());
            List<String> wrong = removeDead();
            if (!wrong.isEmpty()) {
                throw new NatException(String.join("\n", wrong));
            }
            return before.equals(NatListing.ours(allListings())) ? List.of() : List.of("rules of networks that are no more");
        }
    }

    /** The rules there are, of every kind: another run may have another iptables. */
    private List<String> allListings() throws NatException {
        List<String> all = new ArrayList<>();
        for (Tables kind : tables.everyKind()) {
            all.addAll(listings(kind));
        }
        return all;
    }

    /** The rules there are, of each family. */
    private static List<String> listings(Tables kind) throws NatException {
        try {
            return kind.saveAll();
        } catch (FirewallException e) {
            throw new NatException(e.getMessage());
        }
    }

    private static boolean mayBeThere(String name) {
        try {
            return interfaces().contains(name);
        } catch (NatException e) {
            return true;
        }
    }

    /** Of the supervisor's own network namespace, as /sys/class/net need not be. */
    private static List<String> interfaces() throws NatException {
        List<String> names = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/net/dev"), StandardCharsets.ISO_8859_1)) {
                int colon = line.indexOf(':');
                if (colon > 0) {
                    names.add(line.substring(0, colon).trim());
                }
            }
        } catch (IOException e) {
            throw new NatException("read(/proc/net/dev): " + e.getMessage() + "; so nobody knows which networks are alive");
        }
        return names;
    }

    /** A published port must not take the connections of a server of the host's, or of another run's. */
    private static void checkFree(Setting<Publication> setting, List<String> listings, List<Cidr> local) throws NatException {
        Publication publication = setting.value();
        for (String listing : listings) {
            Optional<String> rule = NatListing.leading(listing, publication.protocol(), publication.hostPort(), local);
            if (rule.isPresent()) {
                throw new NatException(setting.origin() + ": port " + publication.hostPort() + "/" + publication.protocol()
                        + (NatListing.isOurs(rule.get()) ? " is published by another run already"
                        : " is led elsewhere by a rule of this host's: " + rule.get()));
            }
        }
        try {
            if (publication.protocol() == Protocol.TCP) {
                new ServerSocket(publication.hostPort()).close();
            } else {
                new DatagramSocket(publication.hostPort()).close();
            }
        } catch (IOException e) {
            throw new NatException(setting.origin() + ": port " + publication.hostPort() + "/" + publication.protocol()
                    + " of this host is in use: " + e.getMessage());
        }
    }

    private String program(String wanted) throws NatException {
        return programs.find(wanted, DIRECTORIES).orElseThrow(() -> new NatException("the program " + wanted
                + " is missing (on Debian: apt-get install " + (wanted.equals("ip") ? "iproute2" : "util-linux") + ")"));
    }

    /** What {@code ip -batch} was doing: it says {@code Command failed -:2} of the second line. Ours have fewer than ten. */
    private static String failedLine(String said, String input) {
        int at = said.indexOf(BATCH_FAILED) + BATCH_FAILED.length();
        int number = at < BATCH_FAILED.length() || at == said.length() ? 0 : said.charAt(at) - '0';
        String[] lines = input.split("\n");
        return number < 1 || number > lines.length ? "" : lines[number - 1] + ": ";
    }

    private String run(String file, List<String> arguments, String input) throws NatException {
        Programs.Ended ended = programs.run(List.of(new Programs.Start(file, arguments, input))).get(0);
        if (ended.status() != 0) {
            throw new NatException(file + " " + String.join(" ", arguments) + ": " + failedLine(ended.said(), input)
                    + ended.said().strip().replace("\n", "; "));
        }
        return ended.output();
    }
}
