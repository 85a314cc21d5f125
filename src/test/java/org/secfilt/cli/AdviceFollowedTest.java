package org.secfilt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Arch;
import org.secfilt.explain.Destination;
import org.secfilt.explain.DestinationReader;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.MemoryFiles;
import org.secfilt.report.Advice;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * Command lines at random, with policies and INI files: whoever changes them to the letter of the advice is allowed what was denied.
 * {@code -Dsecfilt.seed} repeats a run.
 */
class AdviceFollowedTest {
    private static final String[] INET = {
        "10.0.0.0/8", "10.1.2.3", "10.1.2.3:80", "loopback", "\"[::1]:443\"", "\"::/0\"", "{port: 80}", "{protocol: udp}", "0.0.0.0",
        "{address: 10.0.0.0/8, protocol: tcp}", "\"fd00::/8\"", "0.0.0.0/0",
    };
    private static final String[] UNIX = {"/run/a", "/run/**", "\"@a\"", "\"@*\"", "/**"};
    private static final String[] OPTIONS = {
        "allowed-netmask=10.0.0.0/8", "allowed-netmask=127.0.0.1", "allowed-netmask=fd00::/8", "allowed-port=80", "allowed-port=443-500",
        "allowed-bind=127.0.0.1", "allowed-bind=[::1]:80",
    };
    private static final String[] DESTINATIONS = {
        "tcp 10.1.2.3:80", "udp 10.1.2.3:80", "tcp 11.0.0.1:443", "tcp [::1]:443", "udp [fd00::1]:53", "tcp 0.0.0.0:80", "tcp [::]:80",
        "tcp [::ffff:10.1.2.3]:80", "tcp [::ffff:0.0.0.0]:80", "send udp 127.0.0.1:53", "bind tcp 10.1.2.3:80", "bind tcp [::]:80",
        "bind udp 0.0.0.0:0", "bind tcp [::ffff:10.1.2.3]:81", "unix:/run/a", "unix:/run/b c", "unix:@a", "unix:@b:c",
    };
    private static final String[] FAMILIES = {"unix", "inet", "inet6"};
    private static final Host HOST = new Host(Arch.X86_64, 7, false);

    private final long seed = Long.getLong("secfilt.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void whoever_follows_the_advice_is_allowed() throws Exception {
        int denied = 0;
        for (int round = 0; round < 4000; round++) {
            CommandLine line = random();
            String before = line.toString();
            Plan plan = line.plan();
            Destination destination = DestinationReader.read(List.of(pick(DESTINATIONS)), path -> path).get(0);
            List<String> advice = Advice.toAllow(plan, destination.action(), destination.address(), destination.protocol());
            String told = "seed " + seed + ": " + destination.text() + "\n" + before + advice;
            if (isDenied(plan, destination)) {
                denied++;
                assertFalse(advice.isEmpty(), told);
                line.follow(advice);
                assertFalse(isDenied(line.plan(), destination), () -> told + "\n" + line);
            } else {
                assertEquals(List.of(), advice, told);
            }
        }
        assertTrue(denied > 1000, "only " + denied);
    }

    private static boolean isDenied(Plan plan, Destination destination) {
        String text = destination.text();
        String family = text.contains("unix:") ? "unix" : text.contains("[") ? "inet6" : "inet";
        return plan.allowedFamilies().isPresent() && !plan.allowedFamilies().get().toString().matches(".*\\b" + family + "\\b.*")
                || new Judge(plan).judge(destination.action(), destination.address(), destination.protocol()) instanceof Verdict.Deny;
    }

    private CommandLine random() {
        CommandLine line = new CommandLine();
        for (int i = random.nextInt(4); i > 0; i--) {
            line.flags.add("--" + pick(OPTIONS));
        }
        if (chance(8)) {
            line.flags.add("--no-outbound-network");
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            line.ini.add(pick(OPTIONS));
        }
        if (chance(8)) {
            line.ini.add("no-outbound-network=");
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            Yaml file = random("p" + i + ".yaml");
            for (int j = random.nextInt(3); j > 0; j--) {
                file.includes.add(random("i" + i + j + ".yaml"));
            }
            line.files.add(file);
        }
        return line;
    }

    private Yaml random(String name) {
        Yaml file = new Yaml(name);
        file.noOutbound = chance(6);
        file.mode = chance(3) ? pick("allow", "deny", "local") : "";
        if (chance(4)) {
            file.families.add(pick(FAMILIES));
            file.families.add(pick(FAMILIES));
        }
        for (String direction : List.of("connect", "bind", "unix")) {
            if (chance(2)) {
                Section section = new Section();
                boolean inet = !direction.equals("unix");
                section.mode = chance(3) ? inet ? pick("allow", "deny", "local") : pick("allow", "deny") : "";
                section.allow = chance(2) ? Optional.empty() : Optional.of(entries(inet));
                section.deny = entries(inet);
                file.sections.put(direction, section);
            }
        }
        return file;
    }

    private List<String> entries(boolean inet) {
        List<String> entries = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            entries.add(pick(inet ? INET : UNIX));
        }
        return entries;
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String pick(String... of) {
        return of[random.nextInt(of.length)];
    }

    /** The entries of one direction. */
    private static final class Section {
        String mode = "";
        Optional<List<String>> allow = Optional.empty();
        List<String> deny = new ArrayList<>();
    }

    private static final class Yaml {
        final String name;
        boolean noOutbound;
        String mode = "";
        final List<String> families = new ArrayList<>();
        final List<Yaml> includes = new ArrayList<>();
        final Map<String, Section> sections = new LinkedHashMap<>();
        /** By its place, what taking a thing out is. */
        final Map<String, Runnable> removals = new HashMap<>();

