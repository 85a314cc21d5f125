package org.secfilt.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.PortRange;
import org.secfilt.abi.Protocol;
import org.secfilt.policy.Access;
import org.secfilt.policy.Families;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Firewall;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Net;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Publication;
import org.secfilt.policy.Rule;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Surroundings;

class PlanTest {
    private static final Origin ORIGIN = Origin.file("p.yaml", 3, 1);
    private static final Access DENY = new Access(Mode.DENY, ORIGIN, List.of(), List.of());
    private static final Host HOST = new Host(Arch.X86_64, 7, false);

    private static Policy policy(Access connect, Access bind, Access unix) {
        return new Policy(Optional.empty(), connect, bind, unix, Optional.empty(), Errno.EPERM, Inherit.CLOSE);
    }

    private static Access allowing(String network, Optional<Protocol> protocol) {
        List<Cidr> networks = network.isEmpty() ? List.of() : List.of(Cidr.parse(network));
        return new Access(Mode.DENY, ORIGIN,
                List.of(new Rule(new Match.Inet(networks, List.of(), protocol), Optional.empty(), ORIGIN)), List.of());
    }

    private static Plan plan(Policy policy) throws RefusedPolicyException {
        return Plan.of(policy, HOST);
    }

    @Test
    void nothing_restricted_needs_nothing() throws RefusedPolicyException {
        Plan plan = Plan.of(Policy.OPEN, new Host(Arch.X86_64, 7, true));
        assertFalse(plan.supervised());
        assertEquals(List.of(), plan.layers());
        assertEquals(List.of(), plan.droppedCapabilities());
        assertEquals(Optional.empty(), plan.landlock());
        for (TracedCall call : TracedCall.values()) {
            assertFalse(plan.traces(call));
        }
    }

