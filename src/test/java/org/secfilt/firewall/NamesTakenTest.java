package org.secfilt.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.Programs;
import org.secfilt.policy.Policy;

/** The names of a run are made to be nobody else's. Here somebody has them all the same. */
class NamesTakenTest {
    private final Made cgroups = new Made();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void a_run_takes_another_name_where_its_cgroup_is_there_already(int times) throws FirewallException {
        cgroups.taken = times;
        Session.raise(tables(), hierarchy -> Optional.empty(), cgroups, Policy.OPEN, false, 7, 4711);
        assertEquals(1, cgroups.classes.size());
        assertEquals(times + 1, cgroups.asked.size());
    }

    @Test
    void a_run_gives_up_where_every_name_is_taken_and_makes_nothing() {
        cgroups.taken = Integer.MAX_VALUE;
        FirewallException refused = assertThrows(FirewallException.class,
                () -> Session.raise(tables(), hierarchy -> Optional.empty(), cgroups, Policy.OPEN, false, 7, 4711));
        assertTrue(refused.getMessage().matches("the cgroup /secfilt-7-1267-[0-9a-f]+ is there already"), refused.getMessage());
        assertEquals(Map.of(), cgroups.classes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 99})
    void a_class_that_another_cgroup_bears_is_not_given(int times) throws FirewallException {
        cgroups.classTaken = times;
        Session.raise(tables(), hierarchy -> Optional.empty(), cgroups, Policy.OPEN, false, 7, 4711);
        assertEquals(times + 1, cgroups.given);
    }

    @Test
    void where_no_class_is_free_the_cgroup_goes_again() {
        cgroups.classTaken = Integer.MAX_VALUE;
        FirewallException refused = assertThrows(FirewallException.class,
                () -> Session.raise(tables(), hierarchy -> Optional.empty(), cgroups, Policy.OPEN, false, 7, 4711));
        assertEquals("no class of net_cls is free", refused.getMessage());
        assertEquals(Map.of(), cgroups.classes);
    }

    @Test
    void a_profile_takes_no_class_of_others_either() {
        cgroups.classTaken = Integer.MAX_VALUE;
        FirewallException refused = assertThrows(FirewallException.class,
                () -> new Profiles(tables(), cgroups, 9).install(new ProfileName("t"), Policy.OPEN, false, OptionalInt.empty(), ""));
        assertEquals("no class of net_cls is free", refused.getMessage());
        assertEquals(Map.of(), cgroups.classes);
    }

    /** Programs that take everything and say nothing. */
    private static Tables tables() {
        return new Tables(new Programs() {
            @Override
            public Optional<String> find(String name, List<String> directories) {
                return Optional.of("/bin/" + name);
            }

            @Override
            public List<Ended> run(List<Start> starts) {
                List<Ended> ended = new ArrayList<>();
                starts.forEach(start -> ended.add(new Ended(0, "", "")));
                return ended;
            }

            @Override
            public List<Ended> feed(List<Start> starts, String known, String together) {
                return run(starts);
            }

            @Override
            public void startWhenGone(String interfaceName, List<Start> starts, List<Start> last, List<String> files) {
                throw new AssertionError("nobody leaves");
            }

            @Override
            public void awaitFed() {}

            @Override
            public void startWhenEmpty(int cgroup, String name, List<Start> starts) {
                throw new AssertionError("nobody leaves");
            }
        }, Optional.empty(), List.of(IpVersion.V4), version -> false);
    }

    /** A hierarchy of net_cls in which somebody is always a moment faster. */
    private static final class Made implements Cgroups {
        private final Map<String, Integer> classes = new TreeMap<>();
        private final List<String> asked = new ArrayList<>();
        private int taken;
        private int classTaken;
        private int given;

        @Override
        public Hierarchy hierarchy() {
            return Hierarchy.NET_CLS;
        }

        @Override
        public String of(int pid) {
            return "";
        }

        @Override
        public String classControllers() {
            return "net_cls";
        }

        @Override
        public List<String> in(String path) {
            List<String> names = new ArrayList<>();
            for (String one : classes.keySet()) {
                String rest = path.isEmpty() ? one : one.startsWith(path + "/") ? one.substring(path.length() + 1) : "/";
                if (rest.indexOf('/') < 0) {
                    names.add(rest);
                }
            }
            if (path.isEmpty() && given > 0 && given <= classTaken) {
                names.add("theirs");
            }
            return names;
        }

        @Override
        public Optional<Cgroup> make(String path) {
            asked.add(path);
            if (asked.size() <= taken || classes.containsKey(path)) {
                return Optional.empty();
            }
            classes.put(path, 0);
            return Optional.of(new One(path));
        }

        @Override
        public boolean removeUnlessAlive(String path) {
            classes.remove(path);
            return true;
        }

        @Override
        public boolean has(String path) {
            return classes.containsKey(path);
        }

        @Override
        public int classid(String path) {
            return path.equals("theirs") ? classes.values().stream().mapToInt(Integer::intValue).max().orElse(0) : classes.getOrDefault(path, 0);
        }

        @Override
        public boolean mayMakeIn(String path) {
            return true;
        }

        @Override
        public boolean isAlive(String path) {
            return true;
        }

        @Override
        public boolean seesAll() {
            return true;
        }

        @Override
        public boolean inSight() {
            return true;
        }

        @Override
        public List<Integer> members(String path) {
            return List.of();
        }

        @Override
        public void add(String path, int pid) {}

        @Override
        public Optional<String> group(String path) {
            return Optional.empty();
        }

        @Override
        public OptionalInt groupId(String path) {
            return OptionalInt.empty();
        }

        @Override
        public void setGroup(String path, OptionalInt gid) {}

        @Override
        public void close() {}

        private final class One implements Cgroup {
            private final String path;

            One(String path) {
                this.path = path;
            }

            @Override
            public void add(int pid) {}

            @Override
            public Move begin(int pid) {
                return () -> {};
            }

            @Override
            public void enter() {}

            @Override
            public void leave() {}

            @Override
            public void setClassid(int classid) {
                given++;
                classes.put(path, classid);
            }

            @Override
            public boolean isEmpty() {
                return true;
            }

            @Override
            public int descriptor() {
                return -1;
            }

            @Override
            public String name() {
                return path;
            }

            @Override
            public void remove() {
                classes.remove(path);
            }

            @Override
            public void close() {}
        }
    }
}