        Yaml(String name) {
            this.name = name;
        }

        List<String> print() {
            List<String> lines = new ArrayList<>(List.of("version: 1"));
            removals.clear();
            if (!includes.isEmpty()) {
                lines.add("include: [" + String.join(", ", includes.stream().map(file -> file.name).toList()) + "]");
            }
            if (noOutbound) {
                lines.add("no-outbound-network: true");
                removals.put(name + ":" + lines.size() + ":1", () -> noOutbound = false);
            }
            if (!mode.isEmpty()) {
                lines.add("mode: " + mode);
            }
            if (!families.isEmpty()) {
                lines.add("families: " + families);
            }
            sections.forEach((direction, section) -> {
                if (!section.mode.isEmpty() || section.allow.isPresent() || !section.deny.isEmpty()) {
                    lines.add(direction + ":");
                }
                if (!section.mode.isEmpty()) {
                    lines.add("  mode: " + section.mode);
                }
                if (section.allow.isPresent()) {
                    lines.add("  allow:" + (section.allow.get().isEmpty() ? " []" : ""));
                    section.allow.get().forEach(entry -> lines.add("    - " + entry));
                }
                if (!section.deny.isEmpty()) {
                    lines.add("  deny:");
                    for (int i = 0; i < section.deny.size(); i++) {
                        int at = i;
                        lines.add("    - " + section.deny.get(i));
                        removals.put(name + ":" + lines.size() + ":7", () -> section.deny.set(at, "gone"));
                    }
                }
            });
            return lines;
        }

        void change(String place) {
            assertTrue(removals.containsKey(place), place);
            removals.get(place).run();
        }
    }

    private static final class CommandLine {
        final List<String> flags = new ArrayList<>();
        final List<String> ini = new ArrayList<>();
        final List<Yaml> files = new ArrayList<>();

        Plan plan() throws Exception {
            List<String> words = new ArrayList<>(List.of("explain"));
            words.addAll(flags);
            MemoryFiles texts = new MemoryFiles().with("c.ini", String.join("\n", ini));
            if (!ini.isEmpty()) {
                words.add("--config=c.ini");
            }
            for (Yaml file : files) {
                words.add("--policy=" + file.name);
                texts.with(file.name, String.join("\n", file.print()) + "\n");
                file.includes.forEach(included -> texts.with(included.name, String.join("\n", included.print()) + "\n"));
            }
            Outcome outcome = Cli.parse(words, new Environment(texts, Arch.X86_64, false));
            assertTrue(outcome instanceof Outcome.Explain, () -> outcome + "\n" + this);
            return Plan.of(((Outcome.Explain) outcome).policy(), HOST);
        }

        void follow(List<String> advice) {
            Map<Integer, List<String>> added = new TreeMap<>();
            for (int i = 0; i < advice.size(); i++) {
                String intro = i == 0 ? "to allow it, " : "to allow it, also ";
                assertTrue(advice.get(i).startsWith(intro), advice.get(i));
                follow(advice.get(i).substring(intro.length()), added);
            }
            for (Yaml file : all()) {
                file.sections.values().forEach(section -> section.deny.removeIf(entry -> entry.equals("gone")));
            }
            int shift = 0;
            for (Map.Entry<Integer, List<String>> below : added.entrySet()) {
                ini.addAll(below.getKey() + shift, below.getValue());
                shift += below.getValue().size();
            }
        }

        private void follow(String advice, Map<Integer, List<String>> added) {
            Matcher family = Pattern.compile("add (.*) to the families in (.*)").matcher(advice);
            Matcher line = Pattern.compile("add below c\\.ini:([0-9]+) the line (.*)").matcher(advice);
            Matcher entry = Pattern.compile("add to (.*)/allow in ([^:]*): (.*)").matcher(advice);
            if (advice.startsWith("add --")) {
                flags.addAll(Arrays.asList(advice.substring(4).split(" ")));
            } else if (advice.startsWith("leave out ")) {
                assertTrue(flags.remove(advice.substring(10)), advice);
            } else if (advice.startsWith("change ")) {
                for (String place : advice.substring(7).split(", ")) {
                    if (place.startsWith("c.ini:")) {
                        ini.set(Integer.parseInt(place.split(":")[1]) - 1, "# gone");
                    } else {
                        file(place).change(place);
                    }
                }
            } else if (family.matches()) {
                given(family.group(2)).families.addAll(List.of(family.group(1).split(", ")));
            } else if (line.matches()) {
                added.put(Integer.parseInt(line.group(1)), List.of(line.group(2).split(", ")));
            } else {
                assertTrue(entry.matches(), advice);
                Section section = given(entry.group(2)).sections.computeIfAbsent(entry.group(1), direction -> new Section());
                List<String> allow = new ArrayList<>(section.allow.orElse(List.of()));
                allow.addAll(List.of(entry.group(3).split(", ")));
                section.allow = Optional.of(allow);
            }
        }

        /** What adds up is to be written there, not in what it includes, which may be somebody else's. */
        private Yaml given(String place) {
            assertTrue(files.contains(file(place)), place);
            return file(place);
        }

        private List<Yaml> all() {
            List<Yaml> all = new ArrayList<>(files);
            files.forEach(file -> all.addAll(file.includes));
            return all;
        }

        private Yaml file(String place) {
            return all().stream().filter(file -> place.startsWith(file.name)).findFirst().orElseThrow();
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(flags + "\nc.ini: " + ini + "\n");
            for (Yaml file : all()) {
                text.append(file.name).append(":\n  ").append(String.join("\n  ", file.print())).append('\n');
            }
            return text.toString();
        }
    }
}
