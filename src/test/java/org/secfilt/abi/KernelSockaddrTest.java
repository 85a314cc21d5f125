package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;

/** The reader of socket addresses against the kernel of this machine, by {@code test-fixtures/sockaddr-run.c}. */
@Tag("kernel")
class KernelSockaddrTest {
    private static final int EINVAL = 22;

    @TempDir
    Path directory;

    @BeforeAll
    static void needs_a_kernel() {
        Requirements.kernel();
    }

    private record Request(boolean bind, Family domain, int length, byte[] bytes) {
        Sockaddr decoded() {
            return Sockaddr.decode(bytes, length);
        }

        @Override
        public String toString() {
            return (bind ? "bind " : "connect ") + domain + " " + length + " " + HexFormat.of().formatHex(bytes, 0, 24);
        }
    }

    @Test
    void connect_answers_einval_exactly_where_the_length_is_malformed() throws Exception {
        List<Request> requests = new ArrayList<>();
        for (int length = 0; length < 200; length++) {
            requests.add(request(false, Family.INET, length, "02000009" + "7f000001"));
            requests.add(request(false, Family.INET6, length, "0a000009" + "00000000" + "0".repeat(30) + "01"));
            requests.add(request(false, Family.UNIX, length, "0100" + "2f6e6f2f" + "78".repeat(20)));
            requests.add(request(false, Family.UNIX, length, "0100" + "00" + "6e6f73756368" + "00".repeat(20)));
            requests.add(request(false, Family.NETLINK, length, "1000" + "00".repeat(20)));
        }
        List<String> answers = run(requests);
        for (int i = 0; i < requests.size(); i++) {
            Request request = requests.get(i);
            Sockaddr decoded = request.decoded();
            // An unnamed unix address is one, but only for bind.
            boolean refused = decoded instanceof Sockaddr.Malformed || decoded instanceof Sockaddr.UnixUnnamed;
            assertEquals(refused, answers.get(i).equals(String.valueOf(EINVAL)), request + ": " + answers.get(i));
        }
    }

    @Test
    void a_unix_name_is_what_the_kernel_binds() throws Exception {
        List<Request> requests = new ArrayList<>();
        String unique = "secfilt-" + ProcessHandle.current().pid();
        for (int length = 3; length <= 110; length++) {
            String abstractName = "\0" + length + unique + "\0\0in it\0";
            requests.add(request(true, Family.UNIX, length, "0100" + hex(abstractName)));
            requests.add(request(true, Family.UNIX, length, "0100" + hex(length + "path".repeat(30))));
            requests.add(request(true, Family.UNIX, length, "0100" + hex(length + "-" + "x".repeat(length % 20)) + "0041"));
        }
        List<String> answers = run(requests);
        int bound = 0;
        for (int i = 0; i < requests.size(); i++) {
            Sockaddr decoded = requests.get(i).decoded();
            if (answers.get(i).startsWith("0 ")) {
                byte[] name = decoded instanceof Sockaddr.UnixPath
                        ? ((Sockaddr.UnixPath) decoded).encode() : ((Sockaddr.UnixAbstract) decoded).encode();
                // The kernel shows the NUL of a path of 108 bytes too, where our 110 bytes have no room for it.
                assertEquals(HexFormat.of().formatHex(name), withoutRoom(answers.get(i).substring(2)), requests.get(i).toString());
                bound++;
            }
        }
        assertTrue(bound > 250, bound + " names were bound");
    }

    private static String withoutRoom(String hex) {
        return hex.length() > 220 ? hex.substring(0, 220) : hex;
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static Request request(boolean bind, Family domain, int length, String hex) {
        return new Request(bind, domain, length, Arrays.copyOf(HexFormat.of().parseHex(hex), 256));
    }

    private List<String> run(List<Request> requests) throws Exception {
        Path output = directory.resolve("out");
        Path input = directory.resolve("in");
        ByteBuffer in = ByteBuffer.allocate(requests.size() * 272).order(ByteOrder.nativeOrder());
        for (Request request : requests) {
            boolean raw = request.domain().equals(Family.NETLINK);
            in.putInt(request.bind() ? 1 : 0).putInt(request.domain().number());
            in.putInt(raw ? SocketType.RAW : SocketType.DGRAM).putInt(request.length()).put(request.bytes());
        }
        Files.write(input, in.array());
        Process process = new ProcessBuilder(Fixtures.compile("sockaddr-run").toString())
                .directory(Files.createDirectory(directory.resolve("names")).toFile())
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertEquals(0, process.waitFor());
        return Files.readAllLines(output);
    }
}
