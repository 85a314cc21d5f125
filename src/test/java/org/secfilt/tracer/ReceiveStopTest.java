package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.OpenDescriptor;

/** Descriptors that a unix peer hands over. */
class ReceiveStopTest extends TracerRoom {
    private void receiveAt(byte[] control) {
        byte[] header = message(0, 0);
        ByteBuffer words = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        words.putLong(32, 0x3000).putLong(40, control.length);
        kernel.remember(0x2000, Arrays.copyOf(header, 64));
        kernel.remember(0x3000, control);
    }

    private static byte[] rights(int... numbers) {
        ByteBuffer message = ByteBuffer.allocate(16 + 4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        message.putLong(16L + 4L * numbers.length).putInt(1).putInt(1);
        for (int number : numbers) {
            message.putInt(number);
        }
        return message.array();
    }

    @Test
    void a_socket_handed_over_is_disconnected_if_the_policy_denies_where_it_is_connected_to() {
        receiveAt(new byte[64]);
        kernel.handed = rights(21);
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals(List.of("7: disconnected 21"), kernel.delivered);
        assertEquals("recvmsg unix:/run/docker.sock", reported.get(1));
        assertEquals("7: recvmsg 4", kernel.returned.get(1));
    }

    @Test
    void a_socket_handed_over_that_cannot_be_disconnected_costs_the_process_its_life() {
        receiveAt(new byte[64]);
        kernel.handed = rights(21);
        kernel.disconnects = false;
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals(List.of("7: disconnected 21", "7: killed"), kernel.delivered);
    }

    @Test
    void a_socket_handed_over_that_is_steered_is_not_mended_by_being_disconnected() {
        receiveAt(new byte[64]);
        kernel.handed = rights(21);
        kernel.steerings = Set.of(OpenDescriptor.Steering.BEGUN);
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals(List.of("7: killed"), kernel.delivered);
    }

    @Test
    void what_stood_in_the_buffer_before_is_not_taken_for_a_descriptor() {
        receiveAt(Arrays.copyOf(rights(21), 64));
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals(List.of(), kernel.delivered);
    }

    /** As a library does that puts -1 there, and looks for that afterwards. */
    @Test
    void what_stood_in_the_buffer_before_stands_there_again_behind_what_came() {
        byte[] before = new byte[64];
        Arrays.fill(before, (byte) 0xff);
        receiveAt(before);
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertArrayEquals(before, kernel.memoryAt(0x3000));
        kernel.handed = rights(21);
        receiveAt(before);
        kernel.peer = Optional.of(new Sockaddr.Inet(org.secfilt.abi.IpAddress.parse("10.0.0.1"), 80));
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        byte[] after = kernel.memoryAt(0x3000);
        assertArrayEquals(rights(21), Arrays.copyOf(after, 20));
        assertArrayEquals(Arrays.copyOfRange(before, 20, 64), Arrays.copyOfRange(after, 20, 64));
    }

    @Test
    void a_buffer_that_vanishes_while_descriptors_arrive_costs_the_process_its_life() {
        receiveAt(new byte[64]);
        kernel.meanwhile = () -> kernel.forgetMemory(0x3000);
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals(List.of("7: killed"), kernel.delivered);
        assertEquals("recvmsg", reported.get(1));
    }

    /** No error but EFAULT comes behind descriptors, and where some came the header tells how much was written. */
    @ParameterizedTest
    @CsvSource({"-11, 64, false", "-512, 64, false", "4, 0, false", "-14, 0, true", "4, 20, true"})
    void one_that_vanishes_costs_nothing_if_no_descriptor_came(int result, long written, boolean killed) {
        receiveAt(new byte[64]);
        kernel.received = result;
        kernel.meanwhile = () -> {
            kernel.forgetMemory(0x3000);
            byte[] header = kernel.memoryAt(0x2000);
            ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(40, written);
            kernel.remember(0x2000, header);
        };
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals(killed, kernel.delivered.contains("7: killed"));
        assertEquals(killed, reported.contains("recvmsg"));
    }

    @Test
    void a_buffer_that_may_not_be_written_is_EFAULT_before_anything_arrives() {
        byte[] header = message(0, 0);
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(32, 0x5000).putLong(40, 64);
        kernel.remember(0x2000, header);
        runWith(Deed.call("recvmsg", 3, 0x2000, 0));
        assertEquals("7: recvmsg " + -Errno.EFAULT.number(), kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void a_call_that_would_write_over_the_numbers_itself_is_EFAULT() {
        byte[] header = message(0x3000, 64);
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(32, 0x3000).putLong(40, 64);
        kernel.remember(0x2000, header);
        kernel.remember(0x3000, new byte[64]);
        kernel.remember(0x6000, Arrays.copyOf(header(0x7000), 64));
        kernel.remember(0x7000, new byte[64]);
        runWith(Deed.call("recvmsg", 3, 0x2000, 0), Deed.call("recvmmsg", 3, 0x6000, 1, 0, 0x7000));
        assertEquals("7: recvmsg " + -Errno.EFAULT.number(), kernel.returned.get(1));
        assertEquals("7: recvmmsg " + -Errno.EFAULT.number(), kernel.returned.get(2));
        assertEquals(List.of(), kernel.acted);
    }

    private static byte[] header(long control) {
        byte[] header = message(0, 0);
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(32, control).putLong(40, 64);
        return header;
    }

    @Test
    void a_call_that_has_no_room_for_descriptors_or_is_on_an_internet_socket_goes_on() {
        kernel.domain = 2;
        receiveAt(new byte[64]);
        kernel.remember(0x4000, message(0, 0));
        kernel.handed = rights(21);
        runWith(Deed.call("recvmsg", 3, 0x2000, 0), Deed.call("recvmsg", 3, 0x4000, 0));
        assertEquals(List.of("7: recvmsg of 1", "7: recvmsg of 1"), kernel.acted);
        assertEquals(List.of(), kernel.delivered);
    }

    @Test
    void recvmmsg_receives_one_message_at_a_time() {
        byte[] headers = new byte[16 * 64];
        kernel.remember(0x2000, headers);
        runWith(Deed.call("recvmmsg", 3, 0x2000, 500, 0, 0));
        assertEquals(List.of("7: recvmmsg of 1"), kernel.acted);
        assertArrayEquals(new long[] {3, 0x2000, 500, 0, 0, 0}, kernel.arguments(TID));
    }
}
