package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnixDumpTest {
    /** The file's bucket is 100. */
    private static final int INODE = 0x5_0064;
    private static final int DEVICE = 8 << 20 | 1;
    private static final int UNBOUND = 701;
    private static final int ABSTRACT = 702;

    /**
     * Words of the table: {@code dgram:N}, {@code listen:N}, {@code closed:N} a socket bound to a file of bucket N; {@code accepted:N}, {@code seq:N}
     * one that shows such a file; {@code none} one without a name; {@code unbound}, {@code abstract} our own; {@code the} the one of the file; {@code /}
     * between two parts.
     */
    @ParameterizedTest
    @CsvSource({
        // one part alone
        "true, dgram:7 abstract dgram:99 listen:101 unbound /",
        "true, unbound dgram:7 closed:120 abstract /",
        "true, unbound abstract /",
        "true, abstract unbound /",
        // certainly elsewhere
        "true, dgram:7 / dgram:99 none dgram:100 unbound abstract /",
        "true, dgram:101 / none / dgram:250 unbound abstract /",
        "true, unbound none listen:101 / none abstract /",
        "true, unbound closed:100 abstract / none / none /",
        // there, or perhaps there
        "false, dgram:99 none / none dgram:101 unbound abstract /",
        "false, dgram:100 / dgram:100 unbound abstract /",
        "false, dgram:7 / listen:100 dgram:101 unbound abstract /",
        "false, listen:100 / listen:200 unbound abstract /",
        "false, none / none dgram:200 unbound abstract /",
        "false, dgram:7 / unbound abstract /",
        "false, dgram:7 / abstract unbound /",
        "false, dgram:7 / none / dgram:101 unbound abstract /",
        "false, dgram:99 / dgram:101 unbound / abstract none /",
        // what shows a file of a bucket and may be in another
        "false, dgram:7 / accepted:99 dgram:101 unbound abstract /",
        "false, dgram:7 accepted:101 / dgram:120 unbound abstract /",
        "false, dgram:7 seq:101 / dgram:120 unbound abstract /",
        // the end is like any other
        "false, dgram:7 none /",
        "false, unbound dgram:99 /",
        "false, unbound unbound /",
        "true, dgram:101 /",
        "true, ''",
    })
    void is_whole_where_no_part_ended_in_the_files_bucket(boolean whole, String told) {
        UnixDump dump = read(told);
        assertEquals(whole, dump.isWhole());
        assertEquals(List.of(), names(dump, DEVICE));
    }

    @Test
    void finds_the_name_of_the_file() {
        assertEquals(List.of("/run/s"), names(read("dgram:7 the / accepted:99 the unbound abstract /"), DEVICE));
    }

    @Test
    void another_device_is_another_file() {
        UnixDump dump = new UnixDump(INODE, UNBOUND, ABSTRACT);
        dump.add(part("the unbound abstract"));
        assertEquals(List.of(), names(dump, DEVICE + 1));
        assertTrue(dump.isElsewhere());
        assertFalse(read("dgram:7 unbound abstract /").isElsewhere());
    }

    @Test
    void an_answer_that_the_kernel_calls_interrupted_is_not_whole() {
        UnixDump dump = new UnixDump(INODE, UNBOUND, ABSTRACT);
        assertEquals(UnixDump.Reply.LAST, dump.add(message(3, 0x10, new byte[4])));
        assertFalse(dump.isWhole());
    }

    /** CONFIG_UNIX_DIAG is not there, nor is any socket to be told of. */
    @Test
    void a_kernel_that_tells_of_none_has_told_all() {
        UnixDump dump = new UnixDump(INODE, UNBOUND, ABSTRACT);
        assertEquals(UnixDump.Reply.LAST, dump.add(message(2, 0, ints(-2))));
        assertTrue(dump.isWhole());
        assertEquals(UnixDump.Reply.NONE, dump.add(message(2, 0, ints(-105))));
    }

    @ParameterizedTest
    @CsvSource({"0", "15", "31", "1000"})
    void a_length_that_cannot_be_is_no_answer(int length) {
        byte[] part = part("the");
        ByteBuffer.wrap(part).order(ByteOrder.nativeOrder()).putInt(length);
        assertEquals(UnixDump.Reply.NONE, new UnixDump(INODE, UNBOUND, ABSTRACT).add(part));
    }

    private static UnixDump read(String told) {
        UnixDump dump = new UnixDump(INODE, UNBOUND, ABSTRACT);
        for (String part : told.isEmpty() ? new String[0] : told.split("/")) {
            assertEquals(UnixDump.Reply.SOME, dump.add(part(part.strip())));
        }
        assertEquals(UnixDump.Reply.LAST, dump.add(message(3, 0, new byte[4])));
        return dump;
    }

    private static List<String> names(UnixDump dump, int device) {
        return dump.names(device).stream().map(name -> new String(name, StandardCharsets.UTF_8)).toList();
    }

    private static byte[] part(String words) {
        ByteArrayOutputStream part = new ByteArrayOutputStream();
        Stream.of(words.split(" ")).map(UnixDumpTest::socket).forEach(part::writeBytes);
        return part.toByteArray();
    }

    private static byte[] socket(String word) {
        String[] of = word.split(":");
        int inode = of.length == 2 ? 0x300 + Integer.parseInt(of[1]) : INODE;
        return switch (of[0]) {
            case "the", "listen" -> socket(1, 10, 9, name("/run/s"), file(inode));
            case "closed" -> socket(1, 7, 9, name("/run/s"), file(inode));
            case "accepted" -> socket(1, 1, 9, name("/run/s"), file(inode));
            case "dgram" -> socket(2, 1, 9, name("/run/d"), file(inode));
            case "seq" -> socket(5, 7, 9, name("/run/q"), file(inode));
            case "none" -> socket(1, 7, 9);
            case "unbound" -> socket(1, 7, UNBOUND);
            case "abstract" -> socket(1, 7, ABSTRACT, name("\0abcde"));
            default -> throw new IllegalArgumentException(word);
        };
    }

    private static byte[] socket(int type, int state, int number, byte[]... attributes) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(new byte[] {1, (byte) type, (byte) state, 0});
        body.writeBytes(ints(number, 0, 0));
        List.of(attributes).forEach(body::writeBytes);
        return message(20, 2, body.toByteArray());
    }

    private static byte[] name(String name) {
        return attribute(0, (name + "\0").getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] file(int inode) {
        return attribute(1, ints(inode, DEVICE));
    }

    private static byte[] attribute(int type, byte[] value) {
        return ByteBuffer.allocate(4 + value.length + 3 & ~3).order(ByteOrder.nativeOrder())
                .putShort((short) (4 + value.length)).putShort((short) type).put(value).array();
    }

    private static byte[] message(int type, int flags, byte[] body) {
        return ByteBuffer.allocate(16 + body.length).order(ByteOrder.nativeOrder())
                .putInt(16 + body.length).putShort((short) type).putShort((short) flags).putLong(0).put(body).array();
    }

    private static byte[] ints(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }
}
