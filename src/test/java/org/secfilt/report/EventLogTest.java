package org.secfilt.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.LogFile;
import org.secfilt.policy.Origin;

/** The log, read back by Jackson. */
class EventLogTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A file that takes a few bytes at a time, and answers with what it is told to. */
    private static final class FakeFile implements LogFile {
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        /** Answers that come before it takes anything more: 0 or a negative error number. */
        private final List<Integer> answers = Collections.synchronizedList(new ArrayList<>());
        private final int atOnce;
        private volatile boolean blocked;
        private volatile int open = 1;

        @Override
        public void letGo() {
            open--;
        }

        @Override
        public void takeAgain() {
            open++;
        }

        FakeFile(int atOnce) {
            this.atOnce = atOnce;
        }

        @Override
        public int write(byte[] bytes, int from, int patienceMillis) {
            if (blocked) {
                Thread.onSpinWait();
                return 0;
            }
            if (!answers.isEmpty()) {
                int answer = answers.remove(0);
                if (answer <= 0) {
                    return answer;
                }
            }
            int length = Math.min(atOnce, bytes.length - from);
            synchronized (taken) {
                taken.write(bytes, from, length);
            }
            return length;
        }

        String text() {
            synchronized (taken) {
                return taken.toString(StandardCharsets.US_ASCII);
            }
        }

        List<JsonNode> events() throws IOException {
            List<JsonNode> events = new ArrayList<>();
            for (String line : text().split("\n")) {
                events.add(JSON.readTree(line));
            }
            return events;
        }
    }

    private static LoggedCall denied(Sockaddr destination, String comm, Origin origin, String why) {
        return new LoggedCall(
                new JudgedCall("connect", Optional.of(destination), new SocketKind(2, 1, 6), ByteString.of(comm), 71, why, origin),
                72, 70, ByteString.of("/usr/bin/curl"), false, Optional.of(Errno.EPERM));
    }

    private static final Sockaddr FAR = Sockaddr.decode(new byte[] {2, 0, 1, (byte) 0xbb, 93, (byte) 184, (byte) 216, 34, 0, 0, 0, 0, 0, 0, 0, 0}, 16);

    @Test
    void a_denied_call_has_all_its_members() throws IOException {
        FakeFile file = new FakeFile(7);
        EventLog log = new EventLog("l", file);
        log.call(denied(FAR, "curl", Origin.file("ci.yaml", 12, 7), "ci.yaml:12:7 denies it"));
        assertEquals(Optional.empty(), log.flush());
        JsonNode event = file.events().get(0);
        String time = event.get("time").asText();
        assertTrue(time.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"), time);
        OffsetDateTime.parse(time);
        assertEquals("{\"time\":\"" + time + "\",\"event\":\"call\",\"pid\":71,\"tid\":72,\"ppid\":70,\"comm\":\"curl\",\"exe\":\"/usr/bin/curl\","
                + "\"call\":\"connect\",\"family\":\"inet\",\"address\":\"93.184.216.34\",\"port\":443,\"protocol\":\"tcp\","
                + "\"verdict\":\"deny\",\"errno\":\"EPERM\",\"rule\":{\"place\":\"ci.yaml:12:7\",\"file\":\"ci.yaml\",\"line\":12,\"column\":7,"
                + "\"reason\":\"ci.yaml:12:7 denies it\"},\"layer\":\"tracer\"}", event.toString());
    }

    @Test
    void the_start_and_the_end_are_events() throws IOException {
        FakeFile file = new FakeFile(4096);
        EventLog log = new EventLog("l", file);
        log.started(5, List.of(ByteString.of("sh"), ByteString.of("-c"), ByteString.of("x".repeat(5000))), true);
        log.inherited(5, 7, "close", "a tunnel");
        log.ended(5, false, 3, 0);
        log.ended(5, true, 15, 2);
        log.flush();
        List<JsonNode> events = file.events();
        assertEquals("[\"sh\",\"-c\"]", events.get(0).get("command").toString());
        assertEquals(3, events.get(0).get("words").asInt());
        assertEquals("close a tunnel", events.get(1).get("verdict").asText() + " " + events.get(1).get("reason").asText());
        assertEquals("3 null", events.get(2).get("exit") + " " + events.get(2).get("signal"));
        assertEquals("null 15 2 0", events.get(3).get("exit") + " " + events.get(3).get("signal") + " " + events.get(3).get("denied")
                + " " + events.get(3).get("lost"));
    }

    @Test
    void what_was_denied_when_it_had_happened_has_no_error() throws IOException {
        FakeFile file = new FakeFile(4096);
        EventLog log = new EventLog("l", file);
        LoggedCall call = denied(FAR, "a", Origin.DEFAULT, "far");
        log.call(new LoggedCall(call.call(), 1, 1, ByteString.of("/a"), false, Optional.empty()));
        log.call(new LoggedCall(denied(FAR, "a", Origin.DEFAULT, "").call(), 1, 1, ByteString.of("/a"), true, Optional.empty()));
        log.call(new LoggedCall(denied(FAR, "a", Origin.file("p.yaml", 3, 5), "allow all").call(), 1, 1, ByteString.of("/a"), true, Optional.empty()));
        log.flush();
        assertEquals("deny null far", file.events().get(0).get("verdict").asText() + " " + file.events().get(0).get("errno") + " "
                + file.events().get(0).get("rule").get("reason").asText());
        assertEquals("allow null null", file.events().get(1).get("verdict").asText() + " " + file.events().get(1).get("errno") + " "
                + file.events().get(1).get("rule"));
        assertEquals("{\"place\":\"p.yaml:3:5\",\"file\":\"p.yaml\",\"line\":3,\"column\":5,\"reason\":\"allow all\"}",
                file.events().get(2).get("rule").toString());
    }

    @Test
    void unix_addresses_are_told_apart() throws IOException {
        FakeFile file = new FakeFile(4096);
        EventLog log = new EventLog("l", file);
        log.call(denied(new Sockaddr.UnixPath(ByteString.of("/run/x.sock")), "a", Origin.DEFAULT, ""));
        log.call(denied(new Sockaddr.UnixPath(ByteString.of("@x")), "a", Origin.DEFAULT, ""));
        log.call(denied(new Sockaddr.UnixAbstract(ByteString.of("x")), "a", Origin.flag("--a"), ""));
        log.flush();
        List<String> addresses = new ArrayList<>();
        for (JsonNode event : file.events()) {
            addresses.add(event.get("address").asText());
            assertEquals("unix", event.get("family").asText());
        }
        assertEquals(List.of("/run/x.sock", "./@x", "@x"), addresses);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--allowed-netmask=::1 --allowed-port=1 | --allowed-netmask=::1 --allowed-port=1",
        "allowed-netmask, allowed-port | --allowed-netmask --allowed-port",
        "/etc/c.ini:1:1 | /etc/c.ini:1:1",
        "default | default",
    })
    void an_options_rule_has_its_words(String origin, String flag) throws IOException {
        FakeFile file = new FakeFile(4096);
        EventLog log = new EventLog("l", file);
        log.call(denied(new Sockaddr.UnixAbstract(ByteString.of("x")), "a", Origin.flag(origin), ""));
        log.flush();
        assertEquals(flag, file.events().get(0).get("rule").get("flag").asText());
    }

    @Test
    void any_bytes_come_back_as_they_were() throws IOException {
        Random random = new Random(4);
        byte[][] odd = new byte[400][];
        for (int i = 0; i < odd.length; i++) {
            odd[i] = new byte[random.nextInt(12)];
            random.nextBytes(odd[i]);
        }
        odd[0] = "\"\\\n\u001b[31m\u0000\u20ac\ud83d\ude00\ufffd".getBytes(StandardCharsets.UTF_8);
        odd[1] = new byte[] {(byte) 0xe2, (byte) 0x82, 'A', (byte) 0xff, (byte) 0xed, (byte) 0xa0, (byte) 0x80, (byte) 0xf0};
        for (byte[] bytes : odd) {
            byte[] line = new JsonLine().add("v", ByteString.of(bytes)).toBytes();
            for (byte b : line) {
                assertTrue(b >= ' ' && b < 0x7f || b == '\n');
            }
            String text = JSON.readTree(line).get("v").asText();
            assertEquals(ByteString.of(bytes), ByteString.of(surrogateEscaped(text)), text);
        }
    }

    private static byte[] surrogateEscaped(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            if (c >= 0xdc80 && c <= 0xdcff) {
                bytes.write(c & 0xff);
            } else {
                bytes.writeBytes(new String(Character.toChars(c)).getBytes(StandardCharsets.UTF_8));
            }
            i += Character.charCount(c);
        }
        return bytes.toByteArray();
    }

    @Test
    void a_file_that_is_full_loses_events_and_says_how_many() {
        FakeFile file = new FakeFile(4096);
        EventLog log = new EventLog("x\u001b", file);
        for (int i = 0; i < 3; i++) {
            file.answers.add(-Errno.ENOSPC.number());
        }
        for (int i = 0; i < 5; i++) {
            log.inherited(1, i, "close", "");
        }
        assertEquals(Optional.of("3 events are not in the log x\\x1b: No space left on device"), log.flush());
        assertEquals(2, file.text().lines().count());
        assertEquals(Optional.empty(), log.flush());
    }

    @Test
    void who_let_go_of_the_file_takes_it_again_for_another_event() throws IOException {
        FakeFile file = new FakeFile(1000);
        EventLog log = new EventLog("log", file);
        log.started(1, List.of(ByteString.of("true")), false);
        assertEquals(Optional.empty(), log.flush());
        log.letGo();
        assertEquals(0, file.open);
        log.ended(1, false, 127, 0);
        assertEquals(1, file.open);
        assertEquals(Optional.empty(), log.flush());
        assertEquals(2, file.events().size());
    }

    @Test
    void what_waits_when_the_file_is_let_go_is_lost_and_told_of_once() {
        FakeFile file = new FakeFile(1000);
        file.blocked = true;
        EventLog log = new EventLog("log", file);
        log.started(1, List.of(ByteString.of("true")), true);
        log.ended(1, false, 0, 0);
        assertTrue(log.flush().orElse("").startsWith("2 events are not in the log"));
        log.letGo();
        assertEquals(Optional.empty(), log.flush());
        assertEquals("", file.text());
    }

    @Test
    void behind_half_a_line_the_next_is_whole() throws IOException {
        FakeFile file = new FakeFile(10);
        file.answers.addAll(List.of(1, -Errno.ENOSPC.number(), 1, 1));
        EventLog log = new EventLog("l", file);
        log.inherited(1, 3, "close", "");
        log.inherited(1, 4, "close", "");
        assertEquals(Optional.of("1 event is not in the log l: No space left on device"), log.flush());
        String[] lines = file.text().split("\n");
        assertEquals(10, lines[0].length());
        assertEquals(4, JSON.readTree(lines[1]).get("fd").asInt());
    }

    @ParameterizedTest
    @CsvSource({"3, 3", "20000, 20000"})
    void a_file_that_takes_nothing_stalls_nobody_and_all_is_counted(int events, int missing) {
        FakeFile file = new FakeFile(4096);
        file.blocked = true;
        EventLog log = new EventLog("l", file);
        for (int i = 0; i < events; i++) {
            log.inherited(1, 3, "close", "a reason of some length, so that the queue fills up");
        }
        assertEquals(Optional.of(missing + " events are not in the log l: it took nothing for a second; does anybody read it?"), log.flush());
        file.blocked = false;
        log.flush();
        long written = file.text().lines().count();
        assertTrue(events == 3 ? written == 3 : written > 1000 && written * 100 < LogQueue.MAX_BYTES * 2L, written + " written");
    }
}
