package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;

/** The exit code of a run in which something was denied. */
class ViolationExitIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String ALLOWED = "--allowed-netmask=" + NetworkRoom.NEAR;
    private static final String DENIED_ADDRESS = "10.77.2.1";
    private static final String ALLOWED_ADDRESS = "10.77.1.1";

    private static Command ending(String address, String way, int code, String... options) {
        String[] words = new String[options.length + 5];
        System.arraycopy(options, 0, words, 0, options.length);
        words[options.length] = Fixtures.compile("ending").toString();
        words[options.length + 1] = address;
        words[options.length + 2] = "8002";
        words[options.length + 3] = way;
        words[options.length + 4] = String.valueOf(code);
        return ROOM.secfilt(words);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "return, 0", "return, 3", "return, 77", "thread, 0", "thread, 5", "first-leaves, 0", "first-leaves, 9", "last-leaves, 0",
        "last-leaves, 9", "exec, 0", "exec, 4", "thread-exec, 0", "thread-exec, 4", "child, 0", "child, 6",
    })
    void a_denial_decides_the_exit_code_however_the_command_ends(String way, int code) {
        for (User user : User.values()) {
            ending(DENIED_ADDRESS, way, code, ALLOWED, "--violation-exit=77").as(user).run().exited(77);
            ending(ALLOWED_ADDRESS, way, code, ALLOWED, "--violation-exit=77").as(user).run().exited(code);
            ending(DENIED_ADDRESS, way, code, ALLOWED).as(user).run().exited(code);
        }
    }

    @ParameterizedTest
    @EnumSource
    void death_by_a_signal_stays_death_by_that_signal(User user) {
        ending(DENIED_ADDRESS, "signal", 15, ALLOWED, "--violation-exit=77").as(user).run().killedBy(15);
        ending(DENIED_ADDRESS, "signal", 9, ALLOWED, "--violation-exit=77").as(user).run().killedBy(9);
    }

    @Test
    void what_other_processes_end_with_is_their_own() {
        String script = Fixtures.compile("ending") + " " + DENIED_ADDRESS + " 8002 return 5; echo $?; (exit 6); echo $?";
        assertEquals("5\n6\n", ROOM.secfilt(ALLOWED, "--violation-exit=255", "bash", "-c", script).run().exited(255).stdout());
    }

    /** The first three hundred numbers are given once only. */
    @Test
    void who_has_the_commands_number_after_it_ends_with_its_own() throws IOException {
        int most = Integer.parseInt(Files.readString(Path.of("/proc/sys/kernel/pid_max")).strip());
        Requirements.need("numbers", most <= 1 << 16, "there are too many numbers of processes to have one given twice");
        Outcome run = ROOM.bash("""
                if [ $$ -lt 300 ]; then echo 900 > number; "$1" spin number; fi; : > number
                $SECFILT -q --allowed-netmask=127.0.0.1 --violation-exit=77 --log=twice.log "$1" leave number; echo $?
                until [ -s number ]; do sleep 0.02; done
                "$1" spin number; : > number; until [ -s number.done ]; do sleep 0.02; done; cat number.done
                sleep 0.5; grep -c '"event":"end"' twice.log; rm number number.done twice.log""", Fixtures.compile("reused").toString()).timeoutMillis(60_000).run().exited(0);
        assertEquals("77\nended with 3\n1\n", run.stdout(), run::toString);
    }

    @Test
    void a_policy_file_and_an_INI_file_can_say_it_and_the_option_counts() throws IOException {
        String yaml = Files.writeString(ROOM.directory().resolve("v.yaml"),
                "version: 1\nmode: local\nviolation-exit: 41\n").toString();
        String ini = Files.writeString(ROOM.directory().resolve("v.ini"), "allowed-netmask=127.0.0.1\nviolation-exit=42\n").toString();
        ending(DENIED_ADDRESS, "return", 0, "--policy", yaml).run().exited(41);
        ending(DENIED_ADDRESS, "return", 0, "-c", ini).run().exited(42);
        ending(DENIED_ADDRESS, "return", 0, "--policy", yaml, "-c", ini, "--violation-exit=43").run().exited(43);
    }

    @Test
    void a_command_that_is_not_there_is_not_there() {
        ROOM.secfilt(ALLOWED, "--violation-exit=77", "no-such-command").run().exited(127);
        ROOM.secfilt(ALLOWED, "--violation-exit=77", ROOM.directory().toString()).run().exited(126);
    }

    @ParameterizedTest
    @CsvSource({"0", "256", "-1", "07", "x", "4294967297", "99999999999999999999"})
    void no_other_code_is_taken(String code) {
        Outcome run = ROOM.secfilt("--violation-exit=" + code, "true").run().exited(2);
        assertEquals("secfilt: --violation-exit=" + code + ": '" + code + "' is no exit code for denials; write a number from 1 to 255",
                run.reports().get(0));
    }

    /** The call itself does not fail, so its program need not make it again. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void a_denied_further_message_of_a_sendmmsg_is_told(String notifications) throws IOException {
        Path log = ROOM.directory().resolve("further.log");
        Files.deleteIfExists(log);
        Outcome run = ROOM.secfilt("--notifications=" + notifications, "--violation-exit=77", "--log=" + log, ALLOWED,
                "/usr/bin/python3", "-c", """
                import ctypes, struct
                from socket import *
                libc = ctypes.CDLL(None, use_errno=True)
                names = [ctypes.create_string_buffer(struct.pack("=H", AF_INET) + struct.pack("!H4s8x", 8001, inet_aton(to)), 16)
                    for to in ("10.77.1.1", "10.77.2.1", "10.77.1.1")]
                byte = ctypes.create_string_buffer(b"x")
                part = (ctypes.c_ulong * 2)(ctypes.addressof(byte), 1)
                headers = (ctypes.c_ulong * 24)(*[word for name in names for word in (ctypes.addressof(name), 16, ctypes.addressof(part), 1, 0, 0, 0, 0)])
                s = socket(AF_INET, SOCK_DGRAM)
                print(libc.sendmmsg(s.fileno(), headers, 3, 0), libc.sendmmsg(s.fileno(), ctypes.byref(headers, 64), 2, 0))""").run().exited(77);
        assertEquals("1 -1\n", run.stdout());
        assertTrue(run.stderr().contains("1 call denied"), run::toString);
        assertTrue(run.stderr().contains("denied sendmmsg 10.77.2.1:8001/udp by python3"), run::toString);
        assertEquals(List.of("udp 10.77.1.1:8001"), ROOM.arrived());
        JsonNode denied = new ObjectMapper().readTree(Files.readAllLines(log).get(1));
        assertEquals("10.77.2.1 deny true", denied.path("address").asText() + " " + denied.path("verdict").asText() + " " + denied.path("errno").isNull());
    }
}
