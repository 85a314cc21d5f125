package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Protocol;
import org.secfilt.kernel.SocketCopy;

/** Calls made here, on a copy of the socket. */
class CopyRunTest extends TracerRoom {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int MSG_OOB = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final long LONG = 20_000;

    @BeforeEach
    void sockets_are_of_the_internet() {
        kernel.domain = 2;
        kernel.protocol = UDP;
        kernel.remember(0x1000, ALLOWED);
        kernel.remember(0x2000, FORBIDDEN);
        kernel.remember(0x3000, "hello".getBytes(StandardCharsets.ISO_8859_1));
    }

    private String result() {
        return kernel.returned.get(kernel.returned.size() - 1);
    }

    @Test
    void a_connect_takes_one_stop_and_leaves_the_tracees_registers_alone() {
        runWith(connect(0x1000));
        assertEquals(List.of("7: copy: connect 10.0.0.1:80"), kernel.acted);
        assertEquals("7: connect 0", result());
        assertArrayEquals(new long[] {3, 0x1000, 16, 0, 0, 0}, kernel.arguments(TID));
    }

    @Test
    void what_is_denied_is_not_made() {
        runWith(connect(0x2000));
        assertEquals(List.of(), kernel.acted);
        assertEquals("7: connect " + EPERM, result());
    }

    @Test
    void memory_that_changes_changes_nothing() {
        kernel.remember(0x1000, ALLOWED, FORBIDDEN);
        runWith(connect(0x1000));
        assertEquals(List.of("7: copy: connect 10.0.0.1:80"), kernel.acted);
    }

