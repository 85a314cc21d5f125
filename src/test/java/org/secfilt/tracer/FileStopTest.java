package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Vault;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.verdict.Verdict;

/** The calls that change files past Landlock: what is copied of them, who makes the change, what is told. */
class FileStopTest {
    private static final int TID = 7;
    private static final long PATH = 0x1000;
    private static final long OUTSIDE = 0x2000;
    private static final long TIMES = 0x3000;
    private static final long NAME = 0x4000;
    private static final long VALUE = 0x5000;
    private static final long EMPTY = 0x6000;
    private static final long LONG = 0x7000;
    private static final long NOTHING = 0xdead0000L;

    private final FakeKernel kernel = new FakeKernel();
    private final List<String> told = new ArrayList<>();

    private void run(Origin origin, Deed... deeds) {
        kernel.remember(PATH, text("/in/f"), text("/out/f"));
        kernel.remember(OUTSIDE, text("/out/f"));
        kernel.remember(TIMES, ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN).putLong(1).putLong(2).putLong(3).putLong(4).array());
        kernel.remember(NAME, text("user.a"));
        kernel.remember(VALUE, text("value"));
        kernel.remember(EMPTY, text(""));
        kernel.remember(LONG, "x".repeat(5000).getBytes(StandardCharsets.US_ASCII));
        Policy policy = new Policy(Optional.empty(), Access.OPEN, Access.OPEN, Access.OPEN, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                Policy.OPEN.firewall(), Optional.empty(), Policy.OPEN.surroundings(), new FileAccess(Optional.of(origin), List.of()));
        Plan plan;
        try {
            plan = Plan.of(policy, new Host(Arch.X86_64, 2, false));
        } catch (RefusedPolicyException e) {
            throw new AssertionError(e);
        }
        Deed[] all = new Deed[deeds.length + 1];
        all[0] = Deed.call("munmap", plan.vault().address(), plan.vault().lengthBytes());
        System.arraycopy(deeds, 0, all, 1, deeds.length);
        kernel.task(TID, all);
        Vault vault = kernel.vault(plan.vault().address(), plan.vault().lengthBytes());
        Tracer tracer = new Tracer(kernel, vault, Optional.empty(), plan, new Recorder(), TID, false, false, List.of(ByteString.of("/in")));
        tracer.seize();
        tracer.run();
    }

    private static byte[] text(String text) {
        return (text + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    /** A call, what is done in its place, and what it returns; P is a path inside, O one outside, T times, N a name, V a value. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            chmod P 0755                | /in/f Mode[mode=493]                          | 0
            chmod P 0100755             | /in/f Mode[mode=493]                          | 0
            chmod O 0755                | ``                                            | -1
            chmod E 0755                | ``                                            | -2
            chmod X 0755                | ``                                            | -14
            chmod L 0755                | ``                                            | -36
            fchmod 3 0644               | /in Mode[mode=420]                            | 0
            fchmod 5 0644               | ``                                            | -1
            fchmodat -100 P 0600        | /in/f Mode[mode=384]                          | 0
            fchmodat -100 E 0600        | ``                                            | -2
            fchmodat2 -100 P 0600 0x100 | /in/f itself Mode[mode=384]                   | 0
            fchmodat2 3 E 0600 0x1000   | /in bare Mode[mode=384]                       | 0
            fchmodat2 -100 P 0600 1     | ``                                            | -22
            chown P 10 20               | /in/f Owner[user=10, group=20]                | 0
            lchown P -1 20              | /in/f itself Owner[user=-1, group=20]         | 0
            fchown 3 1 2                | /in Owner[user=1, group=2]                    | 0
            fchownat 3 P 1 2 0x100      | /in/f itself Owner[user=1, group=2]           | 0
            fchownat 3 P 1 2 0x800      | ``                                            | -22
            utime P 0                   | /in/f Times now                               | 0
            utime P T                   | /in/f Times 1 0 2 0                           | 0
            utimes P T                  | /in/f Times 1 2000 3 4000                     | 0
            futimesat -100 P T          | /in/f Times 1 2000 3 4000                     | 0
            futimesat 3 0 T             | /in Times 1 2000 3 4000                       | 0
            utimensat -100 P T 0        | /in/f Times 1 2 3 4                           | 0
            utimensat 3 0 T 0           | /in Times 1 2 3 4                             | 0
            utimensat 3 0 0 0           | /in Times now                                 | 0
            utimensat -100 0 T 0        | ``                                            | -14
            utimensat 3 0 T 0x100       | ``                                            | -22
            utimensat -100 P X 0        | ``                                            | -14
            setxattr P N V 5 1          | /in/f SetAttribute user.a=value 1             | 0
            lsetxattr P N V 3 0         | /in/f itself SetAttribute user.a=val 0        | 0
            fsetxattr 3 N V 0 2         | /in SetAttribute user.a= 2                    | 0
            setxattr P N V 65537 0      | ``                                            | -7
            setxattr P L V 1 0          | ``                                            | -34
            setxattr P E V 1 0          | ``                                            | -34
            setxattr P N V 900 0        | ``                                            | -14
            removexattr P N             | /in/f RemoveAttribute user.a                  | 0
            lremovexattr P N            | /in/f itself RemoveAttribute user.a           | 0
            fremovexattr 3 N            | /in RemoveAttribute user.a                    | 0
            truncate P 10               | /in/f Length[bytes=10]                        | 0
            truncate P -1               | ``                                            | -22
            """)
    void a_call_never_runs_and_what_it_asked_for_is_done_in_its_place(String call, String done, long result) {
        String[] words = call.split(" ");
        long[] arguments = new long[words.length - 1];
        for (int i = 1; i < words.length; i++) {
            arguments[i - 1] = switch (words[i]) {
                case "P" -> PATH;
                case "O" -> OUTSIDE;
                case "T" -> TIMES;
                case "N" -> NAME;
                case "V" -> VALUE;
                case "E" -> EMPTY;
                case "L" -> LONG;
                case "X" -> NOTHING;
                default -> Long.decode(words[i]);
            };
        }
        run(Origin.flag("--read-only"), Deed.call(words[0], arguments));
        assertEquals(done.isEmpty() ? List.of() : List.of("7: " + done), kernel.acted);
        assertEquals("7: " + words[0] + " " + result, kernel.returned.get(1));
        assertEquals(result == -1 ? 1 : 0, told.size(), told::toString);
    }

    @Test
    void a_denial_names_the_file_and_the_place_in_the_policy() {
        run(Origin.file("ci.yaml", 3, 5), Deed.call("chmod", OUTSIDE, 0600));
        assertEquals(List.of("chmod /out/f: not below allow-write (ci.yaml:3:5)"), told);
        assertEquals(List.of("/in"), kernel.permitted);
    }

    @Test
    void nothing_is_changed_for_a_tracee_with_another_label() {
        kernel.labelled = true;
        run(Origin.flag("--read-only"), Deed.call("chmod", PATH, 0600));
        assertEquals(List.of(), kernel.acted);
        assertEquals("7: chmod -1", kernel.returned.get(1));
        assertEquals(1, told.size(), told::toString);
    }

    @Test
    void where_a_writable_file_cannot_be_opened_nothing_is_launched() {
        kernel.permitResult = -Errno.ENOENT.number();
        run(Origin.flag("--read-only"));
        assertEquals(List.of("7: munmap -2"), kernel.returned);
    }

    private final class Recorder implements Watch {
        @Override
        public void killing() {}

        @Override
        public int ready(NotifiedCalls notified) {
            return 0;
        }

        @Override
        public void executed() {
            throw new IllegalStateException("no program is executed here");
        }

        @Override
        public boolean denied(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
            told.add(call);
            return true;
        }

        @Override
        public boolean waitsForProcesses() {
            return false;
        }

        @Override
        public boolean looksAtSockets() {
            return false;
        }

        @Override
        public void connecting(int tid, Sockaddr destination, SocketKind socket) {}

        @Override
        public boolean ending(int process) {
            return false;
        }

        @Override
        public void deniedAfterwards(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
            denied(tid, call, destination, socket, why);
        }

        @Override
        public void deniedFile(int tid, String call, ByteString path, Verdict.Deny why) {
            told.add(call + " " + path + ": " + why.why());
        }

        @Override
        public Optional<String> rawSocket() {
            return Optional.empty();
        }

        @Override
        public boolean hearsOfAllowed() {
            return false;
        }

        @Override
        public void allowed(int tid, String call, Optional<Sockaddr> destination, SocketKind socket) {
            told.add("allowed " + call);
        }

        @Override
        public void initEnding() {
            throw new AssertionError("no process 1 here");
        }

        @Override
        public void commandEnded(boolean killed, int status, boolean alone) {}
    }
}
