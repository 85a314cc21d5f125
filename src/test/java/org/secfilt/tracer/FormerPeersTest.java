package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.policy.Access;
import org.secfilt.policy.AddressWords;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;

class FormerPeersTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private final FakeKernel kernel = new FakeKernel();

    private static FormerPeers peers(String... allowed) throws Exception {
        List<Rule> rules = Arrays.stream(allowed)
                .map(text -> new Rule(AddressWords.parseWithPorts(text), Optional.empty(), Origin.DEFAULT)).toList();
        Policy policy = Policy.ofRules(new Access(Mode.DENY, Origin.DEFAULT, rules, List.of()), Access.OPEN, Access.OPEN);
        return new FormerPeers(Plan.of(policy, new Host(Arch.X86_64, 2, false)));
    }

    private static Sockaddr at(String text) {
        int colon = text.lastIndexOf(':');
        IpAddress address = IpAddress.parse(text.substring(0, colon).replaceAll("[\\[\\]]", ""));
        int port = Integer.parseInt(text.substring(colon + 1));
        return address.isV4() ? new Sockaddr.Inet(address, port) : new Sockaddr.Inet6(address, port, 0, 0);
    }

    /** With IPv4 alone and no ports there is nothing to mix. */
    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, false", "10.0.0.1, false", "10.0.0.1:80, true", "fd77::/16, true", "fd77::1, true"})
    void matters_where_a_third_destination_could_be_denied(String rule, boolean matters) throws Exception {
        assertEquals(matters, peers(rule).matter());
    }

    @ParameterizedTest
    @CsvSource({
        // protocol, before, next: whether 10.0.0.1:1, 10.0.0.1:2, 10.0.0.2:2, [fd77::1]:1, [fd77:0:0:1::1]:1 and [fd77::2]:2 being allowed is not enough
        "17, 10.0.0.1:1, 10.0.0.1:2, false",
        "17, 10.0.0.1:1, 10.0.0.2:2, true",
        "17, 10.0.0.2:2, 10.0.0.1:1, true",
        "17, 10.0.0.1:2, 10.0.0.2:2, false",
        "17, [fd77::1]:1, [fd77::1]:1, false",
        "17, [fd77::1]:1, [fd77:0:0:1::1]:1, true",
        "17, [fd77::1]:1, [fd77::2]:2, true",
        "17, [::ffff:10.0.0.1]:1, 10.0.0.2:2, true",
        "17, [::ffff:10.0.0.1]:1, [fd77::1]:1, true",
        "6, [::ffff:10.0.0.1]:1, [fd77::1]:1, true",
        "6, [::ffff:10.0.0.2]:2, [::ffff:10.0.0.1]:1, false",
        "6, 10.0.0.2:2, 10.0.0.1:1, false",
        "6, [fd77::2]:2, [fd77::1]:1, false",
    })
    void what_two_peers_make(int protocol, String before, String next, boolean mixes) throws Exception {
        FormerPeers peers = peers("10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:2", "[fd77::1]:1", "[fd77:0:0:1::1]:1", "[fd77::2]:2");
        FakeSocket socket = new FakeSocket(kernel, 7, 3);
        kernel.wasConnected = true;
        assertFalse(peers.mixes(socket, protocol, at(before)));
        peers.note(socket, protocol, at(before));
        assertEquals(mixes, peers.mixes(socket, protocol, at(next)));
        assertFalse(peers.mixes(new FakeSocket(kernel, 7, 4), protocol, at(next)), "another socket");
    }

    /** Without ports it is halves of IPv6 addresses, and the last 32 bits of one for an IPv4 address. */
    @ParameterizedTest
    @CsvSource({
        "[fd77:0:0:1::1]:1, [fd77:0:0:2::5]:2, false",
        "[fd77:0:0:1::5]:1, [fd78::1]:2, true",
        "[::ffff:10.0.0.1]:1, [fd77:0:0:1::a00:2]:2, true",
        "[::ffff:10.0.0.1]:1, 10.0.0.1:2, false",
        "[fd77:0:0:1::5]:1, 10.0.0.1:2, true",
    })
    void what_they_make_without_ports(String before, String next, boolean mixes) throws Exception {
        FormerPeers peers = peers("10.0.0.1", "fd77::/32", "fd78::1");
        FakeSocket socket = new FakeSocket(kernel, 7, 3);
        peers.note(socket, UDP, at(before));
        assertEquals(mixes, peers.mixes(socket, UDP, at(next)));
    }

    /** Ports are no matter between addresses that the same rules are about. */
    @ParameterizedTest
    @CsvSource({
        "[::]/0:443 0.0.0.0/0:443, [fd77::1]:443, [fd78::2]:443, false",
        "[::]/0:443 0.0.0.0/0:443, [::ffff:10.0.0.1]:443, [fd78::2]:443, true",
        "[fd77::]/16:1-600, [fd77::1]:80, [fd77:5::2]:443, false",
        "[fd77::]/32:1-600 [fd77:1::]/32:1-600, [fd77::1]:80, [fd77:1::1]:80, true",
        "[fd77::]/16:80 [fd77::2]:443, [fd77::1]:80, [fd77::2]:80, true",
        "[::]/0:443 0.0.0.0/0:443, [fd77::1]:443, [::ffff:10.0.0.1]:443, true",
        "[fd77::]/16:80 [fd77::2]:443, [fd77::1]:80, [fd77:5::3]:80, false",
        "[fd77::]/16:80 [fd77:0:0:1::1]:443, [fd77::1]:80, [fd77:0:0:1::3]:80, true", // half of either is the one that 443 is allowed of
    })
    void what_they_make_with_ports_of_networks(String rules, String before, String next, boolean mixes) throws Exception {
        FormerPeers peers = peers(rules.split(" "));
        FakeSocket socket = new FakeSocket(kernel, 7, 3);
        peers.note(socket, UDP, at(before));
        assertEquals(mixes, peers.mixes(socket, UDP, at(next)));
    }

    @ParameterizedTest
    @CsvSource({"::/0 0.0.0.0/0, false", "[::]/0:443 0.0.0.0/0, true", "2000::/3 0.0.0.0/0, true"})
    void an_ipv4_peer_after_an_ipv6_one_is_refused_unless_all_of_ipv6_is_allowed(String rules, boolean mixes) throws Exception {
        FormerPeers peers = peers(rules.split(" "));
        FakeSocket socket = new FakeSocket(kernel, 7, 3);
        peers.note(socket, UDP, at("[2001:db8::1]:443"));
        assertEquals(mixes, peers.mixes(socket, UDP, at("[::ffff:10.0.0.1]:443")));
    }

    /** A datagram that is begun is as good as a peer, whichever comes first. */
    @ParameterizedTest
    @CsvSource({
        "10.0.0.1:1, 10.0.0.2:2, true",
        "10.0.0.1:1, 10.0.0.1:2, false",
        "[fd77::1]:1, [::ffff:10.0.0.1]:1, true",
        "[::ffff:10.0.0.1]:1, [fd77::1]:1, true",
    })
    void what_is_begun_counts_as_a_peer(String one, String other, boolean mixes) throws Exception {
        FormerPeers peers = peers("10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:2", "[fd77::1]:1");
        FakeSocket socket = new FakeSocket(kernel, 7, 3);
        peers.note(socket, UDP, at(one));
        assertEquals(mixes, peers.mixesBegun(socket, at(other)));
        FakeSocket fresh = new FakeSocket(kernel, 7, 4);
        assertFalse(peers.mixesBegun(fresh, at(one)));
        assertEquals(mixes, peers.mixesBegun(fresh, at(other)) || peers.mixes(fresh, UDP, at(other)));
    }

    @Test
    void of_too_many_peers_the_worst_is_taken_and_of_too_many_sockets_the_oldest_may_have_had_any() throws Exception {
        FormerPeers peers = peers("10.0.0.1:1", "[fd77::1]:1");
        for (int port = 1; port < 140; port++) {
            peers.note(new FakeSocket(kernel, 7, 6000), UDP, at("10.0.0.1:" + port));
        }
        assertTrue(peers.mixes(new FakeSocket(kernel, 7, 6000), UDP, at("10.0.0.1:1")));
        for (int fd = 0; fd < 20_000; fd++) {
            peers.note(new FakeSocket(kernel, 7, 30_000 + fd), UDP, at("10.0.0.1:2"));
        }
        assertTrue(peers.mixes(new FakeSocket(kernel, 7, 30_000), UDP, at("10.0.0.1:2")), "long ago");
        assertFalse(peers.mixes(new FakeSocket(kernel, 7, 29_999), UDP, at("10.0.0.1:2")), "never");
        assertTrue(peers.mixes(new FakeSocket(kernel, 7, 49_999), UDP, at("[fd77::1]:1")));
        for (int fd = 0; fd < 9000; fd++) {
            peers.note(new FakeSocket(kernel, 7, fd), TCP, at("[::ffff:10.0.0.1]:1"));
        }
        assertFalse(peers.mixes(new FakeSocket(kernel, 7, 0), TCP, at("[fd77::1]:1")), "one that never was connected is not one of those");
        kernel.wasConnected = true;
        assertTrue(peers.mixes(new FakeSocket(kernel, 7, 0), TCP, at("[fd77::1]:1")));
        assertFalse(peers.mixes(new FakeSocket(kernel, 7, 9001), TCP, at("[fd77::1]:1")));
    }
}