    @Test
    void an_error_is_the_kernels_own() {
        kernel.onCopies = Optional.of(-Errno.ECONNREFUSED.number());
        runWith(connect(0x1000));
        assertEquals("7: connect " + -Errno.ECONNREFUSED.number(), result());
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void what_would_wait_the_tracee_does_itself() {
        kernel.protocol = TCP;
        kernel.onCopies = Optional.of(SocketCopy.WOULD_WAIT);
        runWith(connect(0x1000));
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
    }

    /** The kernel takes the tracee's call for the second to try: only the supervisor knows better. */
    @ParameterizedTest
    @CsvSource({SocketCopy.BEGUN + ", EALREADY, EINPROGRESS", SocketCopy.BEGUN + ", EINTR, EINTR",
            SocketCopy.WOULD_WAIT + ", EALREADY, EALREADY", SocketCopy.CONNECTING + ", EALREADY, EALREADY"})
    void a_timeout_of_what_was_begun_here_is_told_as_of_a_first_call(int here, String there, String told) {
        kernel.protocol = TCP;
        kernel.onCopies = Optional.of(here);
        kernel.connected = -Errno.find(there).orElseThrow().number();
        runWith(connect(0x1000));
        assertEquals("7: connect " + -Errno.find(told).orElseThrow().number(), result());
    }

    /** The socket connects by now, and needs no address; one that is put in its place is to find none, where a rule is for TCP alone. */
    @ParameterizedTest
    @CsvSource({
        "true, " + SocketCopy.BEGUN + ", AF_65535", "false, " + SocketCopy.BEGUN + ", 10.0.0.1:80",
        "true, " + SocketCopy.CONNECTING + ", AF_65535", "false, " + SocketCopy.CONNECTING + ", 10.0.0.1:80"
    })
    void a_call_that_waits_for_what_was_begun_names_nobody(boolean byProtocol, int here, String to) {
        protocol = byProtocol ? Optional.of(Protocol.TCP) : Optional.empty();
        kernel.protocol = TCP;
        kernel.onCopies = Optional.of(here);
        runWith(connect(0x1000));
        assertEquals(List.of("7: connect " + to), named("connect"));
    }

    /** It does not connect: it is not the one that was begun, be it under the same number. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void another_socket_in_the_place_of_one_that_was_begun_is_no_such(boolean notified) {
        notifies = notified;
        protocol = Optional.of(Protocol.TCP);
        kernel.protocol = TCP;
        kernel.connecting = false;
        kernel.onCopies = Optional.of(SocketCopy.WOULD_WAIT);
        kernel.onCopiesFirst = Optional.of(SocketCopy.BEGUN);
        runWith(connect(0x1000));
        assertEquals(List.of(), named("connect"));
        assertEquals("7: connect -1", result());
    }

    /** SELinux has the last word on families. */
    @Test
    void where_a_family_matters_nobody_is_port_0_of_this_host() {
        protocol = Optional.of(Protocol.TCP);
        kernel.protocol = TCP;
        kernel.familyMatters = true;
        kernel.onCopies = Optional.of(SocketCopy.BEGUN);
        runWith(connect(0x1000));
        assertEquals(List.of("7: connect 0.0.0.0:0"), named("connect"));
    }

    /** Netlink and packet sockets refuse the address by its family. */
    @ParameterizedTest
    @CsvSource({"1, 17, false", "16, 6, true", "17, 17, true", "2, 1, false", "2, 132, false", "2, 262, false", "2, 6, true", "10, 17, true"})
    void only_tcp_and_udp_are_made_here(int domain, int protocol, boolean here) {
        kernel.domain = domain;
        kernel.protocol = protocol;
        runWith(connect(0x1000));
        assertEquals(List.of(here ? "7: copy: connect 10.0.0.1:80" : "7: connect 10.0.0.1:80"),
                here ? kernel.acted : named("connect"));
    }

    @Test
    void nothing_is_made_here_once_a_tracee_has_restricted_itself() {
        runWith(Deed.call("landlock_restrict_self", 4, 0), connect(0x1000));
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
        assertTrue(kernel.acted.contains("7: landlock_restrict_self"), kernel.acted.toString());
    }

    @Test
    void nothing_is_made_here_for_a_tracee_with_another_label() {
        kernel.labelled = true;
        runWith(connect(0x1000));
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
    }

    /** Where the socket's network is another one its limit cannot be known. Limit of ours | ours? | may bind anything? */
    @ParameterizedTest
    @CsvSource({
        "5000, 4999, true, false, false", "5000, 5000, true, false, true", "5000, 4999, true, true, true", "80, 80, true, false, true",
        "1024, 4999, false, false, false", "1024, 65535, false, false, false", "1024, 4999, false, true, true", "1024, 0, false, false, true",
    })
    void a_port_is_bound_here_where_that_takes_no_right_or_the_tracee_has_it(int limit, int port, boolean ours, boolean privileged, boolean here) {
        kernel.unprivileged = limit;
        kernel.ourNetwork = ours;
        kernel.privileged = privileged;
        kernel.remember(0x1000, address("10.0.0.1", port));
        runWith(Deed.call("bind", 3, 0x1000, 16));
        assertEquals(here, kernel.acted.contains("7: copy: bind 10.0.0.1:" + port));
        assertEquals(!here, kernel.acted.contains("7: bind 10.0.0.1:" + port));
    }

    @Test
    void a_limit_that_is_raised_in_the_middle_of_a_run_holds() {
        kernel.remember(0x1000, address("10.0.0.1", 3000));
        kernel.remember(0x2000, address("10.0.0.1", 3001));
        kernel.unprivilegedLater = 5000;
        runWith(Deed.call("bind", 3, 0x1000, 16), Deed.call("bind", 4, 0x2000, 16));
        assertEquals(List.of("7: copy: bind 10.0.0.1:3000", "7: bind 10.0.0.1:3001"), named("bind"));
    }

    @ParameterizedTest
    @CsvSource({"0, true", "1, false", "1023, false", "1024, true", "65535, true"})
    void a_port_that_may_take_a_capability_is_bound_by_the_tracee(int port, boolean here) {
        kernel.remember(0x1000, address("10.0.0.1", port));
        runWith(Deed.call("bind", 3, 0x1000, 16));
        assertEquals(here, kernel.acted.contains("7: copy: bind 10.0.0.1:" + port));
        assertEquals(!here, kernel.acted.contains("7: bind 10.0.0.1:" + port));
    }

    @Test
    void a_datagram_is_sent_with_its_payload() {
        runWith(Deed.call("sendto", 3, 0x3000, 5, MSG_DONTWAIT, 0x1000, 16));
        assertEquals(List.of("7: copy: send hello 10.0.0.1:80"), kernel.acted);
        assertEquals("7: sendto 5", result());
    }

    @ParameterizedTest
    @CsvSource({MSG_OOB + ", 5, 17", "0, " + LONG + ", 17", "0, 5, 6"})
    void a_send_that_is_not_plain_the_tracee_makes_itself(int flags, long length, int protocol) {
        kernel.protocol = protocol;
        kernel.remember(0x3000, new byte[(int) length]);
        runWith(Deed.call("sendto", 3, 0x3000, length, flags, 0x1000, 16));
        assertEquals(List.of("7: sendto 10.0.0.1:80"), named("sendto"));
    }

    @Test
    void a_payload_that_cannot_be_read_the_kernel_refuses_itself() {
        runWith(Deed.call("sendto", 3, 0x7000, 5, 0, 0x1000, 16));
        assertEquals(List.of("7: sendto 10.0.0.1:80"), named("sendto"));
    }

    @ParameterizedTest
    @CsvSource({"0, true", "0x3000, true", "0x7000, true", "0x800000000000, false", "-1, false"})
    void a_pointer_to_no_bytes_is_the_kernels_to_refuse(String base, boolean here) {
        runWith(Deed.call("sendto", 3, Long.decode(base), 0, 0, 0x1000, 16));
        assertEquals(here, kernel.acted.contains("7: copy: send  10.0.0.1:80"));
        assertEquals(here ? List.of() : List.of("7: sendto 10.0.0.1:80"), named("sendto"));
    }

    /** Datagram sockets that were shut down are not worth a signal to the kernel. */
    @ParameterizedTest
    @ValueSource(ints = {0, MSG_NOSIGNAL})
    void a_broken_pipe_is_an_error_like_others(int flags) {
        kernel.onCopies = Optional.of(-Errno.EPIPE.number());
        runWith(Deed.call("sendto", 3, 0x3000, 5, flags, 0x1000, 16));
        assertEquals(List.of(), named("sendto"));
        assertEquals("7: sendto " + -Errno.EPIPE.number(), result());
    }

    private void piecesAt(long address, long... basesAndLengths) {
        ByteBuffer pieces = ByteBuffer.allocate(8 * basesAndLengths.length).order(ByteOrder.nativeOrder());
        for (long word : basesAndLengths) {
            pieces.putLong(word);
        }
        kernel.remember(address, pieces.array());
    }

    private static byte[] messageOf(long name, long pieces, long count) {
        return ByteBuffer.wrap(message(name, name == 0 ? 0 : 16)).order(ByteOrder.nativeOrder()).putLong(16, pieces).putLong(24, count).array();
    }

    @Test
    void the_pieces_of_a_message_are_one_datagram() {
        kernel.remember(0x3100, " world".getBytes(StandardCharsets.ISO_8859_1));
        piecesAt(0x4000, 0x3000, 5, 0, 0, 0x3100, 6);
        kernel.remember(0x5000, messageOf(0x1000, 0x4000, 3));
        runWith(Deed.call("sendmsg", 3, 0x5000, 0));
        assertEquals(List.of("7: copy: send hello world 10.0.0.1:80"), kernel.acted);
        assertEquals("7: sendmsg 11", result());
    }

    @Test
    void a_message_without_an_address_goes_where_the_socket_is_connected_to() {
        piecesAt(0x4000, 0x3000, 5);
        kernel.remember(0x5000, messageOf(0, 0x4000, 1));
        runWith(Deed.call("sendmsg", 3, 0x5000, 0));
        assertEquals(List.of("7: copy: send hello nowhere"), kernel.acted);
    }

    @Test
    void sendmmsg_sends_all_its_messages_up_to_the_one_that_is_denied() {
        piecesAt(0x4000, 0x3000, 5);
        ByteBuffer messages = ByteBuffer.allocate(4 * 64);
        for (long name : new long[] {0x1000, 0x1000, 0x2000, 0x1000}) {
            messages.put(messageOf(name, 0x4000, 1)).putLong(0);
        }
        kernel.remember(0x5000, messages.array());
        runWith(Deed.call("sendmmsg", 3, 0x5000, 4, 0));
        assertEquals(List.of("7: copy: send hello 10.0.0.1:80", "7: copy: send hello 10.0.0.1:80"), kernel.acted);
        assertEquals("7: sendmmsg 2", result());
        assertEquals(List.of("7: wrote 5 at 0x5038", "7: wrote 5 at 0x5078"), kernel.delivered);
        assertEquals(List.of("ready", "sendmmsg 10.9.9.9:80", "command ended"), reported);
    }

    @Test
    void death_while_the_call_is_made_here_loses_nothing() {
        for (int step = 1; step < 20; step++) {
            CopyRunTest once = new CopyRunTest();
            once.sockets_are_of_the_internet();
            once.command(connect(0x1000));
            once.kernel.killBefore(step, TID);
            once.run();
            assertTrue(once.kernel.acted.size() <= 1, once.kernel.acted.toString());
        }
    }
}
