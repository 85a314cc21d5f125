package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.policy.yaml.PolicyFiles;

/** What the command has of its own, as options and files say it. */
class SurroundingsTest {
    @ParameterizedTest
    @CsvSource({"10105:5432, 10105:5432/tcp", "53:53/udp, 53:53/udp", "1:65535/tcp, 1:65535/tcp"})
    void reads_a_published_port(String text, String read) {
        assertEquals(read, Publication.parse(text).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            80            | '80' is no HOSTPORT:PORT; write one such as 10105:5432 or 5353:53/udp
            80/udp:80     | '80/udp:80' is no HOSTPORT:PORT; write one such as 10105:5432 or 5353:53/udp
            80:80/sctp    | 'sctp' is no protocol; write tcp or udp
            80:70000      | port 70000 is above 65535
            80-81:80      | '80-81' is no single port; one port leads to one port
            1:2:3         | '2:3' is no port; write one such as 443
            http:80       | 'http' is no port; write 80
            0:80          | '0' is no single port; one port leads to one port
            :80           | a port is missing
            """)
    void says_what_is_wrong_with_a_published_port(String text, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> Publication.parse(text)).getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            nobody          | nobody
            nobody:nogroup  | nobody:nogroup
            1000:1000       | 1000:1000
            """)
    void reads_a_user(String text, String read) {
        assertEquals(read, UserName.parse(text).toString());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {"``", ":", "a:", ":b", "a:b:c"})
    void refuses_what_is_no_user(String text) {
        assertEquals("'" + text + "' is no user; write NAME or NAME:GROUP",
                assertThrows(IllegalArgumentException.class, () -> UserName.parse(text)).getMessage());
    }

    @Test
    void the_last_one_given_counts_and_published_ports_add_up() throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles()
                .with("a", "version: 1\nnet: nat\npublish: 1:2\nprivate-tmp: true\nuser: nobody\n")
                .with("b", "version: 1\nnet: none\npublish: [\"3:4/udp\"]\nprivate-tmp: exec\n");
        Surroundings own = Policy.merge(PolicyFiles.read(List.of("a", "b"), files), List.of()).surroundings();
        assertEquals(Net.NONE, own.network());
        assertEquals(Origin.file("b", 2, 6), own.net().orElseThrow().origin());
        assertEquals("[1:2/tcp, 3:4/udp]", own.publications().stream().map(Setting::value).toList().toString());
        assertEquals(PrivateTmp.EXEC, own.privateTmp());
        assertEquals("nobody", own.user().orElseThrow().value().toString());
    }

    @Test
    void a_command_line_replaces_what_its_files_publish() throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles().with("i", "net=nat\npublish=1:2\nprivate-tmp=\nuser=nobody");
        OptionReader line = new OptionReader();
        line.add("publish", "3:4", Origin.flag("--publish=3:4"));
        line.add("private-tmp", "no", Origin.flag("--private-tmp=no"));
        Surroundings own = line.options().over(IniConfig.read(List.of("i"), files)).surroundings();
        assertEquals("[3:4/tcp]", own.publications().stream().map(Setting::value).toList().toString());
        assertEquals(Net.NAT, own.network());
        assertEquals(PrivateTmp.NO, own.privateTmp());
        assertEquals("nobody", own.user().orElseThrow().value().user());
    }
}
