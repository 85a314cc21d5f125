package org.secfilt.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.kernel.Programs;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;

/** The chain of a run that is alone in its network, by what iptables-restore is fed. */
class NetworkSessionTest {
    private static final String LISTING = """
            *filter
            :OUTPUT ACCEPT [0:0]
            :SECFILT-N - [0:0]
            :SECFILT-N-7-a - [0:0]
            :SECFILT-N-7-b - [0:0]
            :SECFILT-N-8-b - [0:0]
            :SECFILT-N-odd - [0:0]
            :SECFILT-R-7-b - [0:0]
            -A OUTPUT -j SECFILT-N-7-a
            -A OUTPUT -j SECFILT-N-7-b
            -A OUTPUT -j SECFILT-N-8-b
            COMMIT
            """;

    private final List<String> fed = new ArrayList<>();
    private String failing = "";

    /** Of process namespace 7, in which 10 is alive and 11 is not. */
    private final NetworkSession.Supervisors supervisors = new NetworkSession.Supervisors() {
        @Override
        public long namespace() {
            return 7;
        }

        @Override
        public boolean isAlive(int pid) {
            return pid == 10;
        }
    };

    private Tables tables(String listing) {
        return new Tables(new Programs() {
            @Override
            public Optional<String> find(String name, List<String> directories) {
                return Optional.of("/" + name);
            }

            @Override
            public List<Ended> run(List<Start> starts) {
                List<Ended> ended = new ArrayList<>();
                for (Start start : starts) {
                    if (start.file().endsWith("-save")) {
                        ended.add(new Ended(0, start.file().startsWith("/iptables") ? listing : "", ""));
                    } else {
                        fed.add(start.file() + " " + start.input());
                        ended.add(start.file().equals(failing) ? new Ended(4, "", "no space") : new Ended(0, "", ""));
                    }
                }
                return ended;
            }

            @Override
            public List<Ended> feed(List<Start> starts, String known, String together) {
                return run(starts);
            }

            @Override
            public void awaitFed() {}

            @Override
            public void startWhenEmpty(int cgroup, String name, List<Start> starts) {
                throw new AssertionError("there is no cgroup");
            }

            @Override
            public void startWhenGone(String interfaceName, List<Start> starts, List<Start> last, List<String> files) {
                throw new AssertionError("there is no pair");
            }
        }, Optional.empty(), List.of(IpVersion.values()), version -> false);
    }

    private static NetworkSession raise(Tables tables, NetworkSession.Supervisors supervisors) throws FirewallException {
        Access deny = new Access(Mode.DENY, Origin.flag("allowed-netmask"), List.of(), List.of());
        return NetworkSession.raise(tables, Policy.ofRules(deny, Access.OPEN, Access.OPEN), List.of("0-0"), supervisors);
    }

    @Test
    void is_named_by_its_supervisor_and_taken_down_once() throws Exception {
        String name = "SECFILT-N-7-" + Long.toHexString(ProcessHandle.current().pid());
        NetworkSession session = raise(tables(""), supervisors);
        assertEquals(2, fed.size());
        assertTrue(fed.get(1).startsWith("/ip6tables-restore *filter\n:" + name + " - [0:0]\n"), fed::toString);
        assertTrue(fed.get(1).endsWith("-A " + name + " -j DROP\n-I OUTPUT 1 -j " + name + "\nCOMMIT\n"), fed::toString);
        fed.clear();
        assertEquals(List.of(), session.removeIfOver(false));
        assertEquals(List.of(), fed);
        String removal = "-restore *filter\n-D OUTPUT -j " + name + "\n-F " + name + "\n-X " + name + "\nCOMMIT\n";
        assertEquals(List.of(), session.removeIfOver(true));
        assertEquals(List.of("/iptables" + removal, "/ip6tables" + removal), fed);
        assertEquals(List.of(), session.remove());
        assertEquals(2, fed.size());
        assertThrows(FirewallException.class, session::leave);
    }

    @Test
    void one_run_at_a_time_has_the_network() {
        FirewallException failed = assertThrows(FirewallException.class, () -> raise(tables(LISTING), supervisors));
        assertTrue(failed.getMessage().startsWith("a network of its own: another run has this one already, by its chain SECFILT-N-7-"), failed::getMessage);
        assertEquals(1, fed.size(), "the dead one's removal");
    }

    @Test
    void a_family_that_fails_leaves_the_other_as_it_was() {
        failing = "/ip6tables-restore";
        FirewallException failed = assertThrows(FirewallException.class, () -> raise(tables(""), supervisors));
        assertEquals("ip6tables-restore: no space", failed.getMessage());
        assertEquals(3, fed.size());
        assertTrue(fed.get(2).startsWith("/iptables-restore *filter\n-D OUTPUT -j SECFILT-N-7-"), fed::toString);
    }

    @Test
    void removes_what_supervisors_of_this_process_namespace_left_that_are_no_more() throws Exception {
        assertEquals(List.of("chain SECFILT-N-7-b"), NetworkSession.removeDead(tables(LISTING), supervisors));
        assertEquals(List.of("/iptables-restore *filter\n-D OUTPUT -j SECFILT-N-7-b\n-F SECFILT-N-7-b\n-X SECFILT-N-7-b\nCOMMIT\n"), fed);
        fed.clear();
        assertEquals(List.of(), NetworkSession.removeDead(tables(""), supervisors));
        assertEquals(List.of(), fed);
    }
}
