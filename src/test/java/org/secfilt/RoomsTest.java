package org.secfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The floors of the rooms: a room knows only rooms on lower floors, and some names only one room. */
class RoomsTest {
    private static final Path ROOT = Path.of("src/main/java/org/secfilt");

    private static final Map<String, Integer> FLOORS = Map.ofEntries(
            Map.entry("abi", 0), Map.entry("bpf", 0),
            Map.entry("policy", 1), Map.entry("kernel", 1),
            Map.entry("policy.yaml", 2), Map.entry("kernel.jnr", 2), Map.entry("plan", 2),
            Map.entry("filter", 3), Map.entry("verdict", 3), Map.entry("firewall", 3), Map.entry("landlock", 3),
            Map.entry("launch", 3),
            Map.entry("report", 4), Map.entry("lint", 4), Map.entry("nat", 4), Map.entry("tracer", 5),
            Map.entry("explain", 5), Map.entry("doctor", 5), Map.entry("sandbox", 6), Map.entry("cli", 7));

    /** A name, and the rooms that may use it. */
    private static final Map<Pattern, Set<String>> RESERVED = Map.of(
            Pattern.compile("(?<!kernel\\.)\\bjnr\\.\\w|\\bcom\\.kenai\\b"), Set.of("kernel.jnr"),
            Pattern.compile("\\bcom\\.fasterxml\\b|\\btools\\.jackson\\b|\\borg\\.yaml\\b|\\borg\\.snakeyaml\\b"),
            Set.of("policy.yaml", "report"),
            Pattern.compile("\\bpicocli\\b|\\bSystem\\s*\\.\\s*exit\\b|\\bgetRuntime\\(\\)\\s*\\.\\s*(exit|halt)\\b"),
            Set.of("cli"),
            Pattern.compile("\\bjava\\.net\\.Inet\\w*Address\\b"), Set.of());

    private static final Pattern OURS = Pattern.compile("\\borg\\.secfilt\\.((?:[a-z]\\w*\\.)*)(?=[A-Z*])");

    /** A row of src/README's table: floor, rooms. */
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([0-9]+) \\| ([^|]*) \\|");

    /** Comments, strings and characters: whatever they say, it is no dependency. */
    private static final Pattern PROSE = Pattern.compile(
            "/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])+'", Pattern.DOTALL);

    /** A source file: its room and its code without prose. */
    private record Source(Path path, String room, String code) {}

    @Test
    void a_room_knows_only_rooms_on_lower_floors() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Source source : sources()) {
            Matcher ours = OURS.matcher(source.code());
            while (ours.find()) {
                String other = ours.group(1).replaceAll("\\.$", "");
                if (!other.equals(source.room()) && floor(other) >= floor(source.room())) {
                    wrong.add(source.path() + ": " + source.room() + " knows " + other);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void a_reserved_name_occurs_only_in_its_rooms() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Source source : sources()) {
            RESERVED.forEach((name, rooms) -> {
                Matcher found = name.matcher(source.code());
                if (!rooms.contains(source.room()) && found.find()) {
                    wrong.add(source.path() + ": " + found.group());
                }
            });
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void every_room_has_a_floor_and_says_its_subject() throws IOException {
        Set<String> rooms = new TreeSet<>();
        for (Source source : sources()) {
            rooms.add(source.room());
        }
        List<String> silent = new ArrayList<>();
        for (String room : rooms) {
            assertTrue(FLOORS.containsKey(room), "'" + room + "' is in no row of the table of floors");
            if (!Files.exists(ROOT.resolve(room.replace('.', '/')).resolve("package-info.java"))) {
                silent.add(room);
            }
        }
        assertEquals(List.of(), silent);
    }

    @Test
    void the_table_of_rooms_has_each_on_its_floor() throws IOException {
        String contributing = Files.readString(Path.of("src/README.md"));
        String rooms = contributing.substring(contributing.indexOf("\n## The rooms\n") + 1).split("\n## ")[0];
        Map<String, Integer> floors = new TreeMap<>();
        Matcher row = ROW.matcher(rooms);
        while (row.find()) {
            int floor = Integer.parseInt(row.group(1));
            for (String room : row.group(2).replace("`", "").split(", ")) {
                assertTrue(floors.put(room, floor) == null, "'" + room + "' stands twice");
            }
        }
        assertEquals(new TreeMap<>(FLOORS), floors);
    }

    @Test
    void the_reader_sees_code_and_not_prose() {
        String code = code("/* org.secfilt.cli.A */ import org.secfilt.abi.B; // org.secfilt.cli.C\n\"org.secfilt.cli.D\"");
        Matcher ours = OURS.matcher(code);
        assertTrue(ours.find());
        assertEquals("abi.", ours.group(1));
        assertTrue(!ours.find());
    }

    private static int floor(String room) {
        Integer floor = FLOORS.get(room);
        assertTrue(floor != null, "'" + room + "' is in no row of the table of floors");
        return floor;
    }

    private static List<Source> sources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            List<Source> sources = new ArrayList<>();
            for (Path path : files.filter(file -> file.toString().endsWith(".java")).sorted().toList()) {
                String room = ROOT.relativize(path.getParent()).toString().replace('/', '.');
                sources.add(new Source(path, room, code(Files.readString(path))));
            }
            return sources;
        }
    }

    private static String code(String source) {
        return PROSE.matcher(source).replaceAll(" ");
    }
}
