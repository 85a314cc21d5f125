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

    /** A rule for whole hosts, or for prefixes of at most half an IPv6 address, has no third destination. */
    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, false", "10.0.0.1, false", "10.0.0.1:80, true", "fd77::/16, false", "fd77:1:2:3::/64, false", "fd77::1, true", "fd77::/65, true"})
    void matters_where_rules_tell_ports_or_lower_halves_apart(String rule, boolean matters) throws Exception {
        assertEquals(matters, peers(rule).matter());
    }

    @ParameterizedTest
    @CsvSource({
        // protocol, before, next: what comes of it, where 10.0.0.1:1, 10.0.0.1:2, 10.0.0.2:2, [fd77::1]:1, [fd77:0:0:1::1]:1 and [fd77::2]:2 are allowed
        "17, 10.0.0.1:1, 10.0.0.1:2, NONE",
        "17, 10.0.0.1:1, 10.0.0.2:2, PASSING",
        "17, 10.0.0.2:2, 10.0.0.1:1, PASSING",
        "17, 10.0.0.1:2, 10.0.0.2:2, NONE",
        "17, [fd77::1]:1, [fd77:0:0:1::1]:1, NONE",
        "17, [fd77::1]:1, [fd77::2]:2, PASSING",
        "17, [fd77:0:0:1::1]:1, [fd77::2]:2, PASSING",
        "17, [::ffff:10.0.0.1]:1, 10.0.0.2:2, PASSING",
        "17, [::ffff:10.0.0.1]:1, [fd77::1]:1, PASSING",
        "6, [::ffff:10.0.0.1]:1, [fd77::1]:1, NONE",
        "6, [::ffff:10.0.0.1]:1, [fd77::2]:2, NONE",
        "6, [::ffff:10.0.0.2]:2, [fd77::1]:1, LASTING",
        "6, [::ffff:10.0.0.2]:2, 10.0.0.1:1, NONE",
        "6, 10.0.0.2:2, [fd77::1]:1, NONE",
        "6, [fd77::2]:2, [fd77::1]:1, NONE",
    })
    void what_two_peers_make(int protocol, String before, String next, FormerPeers.Mix mix) throws Exception {
        FormerPeers peers = peers("10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:2", "[fd77::1]:1", "[fd77:0:0:1::1]:1", "[fd77::2]:2");
        FakeSocket socket = new FakeSocket(kernel, 7, 3);
        assertEquals(FormerPeers.Mix.NONE, peers.mix(socket, protocol, at(before)));
        peers.note(socket, protocol, at(before));
        assertEquals(mix, peers.mix(socket, protocol, at(next)));
        assertEquals(FormerPeers.Mix.NONE, peers.mix(new FakeSocket(kernel, 7, 4), protocol, at(next)), "another socket");
        peers.forget(socket);
        assertEquals(FormerPeers.Mix.NONE, peers.mix(socket, protocol, at(next)), "forgotten");
    }

    /** It may be any of them that the command itself connects. */
    @Test
    void a_call_that_the_command_makes_itself_is_about_any_socket() throws Exception {
        FormerPeers peers = peers("10.0.0.1:1", "10.0.0.2:2");
        assertFalse(peers.mixesWithAny(at("10.0.0.1:1")));
        peers.noteAny(at("10.0.0.1:1"));
        assertTrue(peers.mixesWithAny(at("10.0.0.2:2")));
        assertEquals(FormerPeers.Mix.PASSING, peers.mix(new FakeSocket(kernel, 7, 3), UDP, at("10.0.0.2:2")));
        peers = peers("10.0.0.1:1", "10.0.0.2:2");
        peers.note(new FakeSocket(kernel, 7, 3), UDP, at("10.0.0.1:1"));
        assertTrue(peers.mixesWithAny(at("10.0.0.2:2")));
    }

    /** Of more sockets than are remembered, those that were looked at before are taken to have had every peer. */
    @Test
    void what_was_forgotten_is_taken_for_the_worst() throws Exception {
        FormerPeers peers = peers("10.0.0.1:1", "[fd77::1]:1");
        for (int fd = 0; fd <= 4096; fd++) {
            peers.note(new FakeSocket(kernel, 7, fd), TCP, at("[::ffff:10.0.0.1]:1"));
        }
        assertEquals(FormerPeers.Mix.LASTING, peers.mix(new FakeSocket(kernel, 7, 9), TCP, at("[fd77::1]:1")));
        assertEquals(FormerPeers.Mix.NONE, peers.mix(new FakeSocket(kernel, 7, 5000), TCP, at("[fd77::1]:1")));
        for (int port = 1; port < 12; port++) {
            peers.note(new FakeSocket(kernel, 7, 6000), UDP, at("10.0.0.1:" + port));
        }
        assertEquals(FormerPeers.Mix.PASSING, peers.mix(new FakeSocket(kernel, 7, 6000), UDP, at("10.0.0.1:1")));
    }
}
