package org.secfilt.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Stack;
import org.secfilt.abi.Printable;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * A command line taken apart: the options in the order they were given, and where the command begins, or a verb's own words.
 *
 * <p>picocli splits the words; {@link Taker} takes the values in its place, because picocli would convert them by reflection and
 * would give the word after {@code --no-outbound-network} to that option. All of this is on the launch path: the specification is
 * built without annotations, and nothing is interpolated, expanded or looked up.
 *
 * @param commandIndex the first word of the command; the number of words if there is none
 * @param operands of a verb that takes a few; the words of a command are left where they are
 */
record Words(List<Given> given, List<String> mistakes, int commandIndex, List<String> operands) {
    /** One option as it was given. {@code value} is empty for those that take nothing, and for a switch without {@code =}. */
    record Given(Option option, boolean hasValue, String value) {
        /** {@code --allowed-port=22}, however it was spelt. */
        String words() {
            return hasValue ? option.longName() + "=" + value : option.longName();
        }
    }

    Words {
        given = List.copyOf(given);
        mistakes = List.copyOf(mistakes);
        operands = List.copyOf(operands);
    }

    static {
        // Else picocli binds 20 java.time and java.sql types by reflection: 8 ms, for options that are all text.
        System.setProperty("picocli.converters.excludes", ".*");
    }

    /**
     * Before a command, options end at the first word that is no option, or after {@code --}. Among a verb's own words they may stand
     * anywhere before {@code --}.
     */
    static Words split(List<String> all, Verb verb) {
        boolean mixed = verb.operands() == Verb.Operands.WORDS;
        List<String> words = mixed ? all : head(all);
        Splitter splitter = new Splitter(words, verb);
        int index = splitter.options(0);
        List<String> operands = new ArrayList<>();
        while (mixed && index < words.size()) {
            operands.add(words.get(index));
            index = splitter.afterDashes ? index + 1 : splitter.options(index + 1);
        }
        return new Words(splitter.given, splitter.mistakes, splitter.failed ? all.size() : index, operands);
    }

    /** Takes options off the words until one is none. */
    private static final class Splitter {
        final List<Given> given = new ArrayList<>();
        final List<String> mistakes = new ArrayList<>();
        boolean afterDashes;
        boolean failed;
        private final List<String> words;
        private final Verb verb;
        private final CommandLine commandLine;

        Splitter(List<String> words, Verb verb) {
            this.words = words;
            this.verb = verb;
            Factory factory = new Factory();
            this.commandLine = new CommandLine(spec(verb, factory, given, mistakes), factory);
            commandLine.setInterpolateVariables(false);
        }

        /** @return the index of the first word from {@code from} on that is no option; the number of words if there is none */
        int options(int from) {
            List<String> rest;
            try {
                rest = commandLine.parseArgs(words.subList(from, words.size()).toArray(new String[0])).unmatched();
            } catch (ParameterException e) {
                mistakes.add(Printable.escape(e.getMessage()));
                failed = true;
                return words.size();
            }
            int index = words.size() - rest.size();
            afterDashes = index > from && words.get(index - 1).equals("--");
            if (!rest.isEmpty() && !afterDashes && looksLikeOption(words.get(index))) {
                mistakes.add(Unknown.option(words.get(index), verb));
            }
            return index;
        }

        private boolean looksLikeOption(String word) {
            return word.startsWith("-") && !(verb.operands() == Verb.Operands.WORDS && (isNegative(word) || word.equals("-")));
        }

        private static boolean isNegative(String word) {
            return word.length() > 1 && word.charAt(1) >= '0' && word.charAt(1) <= '9';
        }
    }

    /**
     * As much of the words as can matter, for a command may have a hundred thousand: no option takes more than one word, so of two in
     * a row that begin without a dash the second is the command's.
     */
    private static List<String> head(List<String> words) {
        boolean afterPlain = false;
        for (int i = 0; i < words.size(); i++) {
            boolean plain = !words.get(i).startsWith("-");
            if (plain && afterPlain) {
                return words.subList(0, i + 1);
            }
            if (words.get(i).equals("--")) {
                return words.subList(0, Math.min(i + 2, words.size()));
            }
            afterPlain = plain;
        }
        return words;
    }

    private static CommandSpec spec(Verb verb, Factory factory, List<Given> given, List<String> mistakes) {
        CommandSpec spec = CommandSpec.wrapWithoutInspection(null, factory);
        for (Option option : Option.values()) {
            if (verb.has(option)) {
                spec.addOption(OptionSpec.builder(option.names())
                        .arity(option.takes() == Option.Takes.VALUE ? "1" : "0")
                        .type(String.class)
                        .preprocessor(new Taker(option, given, mistakes))
                        .build());
            }
        }
        // Words after the first that is no option are the command's: picocli must not look at them.
        spec.parser().stopAtUnmatched(true).unmatchedArgumentsAllowed(true).expandAtFiles(false);
        return spec;
    }

    /** Takes the value of one option off picocli's stack. */
    private static final class Taker implements IParameterPreprocessor {
        private final Option option;
        private final List<Given> given;
        private final List<String> mistakes;

        Taker(Option option, List<Given> given, List<String> mistakes) {
            this.option = option;
            this.given = given;
            this.mistakes = mistakes;
        }

        @Override
        public boolean preprocess(Stack<String> words, CommandSpec spec, ArgSpec ours, Map<String, Object> info) {
            // "=" after --name= and -n=, "" in a group such as -vq, " " when the next word follows.
            Object separator = info.get("separator");
            boolean equals = "=".equals(separator);
            if (option.takes() == Option.Takes.NOTHING) {
                if (equals) {
                    mistakes.add(option.longName() + " takes no value, and got '" + Printable.escape(words.pop()) + "'");
                } else {
                    given.add(new Given(option, false, ""));
                }
            } else if (option.takes() == Option.Takes.SWITCH) {
                given.add(equals ? new Given(option, true, words.pop()) : new Given(option, false, ""));
            } else if (words.isEmpty() || " ".equals(separator) && isOption(words.peek(), spec)) {
                addMissing();
            } else if (words.peek().isEmpty()) {
                words.pop();
                addMissing();
            } else {
                given.add(new Given(option, true, words.pop()));
            }
            return true;
        }

        private void addMissing() {
            mistakes.add(option.longName() + " needs a value: " + option.longName() + "=" + option.label());
        }

        /** A value that begins with dashes is likely no value but the next option; {@code --policy=--odd} can still be written. */
        private static boolean isOption(String word, CommandSpec spec) {
            return word.startsWith("--") || spec.optionsMap().containsKey(word);
        }
    }

    /** picocli's own would first look for Groovy in the jar, which nothing else opens: 5 ms. */
    private static final class Factory implements IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            return type.getDeclaredConstructor().newInstance();
        }
    }
}
