package org.secfilt.firewall;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.Programs;

/** The packet filter of this network namespace, as the host's own programs change it. */
public final class Tables {
    /** Where Debian and its kin keep the programs, after the directories of the caller's PATH. */
    private static final List<String> DIRECTORIES = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin");
    private static final String NSENTER = "nsenter";
    private static final String NFT = "-nft";
    private static final List<String> VARIANTS = List.of(NFT, "-legacy");
    /** How the names of iptables' own executables begin. */
    private static final String MULTI_CALL = "xtables-";
    private static final String MULTI_CALL_NFT = "xtables-nft";
    /** For the lock of iptables-legacy: fifty sandboxes may start at once. Whoever waits for us waits longer. */
    private static final String PATIENCE_SECONDS = "60";

    private final Programs programs;
    private final List<String> directories;
    private final List<IpVersion> versions;
    /** What stands between the family and {@code -restore} in a program's name. */
    private final String variant;
    /** Words that come before a program's own, to have it run in another network namespace. */
    private final List<String> entering;
    private final Translation translation;

    /**
     * @param path the caller's PATH: the iptables that the user would get is the one that is used
     * @param versions the families that this host speaks
     */
    public Tables(Programs programs, Optional<String> path, List<IpVersion> versions, Translation translation) {
        this(programs, directories(path), versions, "", List.of(), translation);
    }

    private Tables(Programs programs, List<String> directories, List<IpVersion> versions, String variant, List<String> entering,
            Translation translation) {
        this.programs = programs;
        this.directories = directories;
        this.versions = List.copyOf(versions);
        this.variant = variant;
        this.entering = List.copyOf(entering);
        this.translation = translation;
    }

    private static List<String> directories(Optional<String> path) {
        List<String> directories = new ArrayList<>();
        String list = path.orElse("");
        int from = 0;
        while (from < list.length()) {
            int colon = list.indexOf(':', from);
            int end = colon < 0 ? list.length() : colon;
            directories.add(list.substring(from, end));
            from = end + 1;
        }
        directories.addAll(DIRECTORIES);
        return directories;
    }

    /** These, and those that a run with another iptables would have used: whatever a crash left, it is in one of them. */
    public List<Tables> everyKind() {
        List<Tables> all = new ArrayList<>();
        all.add(this);
        all.addAll(otherKinds());
        return all;
    }

    List<Tables> otherKinds() {
        List<Tables> all = new ArrayList<>();
        for (String other : VARIANTS) {
            Tables tables = new Tables(programs, directories, versions, other, entering, translation);
            // A look by iptables-legacy would make the tables that it looks for.
            if (tables.missing().isEmpty() && (other.equals(NFT) || hasLegacyTables()) && !tables.programs().equals(programs())) {
                all.add(tables);
            }
        }
        return all;
    }

    /** The files that are executed in the end, whatever they are called. */
    private List<String> programs() {
        List<String> files = new ArrayList<>();
        for (IpVersion version : versions) {
            Optional<String> file = programs.find(name(version, "-restore"), directories);
            try {
                files.add(file.isEmpty() ? "" : new File(file.get()).getCanonicalPath());
            } catch (IOException e) {
                files.add(file.get());
            }
        }
        return files;
    }

    /** Of the process's network namespace, which is fresh, by the same programs; nsenter(1) has them run there. */
    public Tables of(int pid) {
        return new Tables(programs, directories, versions, variant, List.of(nsenter().orElse(NSENTER), "-t", Integer.toString(pid), "-n"),
                version -> false);
    }

    private Optional<String> nsenter() {
        return programs.find(NSENTER, directories);
    }

    /** The first program that is not to be found, of those that {@link #of} takes. */
    public Optional<String> missingToEnter() {
        return nsenter().isEmpty() ? Optional.of(NSENTER) : missing();
    }

    private static boolean hasLegacyTables() {
        for (String names : List.of("/proc/net/ip_tables_names", "/proc/net/ip6_tables_names")) {
            try (FileInputStream in = new FileInputStream(names)) {
                if (in.read() >= 0) {
                    return true;
                }
            } catch (IOException e) {
                // the kernel has no such tables at all
            }
        }
        return false;
    }

    public List<IpVersion> versions() {
        return versions;
    }

    /** Whether packets may go elsewhere than their sender wrote, as it is now. */
    boolean translate(IpVersion version) {
        return translation.isIn(version);
    }