    @Test
    void families_alone_need_a_filter_and_no_tracer() throws RefusedPolicyException {
        Families families = new Families(List.of(Family.UNIX, Family.VSOCK), ORIGIN);
        Plan plan = plan(new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN, Optional.of(families), Errno.EPERM, Inherit.CLOSE));
        assertTrue(plan.supervised());
        assertFalse(plan.traced());
        assertFalse(plan.limitsInet());
        assertEquals(Optional.of(List.of(Family.UNIX, Family.VSOCK)), plan.allowedFamilies());
    }

    @ParameterizedTest
    @CsvSource({
        "connect, CONNECT, true", "connect, SENDMMSG, true", "connect, BIND, true", "connect, LISTEN, false", "connect, MUNMAP, true",
        "bind, CONNECT, false", "bind, SENDTO, false", "bind, BIND, true", "bind, LISTEN, true", "bind, MREMAP, true",
        "unix, CONNECT, true", "unix, SENDMSG, true", "unix, BIND, false", "unix, MMAP, true",
    })
    void a_call_is_traced_if_some_rule_is_about_it(String list, TracedCall call, boolean traced) throws RefusedPolicyException {
        Plan plan = plan(policy(
                list.equals("connect") ? DENY : Access.OPEN, list.equals("bind") ? DENY : Access.OPEN, list.equals("unix") ? DENY : Access.OPEN));
        assertEquals(traced, plan.traces(call));
        assertEquals(!list.equals("unix"), plan.limitsInet());
        assertEquals(list.equals("unix"), plan.judgesUnixPaths());
    }

    @Test
    void a_family_whose_traffic_no_call_shows_is_refused_beside_address_rules() {
        Families families = new Families(List.of(Family.INET, Family.PACKET), Origin.file("p.yaml", 5, 12));
        RefusedPolicyException refused = assertThrows(RefusedPolicyException.class,
                () -> plan(new Policy(Optional.empty(), DENY, Access.OPEN, Access.OPEN, Optional.of(families), Errno.EPERM, Inherit.CLOSE)));
        assertEquals(1, refused.refusals().size());
        assertEquals("p.yaml:5:12: family packet carries traffic without a call that shows its address, past the rules for connect and bind; "
                + "leave packet out, or restrict no internet addresses", refused.refusals().get(0).toString());
    }

    @ParameterizedTest
    @CsvSource({"0, -1, -1, -1", "1, -1, -1, -1", "2, 8192, 8192, 0", "5, 8192, 8192, 0", "6, 0, 0, 2", "9, 0, 0, 2"})
    void the_mildest_landlock_domain_that_bars_ptrace_and_no_rename(int abi, long handled, long allowed, long scoped)
            throws RefusedPolicyException {
        Plan plan = Plan.of(policy(DENY, Access.OPEN, Access.OPEN), new Host(Arch.X86_64, abi, false));
        Optional<LandlockDomain> expected = handled < 0 ? Optional.empty() : Optional.of(new LandlockDomain(handled, allowed, scoped));
        assertEquals(expected, plan.landlock());
        assertEquals(scoped > 0, plan.scopesSignals());
        assertEquals(scoped <= 0, plan.traces(TracedCall.KILL)); // one or the other
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, false", "'', true", "224.0.0.251, true", "0.0.0.0/0, true", "::/0, true", "128.0.0.0/1, true", "ff02::/16, true",
        "fc00::/7, false", "127.0.0.1, false", "8000::/1, true", "192.0.0.0/2, true",
    })
    void multicast_groups_may_be_joined_only_where_some_group_is_allowed(String network, boolean joins) throws RefusedPolicyException {
        Plan plan = plan(policy(allowing(network, Optional.empty()), Access.OPEN, Access.OPEN));
        assertEquals(joins, plan.leavesMulticast());
        assertFalse(plan.leavesInterfaces());
    }

    /** Joining tells routers the group's address, without ports: a rule about a port of groups counts, one about a port of all addresses does not. */
    @ParameterizedTest
    @CsvSource({
        "224.0.0.0/4, '', false", "ff00::/8, '', false", "239.1.2.3, '', false", "0.0.0.0/0, '', false", "'', '', false", "128.0.0.0/1, '', false",
        "224.0.0.251, 5353, false", "0.0.0.0/0, 25, false", "'', 25, true", "10.0.0.0/8, '', true", "fe80::/10, '', true", "10.0.0.7, 25, true",
    })
    void where_the_rest_is_allowed_groups_may_be_joined_unless_some_are_denied(String network, String port, boolean joins)
            throws RefusedPolicyException {
        Match match = new Match.Inet(network.isEmpty() ? List.of() : List.of(Cidr.parse(network)),
                port.isEmpty() ? List.of() : List.of(PortRange.parse(port)), Optional.empty());
        Access connect = new Access(Mode.ALLOW, ORIGIN, List.of(), List.of(new Rule(match, Optional.empty(), ORIGIN)));
        Plan plan = plan(policy(connect, Access.OPEN, Access.OPEN));
        assertEquals(joins, plan.leavesMulticast());
        assertTrue(plan.leavesInterfaces());
    }

    @Test
    void the_protocol_is_needed_where_a_rule_names_one() throws RefusedPolicyException {
        assertTrue(plan(policy(Access.OPEN, allowing("10.0.0.1", Optional.of(Protocol.UDP)), Access.OPEN)).needsProtocol(TracedCall.BIND));
        assertFalse(plan(policy(Access.OPEN, allowing("10.0.0.1", Optional.empty()), Access.OPEN)).needsProtocol(TracedCall.BIND));
    }

    /** Of a file and of a command line | what is refused. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "80:80 80:81 | 2: port 80/tcp of this host leads to port 80 already, by 1; leave out one of the two",
        "80:80 80:80 | ``", "80:80 81:80 | ``", "80:80 80:81/udp | ``",
        "53:1/udp 80:80 53:2/udp 53:3/udp | 3: port 53/udp of this host leads to port 1 already, by 1; leave out one of the two"
                + " ;; 4: port 53/udp of this host leads to port 1 already, by 1; leave out one of the two",
    })
    void a_port_of_the_host_leads_to_one_port(String ports, String told) throws RefusedPolicyException {
        List<Setting<Publication>> publications = new ArrayList<>();
        for (String port : ports.split(" ")) {
            publications.add(new Setting<>(Publication.parse(port), Origin.flag(Integer.toString(publications.size() + 1))));
        }
        Surroundings own = new Surroundings(Optional.of(new Setting<>(Net.NAT, ORIGIN)), publications, Optional.empty(), Optional.empty());
        Policy policy = new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                Policy.OPEN.firewall(), Optional.empty(), own, FileAccess.OPEN);
        Host host = new Host(Arch.X86_64, 7, true);
        if (told.isEmpty()) {
            assertEquals(own, Plan.of(policy, host).surroundings());
        } else {
            RefusedPolicyException refused = assertThrows(RefusedPolicyException.class, () -> Plan.of(policy, host));
            assertEquals(List.of(told.split(" ;; ")), refused.refusals().stream().map(Refusal::toString).toList());
        }
    }

    @Test
    void root_loses_what_could_redirect_traffic() throws RefusedPolicyException {
        Plan plan = Plan.of(policy(DENY, Access.OPEN, Access.OPEN), new Host(Arch.X86_64, 7, true));
        assertTrue(plan.droppedCapabilities().contains(Capability.NET_ADMIN));
        assertTrue(plan.droppedCapabilities().contains(Capability.SYS_PTRACE));
    }

    @ParameterizedTest
    @EnumSource
    void root_loses_in_a_network_of_its_own_what_could_join_it_to_another(Net net) throws RefusedPolicyException {
        Policy policy = new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                Policy.OPEN.firewall(), Optional.empty(),
                new Surroundings(Optional.of(new Setting<>(net, ORIGIN)), List.of(), Optional.empty(), Optional.empty()), Policy.OPEN.files());
        List<Capability> dropped = Plan.of(policy, new Host(Arch.X86_64, 7, true)).droppedCapabilities();
        assertEquals(net != Net.HOST, dropped.containsAll(List.of(Capability.NET_ADMIN, Capability.SYS_PTRACE, Capability.SYS_MODULE)));
        assertFalse(dropped.contains(Capability.NET_RAW), "ping");
        assertFalse(dropped.contains(Capability.SYS_ADMIN), "mount");
        if (net != Net.NAT) {
            assertEquals(List.of(), Plan.of(policy, HOST).droppedCapabilities());
        }
    }

    @Test
    void root_is_kept_in_its_profile_and_others_need_not_be() throws RefusedPolicyException {
        HostFirewall firewall = new HostFirewall(Optional.empty(), true);
        Plan root = Plan.of(Policy.OPEN, new Host(Arch.X86_64, 7, true, firewall, true));
        assertTrue(root.supervised() && root.sealsCgroup() && root.entersMounts() && root.landlock().isPresent() && !root.traced());
        assertTrue(root.droppedCapabilities().contains(Capability.NET_ADMIN));
        assertFalse(root.droppedCapabilities().contains(Capability.NET_RAW), "ping");
        assertTrue(root.droppedCapabilities().contains(Capability.DAC_READ_SEARCH), "open_by_handle_at");
        assertTrue(root.allowedFamilies().isPresent(), "packet sockets pass the packet filter by");
        assertFalse(Plan.of(Policy.OPEN, new Host(Arch.X86_64, 7, false, firewall, true)).supervised());
        assertFalse(Plan.of(Policy.OPEN, new Host(Arch.X86_64, 7, true, firewall)).supervised());
        Policy unix = policy(Access.OPEN, Access.OPEN, DENY);
        Plan inMounts = Plan.of(unix, new Host(Arch.X86_64, 7, true, firewall, true));
        assertTrue(inMounts.sealsCgroup() && inMounts.entersMounts() && !inMounts.ownsMounts());
        for (Host host : List.of(new Host(Arch.X86_64, 0, true, firewall, true), new Host(Arch.X86_64, 7, true, HostFirewall.NONE, true))) {
            RefusedPolicyException refused = assertThrows(RefusedPolicyException.class, () -> Plan.of(Policy.OPEN, host));
            assertTrue(refused.getMessage().contains("root's command could leave the profile here"), refused.getMessage());
        }
    }

    private static Policy readOnly(Access connect) {
        FileAccess files = new FileAccess(Optional.of(ORIGIN), List.of(new FileAccess.Writable("target", Optional.empty(), Origin.flag("--allow-write=target"))));
        return new Policy(Optional.empty(), connect, Access.OPEN, Access.OPEN, Optional.empty(), Errno.ECONNREFUSED, Inherit.CLOSE,
                Policy.OPEN.firewall(), Optional.empty(), Policy.OPEN.surroundings(), files);
    }

    /** Rights by linux/landlock.h: 0x1ff2 is the first ABI's, REFER 0x2000, TRUNCATE 0x4000; 0x40 and 0x800 make devices. */
    @ParameterizedTest
    @CsvSource({"1, 0x1ff2, 0x17b2, 0x2, 0, true", "2, 0x3ff2, 0x37b2, 0x2, 0, true", "3, 0x7ff2, 0x77b2, 0x4002, 0, false",
        "4, 0x7ff2, 0x77b2, 0x4002, 0, false", "5, 0x7ff2, 0x77b2, 0x4002, 0, false", "6, 0x7ff2, 0x77b2, 0x4002, 2, false",
        "7, 0x7ff2, 0x77b2, 0x4002, 2, false", "99, 0x7ff2, 0x77b2, 0x4002, 2, false"})
    void where_files_are_read_only_landlock_handles_every_write_it_knows(
            int abi, String handled, String directory, String file, long scoped, boolean truncates) throws RefusedPolicyException {
        Plan plan = Plan.of(readOnly(Access.OPEN), new Host(Arch.X86_64, abi, false));
        LandlockDomain domain = plan.landlock().orElseThrow();
        assertEquals(new LandlockDomain(Long.decode(handled), 0, scoped), domain);
        assertEquals(Long.decode(directory), domain.directoryRights());
        assertEquals(Long.decode(file), domain.fileRights());
        for (FileCall call : FileCall.values()) {
            assertEquals(call != FileCall.TRUNCATE || truncates, plan.traces(call), call::toString);
        }
        assertEquals(truncates, plan.truncatesPastLandlock());
        assertTrue(plan.traced());
        assertFalse(plan.limitsInet());
        assertFalse(plan.traces(TracedCall.CONNECT));
        assertEquals(Errno.EPERM, plan.fileDenial());
    }

    @Test
    void without_landlock_files_cannot_be_held() {
        RefusedPolicyException e = assertThrows(RefusedPolicyException.class,
                () -> Plan.of(readOnly(DENY), new Host(Arch.X86_64, 0, true)));
        assertEquals("[p.yaml:3:1: this kernel has no Landlock, and nothing else keeps files from being written; run it on Linux 5.13 or "
                + "later with landlock in /sys/kernel/security/lsm, or restrict no files]", e.refusals().toString());
    }

    @Test
    void root_loses_what_could_change_files_and_keeps_the_network_where_only_files_are_restricted() throws RefusedPolicyException {
        List<Capability> files = Plan.of(readOnly(Access.OPEN), new Host(Arch.X86_64, 7, true)).droppedCapabilities();
        assertTrue(files.containsAll(List.of(Capability.SYS_ADMIN, Capability.LINUX_IMMUTABLE, Capability.SYS_RAWIO, Capability.SYS_MODULE)));
        assertFalse(files.contains(Capability.NET_ADMIN));
        assertEquals(EnumSet.complementOf(EnumSet.of(Capability.DAC_READ_SEARCH)),
                EnumSet.copyOf(Plan.of(readOnly(DENY), new Host(Arch.X86_64, 7, true)).droppedCapabilities()));
        assertEquals(List.of(), Plan.of(readOnly(DENY), new Host(Arch.X86_64, 7, false)).droppedCapabilities());
        assertFalse(Plan.of(policy(DENY, Access.OPEN, Access.OPEN), new Host(Arch.X86_64, 7, true)).droppedCapabilities().contains(Capability.SYS_ADMIN));
    }

    @Test
    void every_rule_about_files_has_a_layer() throws RefusedPolicyException {
        List<String> lines = plan(readOnly(Access.OPEN)).layers().stream().map(Holding::toString).toList();
        assertTrue(lines.contains("--allow-write=target: write target: Landlock: allowed there and below"), lines::toString);
        assertTrue(lines.contains("p.yaml:3:1: write, the rest denied: Landlock: opened to write, made, moved, linked, removed"), lines::toString);
        assertTrue(lines.contains("p.yaml:3:1: mode, owner, times, attributes: tracer: looks at the file and makes each change itself"),
                lines::toString);
    }

    private static final Host FIREWALLED =
            new Host(Arch.X86_64, 7, true, new HostFirewall(Optional.empty(), true));

    private static Policy with(Firewall firewall, Access connect) {
        return new Policy(Optional.empty(), connect, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                new Setting<>(firewall, ORIGIN), Optional.empty(), Policy.OPEN.surroundings(), Policy.OPEN.files());
    }

    @Test
    void rules_for_addresses_have_the_firewall_too_and_alone_nothing_else() throws RefusedPolicyException {
        Policy policy = with(Firewall.AUTO, allowing("10.0.0.0/8", Optional.empty()));
        List<String> both = Plan.of(policy, FIREWALLED).layers().stream().map(Holding::toString).toList();
        List<String> alone = Plan.withoutSupervisor(policy, FIREWALLED).layers().stream().map(Holding::toString).toList();
        String rule = both.get(0).substring(0, both.get(0).indexOf(": tracer"));
        assertEquals(List.of(rule + ": tracer: judges each call", rule + ": firewall: judges each packet"), both.subList(0, 2));
        assertEquals(rule + ": firewall: judges each packet", alone.get(0));
        assertFalse(alone.toString().contains("tracer"), alone::toString);
    }

    @Test
    void where_packets_are_judged_sockets_of_every_kind_may_be_made() throws RefusedPolicyException {
        Plan plan = Plan.of(with(Firewall.AUTO, DENY), FIREWALLED);
        assertTrue(plan.judgesPackets() && plan.leavesKinds() && plan.sealsCgroup() && plan.entersMounts());
        assertFalse(plan.droppedCapabilities().contains(Capability.NET_RAW));
        assertTrue(plan.droppedCapabilities().contains(Capability.NET_ADMIN));
        assertFalse(Plan.of(with(Firewall.OFF, DENY), FIREWALLED).judgesPackets());
        assertFalse(Plan.of(with(Firewall.AUTO, Access.OPEN), FIREWALLED).judgesPackets());
        assertFalse(Plan.of(with(Firewall.AUTO, DENY), HOST).judgesPackets());
    }

    @Test
    void who_cannot_leave_a_network_that_is_judged_as_a_whole_needs_no_cgroup_to_be_kept_in() throws RefusedPolicyException {
        Host host = new Host(Arch.X86_64, 7, true, HostFirewall.OF_NETWORK);
        Plan plan = Plan.of(with(Firewall.REQUIRE, DENY), host);
        assertTrue(plan.judgesWholeNetwork() && plan.leavesKinds() && plan.confinesToNetwork());
        assertFalse(plan.sealsCgroup() || plan.entersMounts());
        assertTrue(plan.droppedCapabilities().contains(Capability.NET_ADMIN));
        Policy behind = new Policy(Optional.empty(), DENY, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE, Policy.OPEN.firewall(),
                Optional.empty(), new Surroundings(Optional.of(new Setting<>(Net.NAT, ORIGIN)), List.of(), Optional.empty(), Optional.empty()),
                Policy.OPEN.files());
        assertTrue(Plan.of(behind, host).preparesNetwork());
        assertFalse(Plan.withoutSupervisor(behind, host).traced());
        RefusedPolicyException refused = assertThrows(RefusedPolicyException.class, () -> Plan.withoutSupervisor(with(Firewall.AUTO, DENY), host));
        assertTrue(refused.getMessage().contains("nobody would see the end"), refused::getMessage);
        assertFalse(Plan.of(with(Firewall.AUTO, Access.OPEN), host).confinesToNetwork(), "no rules, nothing to leave");
        Plan old = Plan.of(with(Firewall.AUTO, DENY), new Host(Arch.X86_64, 0, true, HostFirewall.OF_NETWORK));
        assertTrue(old.judgesPackets() && !old.leavesKinds(), "processes outside, in other networks, are within reach");
    }

    @Test
    void root_that_could_leave_its_cgroup_makes_plain_sockets_alone() throws RefusedPolicyException {
        Host mountless = new Host(Arch.X86_64, 7, true, new HostFirewall(Optional.empty(), false));
        Host old = new Host(Arch.X86_64, 0, true, new HostFirewall(Optional.empty(), true));
        for (Host host : List.of(mountless, old)) {
            Plan plan = Plan.of(with(Firewall.AUTO, DENY), host);
            assertTrue(plan.judgesPackets());
            assertFalse(plan.leavesKinds());
            assertTrue(plan.droppedCapabilities().contains(Capability.NET_RAW));
            assertThrows(RefusedPolicyException.class, () -> Plan.withoutSupervisor(with(Firewall.AUTO, DENY), host));
        }
    }

    @Test
    void a_required_firewall_is_had_or_the_policy_refused() throws RefusedPolicyException {
        assertTrue(Plan.of(with(Firewall.REQUIRE, DENY), FIREWALLED).judgesPackets());
        RefusedPolicyException refused = assertThrows(RefusedPolicyException.class,
                () -> Plan.of(with(Firewall.REQUIRE, DENY), new Host(Arch.X86_64, 7, true, HostFirewall.without("a reason"))));
        assertEquals("p.yaml:3:1: packets cannot be judged here, for want of a reason; write --firewall=auto, which runs without",
                refused.getMessage());
    }

    @Test
    void without_a_supervisor_nothing_is_traced_and_what_needs_it_is_refused() throws RefusedPolicyException {
        Plan plan = Plan.withoutSupervisor(with(Firewall.AUTO, DENY), FIREWALLED);
        assertTrue(plan.supervised() && !plan.traced());
        for (TracedCall call : TracedCall.values()) {
            assertFalse(plan.traces(call));
        }
        assertTrue(plan.droppedCapabilities().contains(Capability.NET_ADMIN));
        for (Policy policy : List.of(policy(DENY, DENY, Access.OPEN), policy(DENY, Access.OPEN, DENY))) {
            assertThrows(RefusedPolicyException.class, () -> Plan.withoutSupervisor(policy, FIREWALLED));
        }
        assertThrows(RefusedPolicyException.class, () -> Plan.withoutSupervisor(with(Firewall.AUTO, DENY), HOST));
    }

    @Test
    void every_rule_has_a_layer() throws RefusedPolicyException {
        Plan plan = plan(policy(allowing("10.0.0.0/8", Optional.of(Protocol.TCP)), Access.OPEN, DENY));
        List<String> lines = plan.layers().stream().map(Holding::toString).toList();
        assertTrue(lines.contains("p.yaml:3:1: allow connect 10.0.0.0/8 tcp: tracer: judges each call"),
                lines.toString());
        assertTrue(lines.contains("p.yaml:3:1: unix, the rest denied: tracer: judges each call"),
                lines.toString());
        assertTrue(lines.contains("default: memory of processes outside: Landlock: a domain of its own"), lines.toString());
    }

    @ParameterizedTest
    @EnumSource(Arch.class)
    void the_vault_overlaps_what_shares_a_byte_with_it(Arch arch) {
        VaultRange vault = VaultRange.of(arch);
        long v = vault.address();
        int length = vault.lengthBytes();
        assertTrue(vault.overlaps(v, 1));
        assertTrue(vault.overlaps(v + length - 1, 1));
        assertFalse(vault.overlaps(v + length, 1));
        assertFalse(vault.overlaps(v - 1, 1));
        assertTrue(vault.overlaps(v - 1, 2));
        assertFalse(vault.overlaps(v, 0));
        assertTrue(vault.overlaps(0, -1));
        assertTrue(vault.overlaps(4096, -4095));
        assertEquals(arch == Arch.AARCH64, vault.overlaps(v | 0x55L << 56, 4096));
        assertEquals(0, v % (arch == Arch.X86_64 ? 1L << 30 : 16L << 30), "a huge page that begins below ends no later than where the vault begins");
    }
}
