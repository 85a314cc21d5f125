package org.secfilt.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.firewall.ProfileName;
import org.secfilt.kernel.Cgroups;
import org.secfilt.report.Volume;

/** What stands behind {@code secfilt profile} and {@code secfilt assign}. */
final class ProfileWords {
    /** What a process id has at most. // linux/threads.h PID_MAX_LIMIT */
    private static final int MAX_PID = 1 << 22;

    private final List<String> mistakes;
    private Optional<String> group = Optional.empty();
    private boolean inverted;
    private Optional<String> below = Optional.empty();
    private boolean force;
    private boolean out;
    private Outcome.Profile.Action action = Outcome.Profile.Action.LIST;
    private Optional<ProfileName> name = Optional.empty();
    private Optional<String> file = Optional.empty();
    private final List<Integer> pids = new ArrayList<>();

    /** @param mistakes where those found are added */
    ProfileWords(List<String> mistakes) {
        this.mistakes = mistakes;
    }

    void take(Words.Given given) {
        switch (given.option()) {
            case GROUP -> group = Optional.of(given.value());
            case INVERTED -> inverted = true;
            case FORCE -> force = true;
            case OUT -> out = true;
            case BELOW -> below = Optional.of(given.value().startsWith("/") ? given.value().substring(1) : given.value());
            default -> throw new IllegalArgumentException(given.words());
        }
    }

    /** install NAME [FILE], list, show NAME, remove NAME. */
    void readProfile(List<String> words) {
        if (words.isEmpty()) {
            mistakes.add("write install, list, show or remove");
            return;
        }
        switch (words.get(0)) {
            case "install" -> action = Outcome.Profile.Action.INSTALL;
            case "list" -> action = Outcome.Profile.Action.LIST;
            case "show" -> action = Outcome.Profile.Action.SHOW;
            case "remove" -> action = Outcome.Profile.Action.REMOVE;
            default -> {
                mistakes.add("'" + Printable.escape(words.get(0)) + "' is none of install, list, show, remove");
                return;
            }
        }
        boolean installs = action == Outcome.Profile.Action.INSTALL;
        int most = installs ? 3 : action == Outcome.Profile.Action.LIST ? 1 : 2;
        if (words.size() > 1 && most > 1) {
            readName(words.get(1));
        } else if (most > 1) {
            mistakes.add("the name of a profile is missing");
        }
        if (words.size() > most) {
            mistakes.add("profile " + words.get(0) + " does not take '" + Printable.escape(words.get(most)) + "'");
        } else if (words.size() == 3) {
            file = Optional.of(words.get(2));
        }
        if (!installs && (group.isPresent() || inverted || below.isPresent())) {
            mistakes.add((inverted ? "--inverted" : group.isPresent() ? "--group" : "--below") + " belongs to profile install");
        }
        if (force && action != Outcome.Profile.Action.REMOVE) {
            mistakes.add("--force belongs to profile remove");
        }
    }

    /** NAME PID..., or with --out PID... */
    void readAssign(List<String> words) {
        int from = 0;
        if (!out) {
            if (words.isEmpty()) {
                mistakes.add("the name of a profile is missing");
                return;
            }
            readName(words.get(0));
            from = 1;
        }
        for (String word : words.subList(from, words.size())) {
            readPid(word);
        }
        if (pids.isEmpty() && mistakes.isEmpty()) {
            mistakes.add("no process given");
        }
    }

    private void readName(String word) {
        try {
            name = Optional.of(new ProfileName(word));
        } catch (IllegalArgumentException e) {
            mistakes.add(e.getMessage());
        }
    }

    private void readPid(String word) {
        int pid = 0;
        for (int i = 0; i < word.length() && pid <= MAX_PID; i++) {
            char c = word.charAt(i);
            pid = c >= '0' && c <= '9' ? pid * 10 + c - '0' : MAX_PID + 1;
        }
        if (pid < 1 || pid > MAX_PID) {
            mistakes.add("'" + Printable.escape(word) + "' is no process id; write a number from 1 to " + MAX_PID + ", as ps shows it");
        } else if (!pids.contains(pid)) {
            pids.add(pid);
        }
    }

    Outcome.Profile profile(List<Cgroups.Hierarchy> cgroups, Volume volume) {
        return new Outcome.Profile(action, name, file, group, inverted, below, force, cgroups, volume);
    }

    Outcome.Assign assign(List<Cgroups.Hierarchy> cgroups) {
        return new Outcome.Assign(name, List.copyOf(pids), cgroups);
    }
}
