package org.secfilt.cli;

import java.util.ArrayList;
import java.util.List;
import org.secfilt.policy.Suggestion;

/**
 * What a command line asks secfilt to do. A verb is one only as the first word; without a verb a command is run.
 *
 * <p>A new verb is a row here, its options in {@link #has}, its help in the resource {@code help/VERB.txt}, an {@link Outcome} of its
 * own that {@link Cli} makes, and a class that answers it, which {@link Main} names and a run of a command never loads.
 */
enum Verb {
    RUN("", Operands.COMMAND),
    COMPILE("compile", Operands.NONE),
    EXPLAIN("explain", Operands.WORDS),
    SIMULATE("simulate", Operands.WORDS),
    CHECK("check", Operands.WORDS),
    DOCTOR("doctor", Operands.NONE),
    GC("gc", Operands.NONE),
    PROFILE("profile", Operands.WORDS),
    ASSIGN("assign", Operands.WORDS);

    /** What stands on a command line besides options. */
    enum Operands {
        /** All words from the first that is no option: they are the command's, whatever they look like. */
        COMMAND,
        NONE,
        /** Words of the verb's own, options before, between and behind them. */
        WORDS
    }

    private final String word;
    private final Operands operands;

    Verb(String word, Operands operands) {
        this.word = word;
        this.operands = operands;
    }

    /** The verb of a command line, by its first word. */
    static Verb of(List<String> words) {
        if (!words.isEmpty()) {
            String first = words.get(0);
            for (Verb verb : values()) {
                if (verb != RUN && verb.word.equals(first)) {
                    return verb;
                }
            }
        }
        return RUN;
    }

    /** What to tell about a command that is not there: that it may have been meant for a verb. Empty if nothing is like it. */
    static String meant(String command, boolean first) {
        if (first && (command.equals("help") || command.equals("version"))) {
            return "; write 'secfilt --" + command + "'";
        }
        if (first && (command.equals("run") || command.equals("exec"))) {
            return "; the command stands by itself: secfilt [options] command [args]";
        }
        List<String> words = new ArrayList<>();
        for (Verb verb : values()) {
            if (verb != RUN && verb.word.equals(command) && !first) {
                return "; a verb is the first word: secfilt " + command + " [options]";
            }
            if (verb.word.length() > 2) { // else gcc would be meant for gc
                words.add(verb.word);
            }
        }
        String near = first ? Suggestion.nearest(command, words.toArray(new String[0])) : "";
        return near.isEmpty() ? "" : "; did you mean 'secfilt " + near + "'?";
    }

    /** As the user writes it; empty for {@link #RUN}. */
    String word() {
        return word;
    }

    Operands operands() {
        return operands;
    }

    /** What the user calls, such as {@code secfilt compile}. */
    String program() {
        return this == RUN ? "secfilt" : "secfilt " + word;
    }

    /** Where to read on after a mistake. */
    String tryHelp() {
        return "Try '" + program() + " --help'.";
    }

    boolean has(Option option) {
        return switch (option) {
            case ALLOWED_NETMASK, ALLOWED_PORT, ALLOW_RESOLV, ALLOWED_BIND, NO_OUTBOUND_NETWORK, MAINSTREAM_NETWORK_FAMILIES,
                    ERRNO, INHERIT, FIREWALL, VIOLATION_EXIT, NET, PUBLISH, PRIVATE_TMP, USER, READ_ONLY, ALLOW_WRITE, POLICY, CONFIG,
                    VERBOSE -> makesPolicy();
            case QUIET -> this != DOCTOR;
            case HELP, VERSION -> true;
            case LOG, LANDLOCK, NOTIFICATIONS, NO_SUPERVISOR, PROFILE -> this == RUN;
            case CGROUPS -> this == RUN || this == PROFILE || this == ASSIGN;
            case GROUP, INVERTED, BELOW, FORCE -> this == PROFILE;
            case OUT -> this == ASSIGN;
            case FORMAT, OUTPUT -> this == COMPILE;
            case ARCH -> this == COMPILE || this == SIMULATE;
        };
    }

    /** Whether the options of a policy make sense to it. */
    private boolean makesPolicy() {
        return this != CHECK && this != DOCTOR && this != GC && this != PROFILE && this != ASSIGN;
    }
}
