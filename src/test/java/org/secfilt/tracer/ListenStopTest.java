package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;

/** listen(2), which may bind. */
class ListenStopTest extends TracerRoom {
    @Test
    void listening_on_an_unbound_socket_is_a_bind_to_every_address() {
        runWith(Deed.call("listen", 3, 5));
        assertEquals("7: listen " + EPERM, kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void listening_on_a_bound_socket_happens_on_the_very_socket() {
        kernel.local = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 8080);
        kernel.bound = true;
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: listen 10.0.0.1:8080"), kernel.acted);
    }

    @Test
    void a_listener_may_change_its_queue_wherever_it_listens() {
        kernel.local = new Sockaddr.Inet(IpAddress.parse("10.9.9.9"), 8080);
        kernel.listening = true;
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: listen 10.9.9.9:8080"), kernel.acted);
    }

    @Test
    void a_port_left_over_from_a_connection_binds_nothing() {
        kernel.local = new Sockaddr.Inet(IpAddress.parse("0.0.0.0"), 40000);
        runWith(Deed.call("listen", 3, 5));
        assertEquals("7: listen " + EPERM, kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }

    @Test
    void a_socket_that_may_have_lost_its_binding_is_bound_to_what_was_judged() {
        kernel.local = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 40000);
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: bind 10.0.0.1:40000", "7: listen 10.0.0.1:40000"), kernel.acted);
    }

    /** It tells nothing of the socket that was judged, so another one listens. */
    @Test
    void another_socket_under_the_number_of_a_unix_socket_costs_all_their_lives() {
        kernel.local = new Sockaddr.UnixUnnamed();
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: listen"), kernel.acted);
        assertEquals(List.of("7: killed"), kernel.delivered);
        assertEquals("listen", reported.get(1));
    }

    @Test
    void a_unix_socket_that_listens_already_is_left_as_it_is() {
        kernel.local = new Sockaddr.UnixUnnamed();
        kernel.listening = true;
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of(), kernel.acted);
        assertEquals("7: listen 0", kernel.returned.get(1));
    }

    @Test
    void a_connection_that_ends_while_listen_is_judged_costs_the_process_its_life() {
        kernel.local = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 40000);
        kernel.bound = true;
        kernel.localWhenListening = Optional.of(new Sockaddr.Inet(IpAddress.parse("0.0.0.0"), 40001));
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: listen 10.0.0.1:40000", "7: listen no more"), kernel.acted);
        assertEquals(List.of("7: killed"), kernel.delivered);
        assertEquals("listen", reported.get(1));
    }

    @Test
    void a_tracee_with_another_label_listens_by_itself() {
        kernel.labelled = true;
        kernel.local = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 8080);
        kernel.bound = true;
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: listen"), kernel.acted);
        assertEquals(List.of(), kernel.delivered);
        assertEquals("7: listen 0", kernel.returned.get(1));
    }

    @Test
    void a_tracee_with_another_label_whose_socket_was_bound_elsewhere_meanwhile_dies() {
        kernel.labelled = true;
        kernel.local = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 8080);
        kernel.bound = true;
        kernel.localWhenListening = Optional.of(new Sockaddr.Inet(IpAddress.parse("0.0.0.0"), 40001));
        runWith(Deed.call("listen", 3, 5));
        assertEquals(List.of("7: listen", "7: listen no more"), kernel.acted);
        assertEquals(List.of("7: killed"), kernel.delivered);
        assertEquals("listen", reported.get(1));
    }

    @Test
    void another_label_allows_nothing_more() {
        kernel.labelled = true;
        runWith(Deed.call("listen", 3, 5));
        assertEquals("7: listen " + EPERM, kernel.returned.get(1));
        assertEquals(List.of(), kernel.acted);
    }
}
