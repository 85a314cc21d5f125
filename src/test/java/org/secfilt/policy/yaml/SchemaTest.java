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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Family;
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
