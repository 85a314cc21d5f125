package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;

/** A socket or a directory that another takes the place of, under a call that was judged. */
class SwappedSocketTest extends TracerRoom {
    /** A program may close it while the call waits, and another socket gets its number. What that sends the firewall judges. */
    @Test
    void a_socket_swapped_under_a_call_costs_nothing_where_packets_are_judged() {
        protocol = Optional.of(Protocol.TCP);
        firewalled = true; // so the call runs
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(8 + looksBefore(), 6)); // judged and copied anew after each step of mapping the vault
        kernel.protocols.add(17);
        kernel.peer = Optional.of(new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 80));
        runWith(connect(0x1000));
        assertEquals(List.of(), kernel.delivered);
        assertEquals(List.of("7: connect 10.0.0.1:80"), named("connect"));
        assertEquals(List.of("ready", "command ended"), reported);
    }

    /** But not what a socket sends that the firewall does not know for the command's. */
    @Test
    void where_packets_are_judged_a_socket_from_outside_is_not_given_the_chance() {
        protocol = Optional.of(Protocol.TCP);
        firewalled = true;
        kernel.labelled = true;
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(8 + looksBefore(), 6));
        outsiders = true;
        runWith(connect(0x1000));
        assertEquals(List.of(), named("connect"));
        assertEquals("connect 10.0.0.1:80", reported.get(1));
    }

    /** A program may close a socket that connects, and open another: the call that waits names nobody any more. */
    @Test
    void a_socket_under_the_number_of_one_that_connects_costs_nothing() {
        protocol = Optional.of(Protocol.TCP);
        kernel.labelled = true;
        kernel.connecting = true;
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(9 + looksBefore(), 6));
        kernel.protocols.add(17);
        kernel.peer = Optional.of(new Sockaddr.Inet(IpAddress.parse("10.0.0.53"), 53));
        runWith(connect(0x1000));
        assertEquals(List.of(), kernel.delivered);
        assertEquals(List.of("7: connect AF_65535"), named("connect"));
    }

    /** Only what the supervisor cannot bind is bound by the call, and the kernel looks at no firewall there. */
    @ParameterizedTest
    @CsvSource({"tcp, true, ", ", true, 7: bind 10.0.0.1:80", "tcp, false, 7: copy: bind 10.0.0.1:80"})
    void a_bind_by_a_rule_for_one_protocol_is_made_here_or_denied(String rule, boolean labelled, String outcome) {
        protocol = Optional.ofNullable(rule).map(Protocol::parse);
        firewalled = true;
        kernel.labelled = labelled;
        kernel.privileged = true;
        bind(outcome);
    }

    /** Of a port that nobody needs a right for here, or that the caller has none for. The first such port | whose network | what is bound. */
    @ParameterizedTest
    @CsvSource({"tcp, 80, true, 7: copy: bind 10.0.0.1:80", "tcp, 80, false, ", ", 80, false, 7: bind 10.0.0.1:80", "tcp, 81, true, EACCES", ", 81, true, 7: bind 10.0.0.1:80"})
    void a_bind_to_a_low_port_by_a_rule_for_one_protocol_is_never_left_to_the_caller(
            String rule, int first, boolean ours, String outcome) {
        protocol = Optional.ofNullable(rule).map(Protocol::parse);
        kernel.unprivileged = first;
        kernel.ourNetwork = ours;
        bind(outcome);
    }

    /** @param outcome what comes of the bind of a TCP socket; null if it is denied, EACCES as the kernel answers it */
    private void bind(String outcome) {
        kernel.domain = 2;
        kernel.protocol = 6;
        kernel.remember(0x1000, ALLOWED);
        runWith(Deed.call("bind", 3, 0x1000, 16));
        boolean made = outcome != null && !outcome.equals("EACCES");
        assertEquals(made ? List.of(outcome) : List.of(), named("bind"));
        assertEquals(outcome == null, kernel.returned.contains("7: bind " + EPERM), kernel.returned.toString());
        assertEquals("EACCES".equals(outcome), kernel.returned.contains("7: bind -13"), kernel.returned.toString());
        assertEquals(outcome == null ? List.of("ready", "bind 10.0.0.1:80", "command ended") : List.of("ready", "command ended"), reported);
    }

    /** A program closes a UDP socket and opens a TCP socket, which gets its number: a send that does not connect does nothing to that. */
    @Test
    void a_tcp_socket_under_the_number_of_a_closed_one_that_sent_costs_nothing() {
        protocol = Optional.of(Protocol.UDP);
        kernel.labelled = true; // so the call runs
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(4 + looksBefore() / 2, 17));
        kernel.protocols.add(6);
        runWith(Deed.call("sendto", 3, 0x5000, 1, 0, 0x1000, 16));
        assertEquals(List.of(), kernel.delivered);
        assertEquals(List.of("7: sendto 10.0.0.1:80"), named("sendto"));
    }

    /** So a UDP socket that is put in its place is sent nowhere. */
    @ParameterizedTest
    @CsvSource({"0, 6, nowhere", "0x4000, 6, nowhere", "0, 17, 10.0.0.1:80"})
    void a_tcp_socket_sends_without_the_address(String flags, int of, String to) {
        protocol = Optional.of(Protocol.of(of).get());
        kernel.labelled = true;
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(40, of));
        runWith(Deed.call("sendto", 3, 0x5000, 1, Long.decode(flags), 0x1000, 16));
        assertEquals(List.of("7: sendto " + to), named("sendto"));
    }

    /** It needs its address, which the other protocol would take; so it is as where that is switched off. */
    @ParameterizedTest
    @CsvSource({"6, tcp, 0, -95", "17, udp, 0, -95", "6, , 1, 5", "17, , 1, 5"})
    void nothing_is_sent_and_connected_at_once_by_a_rule_for_one_protocol(int of, String rule, int made, int result) {
        protocol = Optional.ofNullable(rule).map(Protocol::parse);
        kernel.labelled = true;
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(40, of));
        runWith(Deed.call("sendto", 3, 0x5000, 1, 0x20000000, 0x1000, 16));
        assertEquals(made, named("sendto").size());
        assertEquals("7: sendto " + result, kernel.returned.get(kernel.returned.size() - 1));
    }

    /** What it reached would be seen afterwards, if at all: too late for what a thread sends meanwhile. */
    @ParameterizedTest
    @CsvSource({"tcp, 6, false, false, EPERM", "udp, 17, false, false, EPERM", "tcp, 6, false, true, 10.0.0.1:80", ", 6, false, false, 10.0.0.1:80",
        "tcp, 6, true, false, AF_65535"})
    void a_connect_that_cannot_be_made_here_is_denied_where_another_socket_would_come_to_what_is_not_allowed(
            String rule, int of, boolean connecting, boolean firewall, String outcome) {
        protocol = Optional.ofNullable(rule).map(Protocol::parse);
        firewalled = firewall;
        kernel.labelled = true;
        kernel.protocol = of;
        kernel.connecting = connecting;
        kernel.remember(0x1000, ALLOWED);
        runWith(connect(0x1000));
        assertEquals(outcome.equals("EPERM") ? List.of() : List.of("7: connect " + outcome), named("connect"));
        assertEquals(outcome.equals("EPERM"), kernel.returned.contains("7: connect " + EPERM), kernel.returned.toString());
    }

    /** A program closes a UDP socket and opens a TCP socket, which gets its number. */
    @Test
    void one_that_is_seen_swapped_before_the_call_is_judged_anew() {
        protocol = Optional.of(Protocol.TCP);
        kernel.domain = 2;
        kernel.protocol = 6;
        kernel.protocols.addAll(Collections.nCopies(looksBefore() == 0 ? 1 : 3, 6));
        kernel.protocols.add(17);
        kernel.remember(0x1000, ALLOWED);
        runWith(connect(0x1000));
        assertEquals(List.of("7: copy: connect 10.0.0.1:80"), named("connect"));
        assertEquals(List.of("ready", "command ended"), reported);
    }

    @Test
    void one_that_is_seen_swapped_before_the_call_is_denied_and_the_call_does_not_run() {
        protocol = Optional.of(Protocol.TCP);
        kernel.remember(0x1000, ALLOWED);
        kernel.protocols.addAll(Collections.nCopies(looksBefore(), 6));
        for (int i = 0; i < 4; i++) {
            kernel.protocols.addAll(List.of(6, 17));
        }
        runWith(connect(0x1000));
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals("connect 10.0.0.1:80", reported.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void a_directory_renamed_under_a_connect_costs_the_process_its_life() {
        kernel.remember(0x1000, new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")).encode());
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: connect unix:/tmp/a/s"), named("connect"));
        assertEquals(List.of("7: killed"), kernel.delivered);
        assertEquals(List.of("ready", "connect", "command ended"), reported);
    }

    @Test
    void a_socket_that_is_connected_to_nothing_after_its_connect_costs_the_process_its_life() {
        kernel.remember(0x1000, new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")).encode());
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: killed"), kernel.delivered);
    }

    @Test
    void a_denied_socket_stays_denied_under_another_path() {
        kernel.remember(0x1000, new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")).encode());
        kernel.boundNames = List.of("/run/docker.sock".getBytes(StandardCharsets.UTF_8));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
    }

    @Test
    void a_socket_whose_names_cannot_be_told_may_be_a_denied_one() {
        kernel.remember(0x1000, new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")).encode());
        kernel.namesLooked = false;
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals("7: connect " + EPERM, kernel.returned.get(1));
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
    }
}
