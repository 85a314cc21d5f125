package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Msghdr;

/** Calls whose address stands in a message header, sendmsg(2) and sendmmsg(2), and their control data. */
class MessageStopTest extends TracerRoom {
    @ParameterizedTest
    @ValueSource(strings = {"name", "header", "control"})
    void what_could_not_be_read_is_not_read_again(String unreadable) {
        ByteBuffer header = ByteBuffer.wrap(message(0x1000, 16)).order(ByteOrder.nativeOrder());
        if (unreadable.equals("control")) {
            header.putLong(Msghdr.CONTROL, 0x3000).putLong(40, 24);
        }
        kernel.remember(0x5000, message(0, 0));
        if (!unreadable.equals("header")) {
            kernel.remember(0x2000, header.array());
        }
        if (!unreadable.equals("name")) {
            kernel.remember(0x1000, ALLOWED);
        }
        runWith(Deed.call("sendmsg", 3, 0x5000, 0), Deed.call("sendmsg", 3, 0x2000, 0));
        if (unreadable.equals("header")) {
            assertEquals("7: sendmsg " + -Errno.EFAULT.number(), kernel.returned.get(kernel.returned.size() - 1));
            return;
        }
        long place = unreadable.equals("name") ? Msghdr.NAME : Msghdr.CONTROL;
        assertEquals(AddressCall.NOWHERE, ControlMessages.longAt(kernel.vault.read((int) place, Long.BYTES), 0));
    }

    @Test
    void a_send_without_an_address_runs_with_none_whatever_memory_says_later() {
        kernel.remember(0x1000, FORBIDDEN);
        kernel.remember(0x2000, message(0, 0), message(0x1000, 16));
        kernel.remember(0x3000, message(0, 0));
        runWith(Deed.call("sendmsg", 3, 0x3000, 0), Deed.call("sendmsg", 3, 0x2000, 0));
        assertEquals(List.of("7: sendmsg nowhere", "7: sendmsg nowhere"), named("sendmsg"));
    }

    @Test
    void a_message_header_goes_into_the_vault_with_its_name() {
        kernel.remember(0x1000, ALLOWED, FORBIDDEN);
        kernel.remember(0x2000, message(0x1000, 16), message(0x4000, 16));
        kernel.remember(0x3000, message(0, 0));
        kernel.remember(0x4000, FORBIDDEN);
        runWith(Deed.call("sendmsg", 3, 0x3000, 0), Deed.call("sendmsg", 3, 0x2000, 0));
        assertEquals(List.of("7: sendmsg nowhere", "7: sendmsg 10.0.0.1:80"), named("sendmsg"));
    }

    @Test
    void sendmmsg_runs_as_one_sendmsg_and_answers_one() {
        kernel.remember(0x2000, message(0x1000, 16));
        kernel.remember(0x1000, ALLOWED);
        runWith(Deed.call("sendmmsg", 3, 0x2000, 5, 0x40));
        assertEquals(List.of("7: sendmsg 10.0.0.1:80"), named("sendmsg"));
        assertEquals("7: sendmmsg 1", kernel.returned.get(kernel.returned.size() - 1));
        assertEquals(List.of("7: wrote 7 at 0x2038"), kernel.delivered);
        assertArrayEquals(new long[] {3, 0x2000, 5, 0x40, 0, 0}, kernel.arguments(TID));
    }

    /** A filter of the tracee's own: the result is the number of the call, and a message of so many bytes may be sent, too. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_trapped_sendmsg_in_the_place_of_a_sendmmsg_is_a_denial(boolean traps) {
        kernel.remember(0x2000, message(0x1000, 16));
        kernel.remember(0x1000, ALLOWED);
        kernel.sent = FakeTracees.ARCH.syscalls().nr("sendmsg");
        command(Deed.call("sendmmsg", 3, 0x2000, 5, 0x40)).traps = traps ? Set.of("sendmsg") : Set.of();
        run();
        assertEquals("7: sendmmsg " + (traps ? EPERM : 1), kernel.returned.get(1));
        assertEquals(traps ? List.of() : List.of("7: wrote 46 at 0x2038"), kernel.delivered);
        assertEquals(traps ? List.of("ready", "sendmmsg", "command ended") : List.of("ready", "command ended"), reported);
        assertArrayEquals(new long[] {3, 0x2000, 5, 0x40, 0, 0}, kernel.arguments(TID));
    }

    @Test
    void sendmmsg_of_no_message_sends_none() {
        runWith(Deed.call("sendmmsg", 3, 0x2000, 0, 0));
        assertEquals(List.of("7: sendmmsg"), kernel.acted); // the kernel alone knows whether the descriptor is a socket
    }

    @Test
    void a_source_route_in_control_data_is_denied() {
        byte[] route = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder()).putLong(19).putInt(0).putInt(7).array();
        ByteBuffer header = ByteBuffer.wrap(message(0x1000, 16)).order(ByteOrder.nativeOrder());
        header.putLong(Msghdr.CONTROL, 0x3000).putLong(40, 24);
        kernel.remember(0x2000, header.array());
        kernel.remember(0x1000, ALLOWED);
        kernel.remember(0x3000, route);
        runWith(Deed.call("sendmsg", 3, 0x2000, 0));
        assertEquals("7: sendmsg " + EPERM, kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void more_control_data_than_a_slot_holds_is_refused() {
        ByteBuffer header = ByteBuffer.wrap(message(0, 0)).order(ByteOrder.nativeOrder());
        header.putLong(Msghdr.CONTROL, 0x3000).putLong(40, Slots.CONTROL_BYTES + 1);
        kernel.remember(0x2000, header.array());
        kernel.remember(0x3000, new byte[Slots.CONTROL_BYTES + 1]);
        runWith(Deed.call("sendmsg", 3, 0x2000, 0));
        assertEquals("7: sendmsg " + -Errno.ENOBUFS.number(), kernel.returned.get(1));
    }
}
