package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.SocketFile;

/** What a call by a unix path is given in its place, and who goes without. */
class KeepingTest extends TracerRoom {
    private final List<String> kept = new ArrayList<>();
    private Keeper.Reach reach = Keeper.Reach.REACHES;
    private int result;
    private boolean roots;
    private boolean leads = true;
    /** So many looks find what is kept removed. */
    private int removed;
    /** Happens with it. */
    private Runnable onRemoved = () -> { };

    @BeforeEach
    void name_a_socket() {
        keeper = Optional.of(new FakeKeeper());
        kernel.remember(0x1000, new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")).encode());
    }

    @Test
    void what_is_denied_is_not_kept() {
        kernel.boundNames = List.of("/run/docker.sock".getBytes(StandardCharsets.UTF_8));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), kept);
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
    }

    @Test
    void the_call_is_given_the_keepers_path() {
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("s")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: connect unix:/proc/99/fd/1"), named("connect"));
        assertEquals(List.of("keep 0 /tmp/a/s", "drop 0"), kept);
    }

    /** It may have mounted something over /proc while the call waited. */
    @Test
    void of_root_it_is_asked_afterwards_what_was_reached() {
        roots = true;
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: killed"), kernel.delivered);
    }

    /** Another thread may have disconnected it by then, or closed it; but of root it may be another that was put in its place for the look. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_socket_that_is_connected_to_nothing_by_then_harms_root_alone(boolean root) {
        roots = root;
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(root ? List.of("7: killed") : List.of(), kernel.delivered);
        assertEquals(List.of("7: connect unix:/proc/99/fd/1"), named("connect"));
    }

    @Test
    void nobody_else_can_be_led_anywhere() {
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), kernel.delivered);
    }

    @Test
    void where_root_has_hidden_the_keeper_nothing_runs() {
        roots = true;
        leads = false;
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), named("connect"));
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
        assertEquals(List.of("keep 0 /tmp/a/s", "drop 0"), kept);
    }

    /** A server binds anew by a rename: the kernel's own walk would have come to the new one. */
    @Test
    void what_is_removed_before_the_call_is_looked_for_anew() {
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("s")));
        removed = 2;
        kernel.connected = -Errno.ECONNREFUSED.number();
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(3, named("connect").size());
        assertEquals(-1, removed);
        assertEquals(List.of("keep 0 /tmp/a/s", "drop 0", "keep 0 /tmp/a/s", "drop 0", "keep 0 /tmp/a/s", "drop 0"), kept);
    }

    @Test
    void a_call_that_is_made_anew_is_told_of_once() {
        hearsOfAllowed = true;
        removed = 2;
        kernel.connected = -Errno.ECONNREFUSED.number();
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(3, named("connect").size());
        assertEquals(List.of("ready", "allowed connect unix:/tmp/a/s", "command ended"), reported);
    }

    @Test
    void one_that_is_denied_when_it_is_made_anew_is_told_of_as_denied_alone() {
        hearsOfAllowed = true;
        removed = 1;
        kernel.connected = -Errno.ECONNREFUSED.number();
        onRemoved = () -> kernel.boundNames = List.of("/run/docker.sock".getBytes(StandardCharsets.UTF_8));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(1, named("connect").size());
        assertEquals(List.of("ready", "connect unix:/tmp/a/s", "command ended"), reported);
    }

    @Test
    void one_that_reached_what_is_denied_is_told_of_as_that_alone() {
        hearsOfAllowed = true;
        roots = true;
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: killed"), kernel.delivered);
        assertFalse(reported.toString().contains("allowed"), reported::toString);
    }

    /** Whether it was made nobody knows: it was allowed. */
    @RepeatedTest(40)
    void whose_caller_dies_meanwhile_is_told_of_once(RepetitionInfo step) {
        hearsOfAllowed = true;
        command(Deed.call("connect", 3, 0x1000, 11));
        kernel.killBefore(step.getCurrentRepetition(), TID);
        run();
        long told = reported.stream().filter(line -> line.startsWith("allowed")).count();
        assertTrue(told == 1 || told == 0 && named("connect").isEmpty(), () -> named("connect") + " " + reported);
    }

    @Test
    void not_without_end() {
        removed = 1000;
        kernel.connected = -Errno.ECONNREFUSED.number();
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(65, named("connect").size());
    }

    /** Another process may have the same descriptors, and kill the caller before it is seen to have connected. */
    @RepeatedTest(150)
    void what_a_dead_caller_reached_is_looked_at(RepetitionInfo step) {
        reach = Keeper.Reach.OTHER_USER;
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/run/docker.sock")));
        command(Deed.call("connect", 3, 0x1000, 11));
        kernel.killBefore(step.getCurrentRepetition(), TID);
        run();
        boolean told = reported.contains("connect");
        assertTrue(told || named("connect").isEmpty(), () -> named("connect") + " " + reported);
    }

    @Test
    void two_calls_at_once_to_one_server_take_one_place() {
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("s")));
        kernel.task(8, Deed.call("connect", 3, 0x1000, 11), Deed.call("connect", 3, 0x1000, 11));
        runWith(Deed.call("connect", 3, 0x1000, 11), Deed.call("connect", 3, 0x1000, 11));
        int held = 0;
        for (String done : kept) {
            held += done.startsWith("keep") ? 1 : -1;
            assertTrue(done.equals("keep 0 /tmp/a/s") || done.equals("drop 0"), kept::toString);
            assertTrue(held == 0 || held == 1, kept::toString);
        }
        assertEquals(0, held);
        assertEquals(4, named("connect").size());
    }

    @RepeatedTest(150)
    void a_task_that_dies_leaves_nothing_kept(RepetitionInfo step) {
        command(Deed.call("connect", 3, 0x1000, 11));
        kernel.killBefore(step.getCurrentRepetition(), TID);
        run();
        assertTrue(kept.isEmpty() || kept.equals(List.of("keep 0 /tmp/a/s", "drop 0")), kept::toString);
    }

    @Test
    void another_user_is_given_the_canonical_path() {
        reach = Keeper.Reach.OTHER_USER;
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: connect unix:/tmp/a/s"), named("connect"));
        assertEquals(List.of(), kept);
    }

    @Test
    void where_a_path_leads_may_be_longer_than_an_address() {
        String deep = "/" + "d".repeat(200) + "/s";
        kernel.leadsTo = Optional.of(deep.getBytes(StandardCharsets.UTF_8));
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("s")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: connect unix:/proc/99/fd/1"), named("connect"));
        assertEquals(List.of("keep 0 " + deep, "drop 0"), kept);
    }

    @Test
    void another_user_cannot_be_given_a_longer_one() {
        reach = Keeper.Reach.OTHER_USER;
        String deep = "/" + "d".repeat(200) + "/s";
        kernel.leadsTo = Optional.of(deep.getBytes(StandardCharsets.UTF_8));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), named("connect"));
        assertEquals("connect unix:" + deep, reported.get(1));
    }

    @Test
    void another_label_is_given_the_canonical_path() {
        kernel.labelled = true;
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("/tmp/a/s")));
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of("7: connect unix:/tmp/a/s"), named("connect"));
    }

    @Test
    void who_is_out_of_reach_is_refused() {
        reach = Keeper.Reach.OUT_OF_REACH;
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), named("connect"));
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
    }

    @Test
    void who_has_restricted_itself_is_refused() {
        runWith(Deed.call("landlock_restrict_self", 5, 0), Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), named("connect"));
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
    }

    /** Somebody has restricted itself: so a new one may be restricted too, until it is told who made it. The kernel knows. */
    @Test
    void a_new_one_is_not_refused_before_it_is_told_who_made_it() {
        kernel.peer = Optional.of(new Sockaddr.UnixPath(ByteString.of("s")));
        command();
        kernel.task(8, Deed.call("connect", 3, 0x1000, 11));
        kernel.task(9, Deed.call("landlock_restrict_self", 5, 0));
        run();
        assertEquals(List.of("8: connect unix:/proc/99/fd/1"), named("connect"));
        assertEquals(List.of("keep 0 /tmp/a/s", "drop 0"), kept);
        assertEquals(List.of("ready", "command ended"), reported);
    }

    @Test
    void a_new_one_that_the_kernel_has_refused_is_taken_for_what_its_parent_is() {
        Restrictions restrictions = new Restrictions(true);
        Keeping keeping = new Keeping(keeper, kernel, restrictions);
        Task parent = new Task(kernel.parent(8));
        restrictions.ask(parent, Set.of());
        restrictions.begin(8);
        assertFalse(keeping.isShutOff(new Task(8)));
        restrictions.restricted(parent.number);
        assertTrue(keeping.isShutOff(new Task(8)));
        restrictions.made(new Task(9), 8, true);
        assertFalse(keeping.isShutOff(new Task(8)));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 9, 24}) // ESRCH, EBADF, EMFILE
    void where_nothing_can_be_kept_the_call_is_refused(int error) {
        result = -error;
        runWith(Deed.call("connect", 3, 0x1000, 11));
        assertEquals(List.of(), named("connect"));
        assertEquals("connect unix:/tmp/a/s", reported.get(1));
        assertEquals(List.of("keep 0 /tmp/a/s"), kept);
    }

    private final class FakeKeeper implements Keeper {
        @Override
        public void begin(int stub, FrontEnd.Made made) {
            throw new AssertionError("the tracer begins nothing");
        }

        @Override
        public int pid() {
            return 99;
        }

        @Override
        public int seize() {
            return 0;
        }

        @Override
        public Reach reach(SocketFile file) {
            return reach;
        }

        @Override
        public int keep(int place, SocketFile file) {
            kept.add("keep " + place + " " + new String(file.path(), StandardCharsets.UTF_8));
            return result;
        }

        @Override
        public void drop(int place) {
            kept.add("drop " + place);
        }

        @Override
        public boolean mayBeLedAway() {
            return roots;
        }

        @Override
        public boolean leads(int tid, int place, SocketFile file) {
            return leads;
        }

        @Override
        public boolean isRemoved(int place) {
            boolean gone = removed-- > 0;
            if (gone) {
                onRemoved.run();
            }
            return gone;
        }

        @Override
        public byte[] path(int place) {
            return ("/proc/99/fd/" + (place + 1)).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void end() {}
    }
}
