package org.secfilt.policy.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.policy.AddressWords;
import org.secfilt.policy.Complaint;
import org.secfilt.policy.InvalidPolicyException;
import org.secfilt.policy.MemoryFiles;

/** The schema that editors check policies with says what the reader says, as far as a schema can. */
class SchemaTest {
    private static final Path FILE = Path.of("policies/secfilt.schema.json");
    private static final YAMLMapper YAML = new YAMLMapper();

    /** What a schema cannot see, by the rejected policy, with the reason. An include's own faults and cycles belong here too, but are no one file's. */
    private static final String[][] UNSEEN = {
        {"version: 1.0\n", "1.0 is the integer 1 to JSON"},
        {"version: 1\n---\nversion: 1\n", "each document is looked at by itself"},
        {"version: 1\n...\ngarbage\n", "each document is looked at by itself"},
        {"version: 1\nmode: deny\nmode: allow\n", "of a key that is given twice the last is left"},
        {"version: 1\nconnect:\n  allow: []\n  allow: []\n", "of a key that is given twice the last is left"},
        {"version: 1\nresolv: yes\n", "yes is true to some readers of YAML"},
        {"version: 1\nfilesystem: {read-only: yes}\n", "yes is true to some readers of YAML"},
    };

    /** Policies that the reader takes, for what the shipped ones do not show. */
    private static final String[] GOOD = {
        "version: 1\n",
        "version: 1\nconnect:\n  allow: loopback:8000-8099\nbind: {mode: local, allow: []}\n",
        "version: 1\ninclude: [a.yaml, b.yaml]\nviolation-exit: 255\nerrno: EACCES\nresolv: false\nfirewall: require\ninherit: refuse\n",
        "version: 1\nnet: nat\npublish: [10105:5432, 5353:53/udp]\nprivate-tmp: exec\nuser: nobody:nogroup\n",
        "version: 1\nfilesystem: {read-only: true, allow-write: [/tmp, {path: [out, /dev/null], reason: build}]}\nprivate-tmp: true\n",
        "version: 1\nfilesystem: {allow-write: out}\nprivate-tmp: false\n",
        "version: 1\nfamilies: [unix, AF_INET, INET6, local]\nno-outbound-network: true\n",
        "version: 1\nconnect:\n  allow: [10.0.0.7/8, '::ffff:10.0.0.7', '[fd00::1]:443', '[fe80::/10]:80', '::1', '10.0.0.0/8:22-23', '::/0']\n",
        "version: 1\nconnect:\n  deny:\n    - {port: 0, reason: 7}\n    - {ports: [1, '2', 0-65535], protocol: tcp}\n    - {address: ['fd00::/8', loopback]}\n",
        "version: 1\nunix:\n  mode: deny\n  allow: [/run/x.sock, '@a.*', '/run/**/.x', {path: [/a, /b*], abstract: c}]\n",
    };