    /** The first program that is not to be found. */
    public Optional<String> missing() {
        for (IpVersion version : versions) {
            String name = name(version, "-restore");
            if (programs.find(name, directories).isEmpty()) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    /**
     * Feeds each family its text, all at once. The rules hold then, or are void; that the kernel has forgotten what there was before is not
     * waited for.
     *
     * @param texts in the order of {@link #versions}; an empty one is not fed
     * @return what went wrong; nothing if all were taken
     */
    public List<String> restore(List<String> texts) {
        return complaints(restoreEach(texts));
    }

    /** What went wrong, of {@link #restoreEach}'s answers. */
    static List<String> complaints(List<String> answers) {
        List<String> complaints = new ArrayList<>();
        for (String answer : answers) {
            if (!answer.isEmpty()) {
                complaints.add(answer);
            }
        }
        return complaints;
    }

    /** As {@link #restore}. @return for each text what went wrong; empty if it was taken */
    List<String> restoreEach(List<String> texts) {
        List<Programs.Start> starts = new ArrayList<>();
        List<Integer> fed = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            wrong.add("");
            if (!texts.get(i).isEmpty()) {
                fed.add(i);
                starts.add(start(versions.get(i), "-restore", List.of("--noflush", "-w", PATIENCE_SECONDS), texts.get(i)));
            }
        }
        List<Programs.Ended> ended = isReadByLines(texts) ? programs.feed(starts, MULTI_CALL, MULTI_CALL_NFT) : programs.run(starts);
        for (int i = 0; i < ended.size(); i++) {
            if (ended.get(i).status() != 0) {
                wrong.set(fed.get(i), name(versions.get(fed.get(i)), "-restore") + ": " + oneLine(ended.get(i)));
            }
        }
        return wrong;
    }

    /**
     * Whether each text is done a line after the other by every version: that of 1.8.4 first reads up to such a line, or to the end.
     * // iptables/xtables-restore.c "cmd_needs_full_cache"
     */
    private static boolean isReadByLines(List<String> texts) {
        for (String text : texts) {
            if (!text.isEmpty() && !text.contains("\n-I OUTPUT 1 ") && !text.contains("\n-D ")) {
                return false;
            }
        }
        return true;
    }

    /** Has the texts fed once the cgroup is empty, and then the cgroup removed, by a process that outlives this one. */
    void restoreWhenEmpty(int cgroup, String name, List<String> texts) {
        List<Programs.Start> starts = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            starts.add(start(versions.get(i), "-restore", List.of(), texts.get(i)));
        }
        programs.startWhenEmpty(cgroup, name, starts);
    }

    /**
     * Has the texts fed once the interface is gone, by a process that outlives this one; and if there is no other of its kind then, the files
     * switched off and the last texts fed.
     *
     * @param texts of each family, as in {@link #restore}; so the last ones
     */
    public void restoreWhenGone(String interfaceName, List<String> texts, List<String> last, List<String> files) {
        programs.startWhenGone(interfaceName, starts(texts), starts(last), files);
    }

    private List<Programs.Start> starts(List<String> texts) {
        List<Programs.Start> starts = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            if (!texts.get(i).isEmpty()) {
                starts.add(start(versions.get(i), "-restore", List.of(), texts.get(i)));
            }
        }
        return starts;
    }

    /** What iptables-save says of the filter table of each family; likewise. */
    List<String> save() throws FirewallException {
        return save(List.of("-t", "filter"));
    }

    /**
     * What iptables-save says of all tables that there are, of each family.
     *
     * @throws FirewallException if one says nothing: whoever took that for no rules would leave behind what it made
     */
    public List<String> saveAll() throws FirewallException {
        return save(List.of());
    }

    private List<String> save(List<String> arguments) throws FirewallException {
        List<Programs.Start> starts = new ArrayList<>();
        for (IpVersion version : versions) {
            starts.add(start(version, "-save", arguments, ""));
        }
        List<String> texts = new ArrayList<>();
        List<Programs.Ended> ended = programs.run(starts);
        for (int i = 0; i < ended.size(); i++) {
            if (ended.get(i).status() != 0) {
                throw new FirewallException(name(versions.get(i), "-save") + ": " + oneLine(ended.get(i)));
            }
            texts.add(ended.get(i).output());
        }
        return texts;
    }

    private Programs.Start start(IpVersion version, String suffix, List<String> arguments, String input) {
        String name = name(version, suffix);
        List<String> words = new ArrayList<>(entering);
        words.add(programs.find(name, directories).orElse("/usr/sbin/" + name));
        words.addAll(arguments);
        return new Programs.Start(words.get(0), words.subList(1, words.size()), input);
    }

    private String name(IpVersion version, String suffix) {
        return version.program() + variant + suffix;
    }

    /** The lines of a complaint, hints on how to read the manual left out. */
    private static String oneLine(Programs.Ended ended) {
        StringBuilder line = new StringBuilder();
        int from = 0;
        String said = ended.said();
        while (from < said.length()) {
            int newline = said.indexOf('\n', from);
            int end = newline < 0 ? said.length() : newline;
            String part = said.substring(from, end).trim();
            if (!part.isEmpty() && !part.startsWith("Try `") && !part.startsWith("Error occurred")) {
                line.append(line.length() == 0 ? "" : "; ").append(part);
            }
            from = end + 1;
        }
        if (line.length() > 0) {
            return line.toString();
        }
        return ended.status() > 128 ? "killed by signal " + (ended.status() - 128) : "exit code " + ended.status();
    }

    /** What this network namespace makes of destinations, by whoever's rules, before a packet that leaves comes to a chain of ours. */
    public interface Translation {
        /** Whether packets of the family may get another. */
        boolean isIn(IpVersion version);
    }
}