    private static JsonSchema schema() throws IOException {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7).getSchema(Files.readString(FILE));
    }

    private static JsonNode root() throws IOException {
        return new ObjectMapper().readTree(Files.readString(FILE));
    }

    @Test
    void takes_every_shipped_policy() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("policies"))) {
            for (Path file : files.filter(name -> name.toString().endsWith(".yaml")).toList()) {
                assertEquals(Set.of(), schema().validate(YAML.readTree(Files.readString(file))), file.toString());
            }
        }
    }

    @Test
    void takes_what_the_reader_takes() throws IOException, InvalidPolicyException {
        for (String policy : GOOD) {
            PolicyFiles.read(List.of("p.yaml"), new MemoryFiles().with("p.yaml", policy)
                    .with("a.yaml", "version: 1\n").with("b.yaml", "version: 1\n"));
            assertEquals(Set.of(), schema().validate(YAML.readTree(policy)), policy);
        }
    }

    /** To readers of YAML 1.1 these words are no strings. */
    @ParameterizedTest
    @CsvSource({"off, firewall", "no, private-tmp", "off, resolv"})
    void takes_a_word_that_some_readers_of_yaml_make_a_truth_of(String word, String key) throws IOException {
        assertEquals(Set.of(), schema().validate(new ObjectMapper().readTree("{\"version\": 1, \"" + key + "\": false}")), word);
    }

    @Test
    void rejects_what_the_reader_rejects() throws IOException {
        List<String> taken = new ArrayList<>();
        Set<String> needed = new TreeSet<>();
        for (String policy : BadPolicyTest.rejected()) {
            if (isTaken(policy)) {
                String row = unseen(policy);
                taken.addAll(row.isEmpty() ? List.of(policy) : List.of());
                needed.add(row);
            }
        }
        assertEquals(List.of(), taken);
        for (String[] row : UNSEEN) {
            assertTrue(needed.contains(row[0]), "the schema sees it by now, or no policy shows it: " + row[1]);
        }
    }

    /** Wherever a value may stand, @. */
    private static final String[] PLACES = {
        "version: @", "version: 1\ninclude: @", "mode: @", "errno: @", "resolv: @", "no-outbound-network: @", "families: @", "families: [unix, @]",
        "inherit: @", "firewall: @", "violation-exit: @", "net: @", "publish: @", "publish: ['1:2', @]", "private-tmp: @", "user: @",
        "filesystem: @", "filesystem: {read-only: @}", "filesystem: {allow-write: @}", "filesystem: {allow-write: [@]}",
        "filesystem: {allow-write: {path: @}}", "filesystem: {allow-write: [{path: [@], reason: @}]}", "filesystem: {allow-write: {path: a, reason: @}}",
        "profile: @", "profile: {group: @}", "profile: {inverted: @}",
        "connect: @", "connect: {mode: @}", "connect: {allow: @}", "connect: {allow: [@]}", "bind: {deny: @}", "connect: {deny: {address: @}}",
        "connect: {deny: {address: [@]}}", "connect: {deny: [{port: @}]}", "connect: {deny: [{ports: [@]}]}", "connect: {deny: {protocol: @}}",
        "connect: {deny: {port: 1, reason: @}}", "unix: {mode: @}", "unix: {allow: @}", "unix: {allow: [@]}", "unix: {allow: {path: @}}",
        "unix: {allow: {path: [@]}}", "unix: {allow: {abstract: @}}", "unix: {allow: {abstract: [@]}}", "unix: {allow: {path: /a, reason: @}}",
    };

    private static final String[] VALUES = {
        "''", "' '", "[]", "{}", "[[]]", "[{}]", "~", "0", "1", "'1'", "-1", "'-1'", "53", "'53'", "'053'", "255", "256", "1000", "65535", "65536",
        "1.5", "true", "false", "'true'", "TRUE", "yes", "x", "'x y'", "a.yaml", "allow", "ALLOW", "deny", "Local", "EPERM", "eperm", "EACCES",
        "keep", "Close", "auto", "OFF", "'off'", "require", "host", "None", "nat", "exec", "unix", "UNIX", "Inet", "af_inet6", "AF_Inet", "AF_", "local",
        "Route", "inet7", "1:2", "'1:2'", "'1:2/udp'", "'1:2/UDP'", "'1:2/sctp'", "'0:2'", "'2:0'", "'1-2:3'", "'1:2:3'", "nobody", "'1000:1000'",
        "'nobody:'", "':x'", "'a:b:c'", "tcp", "TCP", "Udp", "icmp", "/", "/a", "/a/", "//a", "/a/../b", "'/a b'", "'@'", "'@a'", "'@@a'", "a", "10.0.0.1",
        "10.0.0.1/8", "10.0.0.1/255.0.0.0", "10.0.0.1/255.255.128.0", "10.0.0.1/255.255.255.255", "10.0.0.1/0.0.0.0", "10.0.0.1/255.0.255.0",
        "10.0.0.1/0.255.0.0", "10.0.0.1/255.1.0.0", "10.0.0.1/255.0", "10.0.0.1/255.255.255.256", "'10.0.0.1/255.0.0.0:80'", "'10.0.0.1:80'", "'10.0.0.1:80-90'", "'10.0.0.1:90-80'", "'10.0.0.1:'", "'::1'", "'::1:80'", "'[::1]:80'", "'[::1]'", "'[10.0.0.1]'",
        "'fd00::/129'", "'FD00::1'", "'::ffff:10.0.0.1'", "'1:::2'", "'1:2:3:4:5:6:7:8:9'", "10.0.0", "010.0.0.1", "loopback", "Loopback", "'loopback:80'",
        "'*'", "'443-80'", "80-443", "'80-'", "'-80'", "'80 - 90'", "\"a\\nb\"", "\"a\\tb\"", "\"/a\\tb\"", "\"a\\n\"",
    };

    @Test
    void says_of_every_value_at_every_place_what_the_reader_says() throws IOException {
        JsonSchema schema = schema();
        List<String> differ = new ArrayList<>();
        for (String place : PLACES) {
            for (String value : VALUES) {
                String policy = (place.startsWith("version") ? "" : "version: 1\n") + place.replace("@", value) + "\n";
                boolean seen = schema.validate(YAML.readTree(policy)).isEmpty();
                if (seen != isRead(policy) && !(seen && isBeyondASchema(place, value))) {
                    differ.add((seen ? "the schema takes " : "the reader takes ") + policy.replace("version: 1\n", "").strip());
                }
            }
        }
        assertEquals(List.of(), differ);
    }

    /** Addresses at random, nearly right: a pattern for those of IPv6 is a page long. {@code -Dsecfilt.seed} repeats a run. */
    @Test
    void says_of_every_address_what_the_reader_says() throws IOException {
        long seed = Long.getLong("secfilt.seed", System.nanoTime());
        Random random = new Random(seed);
        Pattern address = Pattern.compile(root().at("/definitions/address/pattern").asText());
        Pattern withPorts = Pattern.compile(root().at("/definitions/addressAndPorts/pattern").asText());
        String[] parts = {"0", "1", "ffff", "Ab12", "12345", "", ":", ":", "10.0.0.1", "1.2.3", "g"};
        int good = 0;
        for (int round = 0; round < 200_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = 1 + random.nextInt(9); i > 0; i--) {
                text.append(parts[random.nextInt(random.nextInt(4) == 0 ? parts.length : 4)]).append(i > 1 ? ":" : "");
            }
            if (random.nextInt(8) == 0) {
                text.append('/').append(random.nextInt(140));
            }
            String bare = text.toString();
            if (isMappedBlock(bare)) {
                continue; // which of them are IPv4 blocks is arithmetic
            }
            assertEquals(takes(bare, AddressWords::parse), address.matcher(bare).find(), () -> "seed " + seed + ": " + bare);
            String ported = random.nextInt(3) == 0 ? bare : "[" + bare + "]" + (random.nextInt(3) == 0 ? "" : ":" + random.nextInt(70_000));
            assertEquals(takes(ported, AddressWords::parseWithPorts), withPorts.matcher(ported).find(), () -> "seed " + seed + ": " + ported);
            good += takes(bare, AddressWords::parse) ? 1 : 0;
        }
        assertTrue(good > 10_000, "only " + good);
    }

    private static boolean isMappedBlock(String text) {
        int slash = text.indexOf('/');
        return slash > 0 && takes(text.substring(0, slash), word -> {
            if (!IpAddress.parse(word).isMapped()) {
                throw new IllegalArgumentException(word);
            }
        });
    }

    private static boolean takes(String text, Consumer<String> reader) {
        try {
            reader.accept(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** What YAML's readers make different things of, and which of two ports is the lower. */
    private static boolean isBeyondASchema(String place, String value) {
        boolean isTruth = Set.of("TRUE", "yes", "OFF").contains(value)
                && place.matches("(resolv|no-outbound-network|private-tmp|.*(read-only|inverted)): @}?");
        boolean isOff = Set.of("false", "OFF").contains(value) && place.equals("firewall: @"); // both are what some make of off
        boolean isReversed = value.equals("'443-80'") && place.contains("port") || value.equals("'10.0.0.1:90-80'");
        return isTruth || isOff || isReversed;
    }

    private static boolean isRead(String policy) {
        try {
            PolicyFiles.read(List.of("p.yaml"), new MemoryFiles() {
                @Override
                public byte[] read(String name, int limitBytes) throws IOException {
                    if (name.isEmpty()) {
                        throw new IOException("No such file or directory");
                    }
                    return (name.equals("p.yaml") ? policy : "version: 1\n").getBytes(StandardCharsets.UTF_8);
                }
            });
            return true;
        } catch (InvalidPolicyException e) {
            return false;
        }
    }

    /** What is no YAML at all an editor shows by itself. */
    private static boolean isTaken(String policy) throws IOException {
        try {
            JsonNode tree = YAML.readTree(policy);
            return schema().validate(tree).isEmpty();
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    private static String unseen(String policy) {
        for (String[] row : UNSEEN) {
            if (policy.equals(row[0])) {
                return row[0];
            }
        }
        return "";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "`/properties` | `qqqq: 1`", "`/properties/connect/properties` | `connect: {qqqq: 1}`", "`/properties/bind/properties` | `bind: {qqqq: 1}`",
        "`/properties/profile/properties` | `profile: {qqqq: 1}`",
        "`/properties/unix/properties` | `unix: {qqqq: 1}`", "`/definitions/inetRule/anyOf/1/properties` | `connect: {deny: [{qqqq: 1}]}`",
        "`/definitions/unixRule/anyOf/2/properties` | `unix: {deny: [{qqqq: 1}]}`", "`/properties/filesystem/properties` | `filesystem: {qqqq: 1}`",
        "`/definitions/writable/anyOf/1/properties` | `filesystem: {allow-write: [{qqqq: 1}]}`",
    })
    void has_every_key_that_the_reader_knows_and_no_other(String place, String policy) throws IOException {
        String message = "";
        for (Complaint complaint : assertThrows(InvalidPolicyException.class, () -> PolicyFiles.read(List.of("p.yaml"),
                new MemoryFiles().with("p.yaml", "version: 1\n" + policy + "\n"))).complaints()) {
            message = complaint.message().contains("known here: ") ? complaint.message() : message;
        }
        Set<String> known = new TreeSet<>(List.of(message.substring(message.indexOf("known here: ") + 12).split(", ")));
        Set<String> there = new TreeSet<>();
        root().at(place).fieldNames().forEachRemaining(there::add);
        assertEquals(known, there);
    }

    @Test
    void names_every_family_and_describes_every_key() throws IOException {
        String families = root().at("/definitions/family").toString();
        for (int i = 0; i < Family.NAMED; i++) {
            assertTrue(families.contains('"' + Family.of(i).name() + '"'), Family.of(i).name());
        }
        for (JsonNode property : root().get("properties")) {
            assertTrue(property.has("description"), property.toString());
        }
    }
}
