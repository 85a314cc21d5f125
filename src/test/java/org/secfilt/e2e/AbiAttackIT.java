package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.secfilt.Fixtures;
import org.secfilt.Requirements;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;

/** Calls that a filter for this architecture's own would not understand, by {@code test-fixtures/abi-attack.c} and {@code abi32.c}. */
class AbiAttackIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final List<String> I386 = List.of("socketcall_sendto", "socketcall_connect", "int80_connect", "int80_sendto", "int80_sendmsg",
            "int80_sendmmsg");
    private static final List<String> X32 = List.of("x32_connect", "x32_sendto");
    private static String attack;
    /** Whether the kernel runs i386 programs and calls: not without CONFIG_IA32_EMULATION, ia32_emulation=, nor on some virtual machines. */
    private static boolean hasI386;

    @BeforeAll
    static void needs_this_architecture() {
        Requirements.need("kernel", Arch.current() == Arch.X86_64, "i386 and x32 are x86-64's");
        attack = Fixtures.compile("abi-attack").toString();
        hasI386 = !ROOM.bash("\"$1\"", program32()).runLoosely().stderr().contains("Exec format error");
    }

    /** Where the kernel has none a call of its ends as it does without secfilt, and the filter's own tests tell what we would answer. */
    private static void assertSameWithout(User user, int family, List<String> attacks) {
        for (String one : attacks) {
            Outcome bare = ROOM.command(words(family, List.of(one)).toArray(new String[0])).as(user).runLoosely();
            List<String> words = new ArrayList<>(List.of("-q", "--allowed-netmask=loopback", "--"));
            words.addAll(words(family, List.of(one)));
            assertEquals(bare.end(), ROOM.secfilt(words.toArray(new String[0])).as(user).runLoosely().end(), one);
        }
        assertEquals(List.of(), ROOM.arrived());
    }

    @ParameterizedTest
    @EnumSource
    void calls_of_i386_are_refused(User user) {
        for (int family : new int[] {4, 6}) {
            if (!hasI386) {
                assertSameWithout(user, family, I386);
                continue;
            }
            assertEquals(said(I386, "ok"), bare(user, family, I386));
            assertEquals(arrivals(family, I386.size()), new TreeSet<>(ROOM.arrived()));
            assertEquals(said(I386, "ENOSYS"), inside(user, family, I386));
            assertEquals(List.of(), ROOM.arrived());
        }
    }

    /** A filter of the command's own that sends them to the tracer, or to a listener, gains nothing; without secfilt its listener lets them go on. */
    @ParameterizedTest
    @EnumSource
    void a_filter_of_its_own_gets_no_call_of_i386_through(User user) {
        List<String> listening = List.of("waved_through_int80_sendto");
        List<String> attacks = List.of("traced_int80_sendto", "notified_int80_sendto", "waved_through_int80_sendto");
        for (int family : new int[] {4, 6}) {
            if (!hasI386) {
                assertSameWithout(user, family, I386);
                continue;
            }
            assertEquals(said(listening, "ok"), bare(user, family, listening));
            assertEquals(arrivals(family, 1), new TreeSet<>(ROOM.arrived()));
            for (String policy : List.of("--allowed-netmask=loopback", "--allowed-netmask=loopback --notifications=off", "--mainstream-network-families")) {
                assertEquals(said(attacks, "ENOSYS"), inside(user, policy, family, attacks), policy);
                assertEquals(List.of(), ROOM.arrived(), policy);
            }
        }
    }

    /** It can exit, and does with the error of the first call it makes; the exit code that the policy has for denials goes before. */
    @ParameterizedTest
    @EnumSource
    void a_32_bit_program_reaches_nothing(User user) throws IOException {
        String program = program32();
        if (!hasI386) {
            ROOM.secfilt("--allowed-netmask=loopback", program).as(user).run().exited(126);
            return;
        }
        ROOM.command(program).as(user).run().exited(0);
        assertEquals(arrivals(4, 2), new TreeSet<>(ROOM.arrived()));
        Path log = ROOM.directory().resolve("abi32-" + user + ".json");
        for (String notifications : List.of("auto", "off")) {
            Outcome run = ROOM.secfilt("--notifications=" + notifications, "--log=" + log, "--allowed-netmask=loopback", program).as(user).run();
            String told = String.join("\n", run.exited(Errno.ENOSYS.number()).reports());
            assertTrue(told.matches("(?s)secfilt: denied i386 call by abi32[^ ]*\\[\\d+]: 32-bit programs cannot run under a policy, "
                    + "only x86_64 calls are judged; build it for x86_64\nsecfilt: 1 call denied:\n.*"), told);
        }
        String logged = Files.readString(log);
        assertTrue(logged.contains("\"call\":\"i386\"") && logged.contains("\"errno\":\"ENOSYS\""), logged);
        ROOM.secfilt("-q", "--violation-exit=77", "--allowed-netmask=loopback", program).as(user).run().exited(77);
        assertEquals(List.of(), ROOM.arrived());
    }

    /** There it cannot even exit, and nobody tells why. */
    @ParameterizedTest
    @EnumSource
    void a_32_bit_program_fails_without_a_tracer_too(User user) {
        Outcome run = ROOM.secfilt("--mainstream-network-families", program32()).as(user).run();
        if (!hasI386) {
            run.exited(126);
            return;
        }
        run.killedBy(SIGSEGV);
        assertEquals(List.of(), run.reports());
        assertEquals(List.of(), ROOM.arrived());
    }

    /** Those of int 0x80 in a 64-bit program, and of x32. */
    @ParameterizedTest
    @EnumSource
    void each_call_is_told_as_equal_ones_are(User user) {
        if (hasI386) {
            assertTrue(told(user, I386).contains("denied i386 call by abi-attack["));
        }
        String told = told(user, X32);
        assertTrue(told.contains("denied x32 call by abi-attack["), told);
        assertTrue(told.contains("x32 call by abi-attack, 2 times"), told);
        assertEquals(List.of(), ROOM.arrived());
    }

    private static String told(User user, List<String> attacks) {
        List<String> words = new ArrayList<>(List.of("--allowed-netmask=loopback", "--"));
        words.addAll(words(4, attacks));
        return ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).reports().toString();
    }

    private static String program32() {
        return Fixtures.compile("abi32", "-m32", "-nostdlib", "-static", "-fno-stack-protector").toString();
    }

    private static final int SIGSEGV = 11;

    /** Most kernels have none; then the answer is theirs as well as ours, and the filter's own tests tell that it is ours. */
    @ParameterizedTest
    @EnumSource
    void calls_of_x32_are_refused(User user) {
        for (int family : new int[] {4, 6}) {
            String bare = bare(user, family, X32);
            boolean has = !bare.equals(said(X32, "ENOSYS"));
            assertEquals(has ? arrivals(family, X32.size()) : Set.of(), new TreeSet<>(ROOM.arrived()), "does this kernel have x32? " + has);
            assertEquals(said(X32, "ENOSYS"), inside(user, family, X32));
            assertEquals(List.of(), ROOM.arrived());
        }
    }

    @ParameterizedTest
    @EnumSource
    void numbers_that_no_table_has_are_no_calls(User user) {
        List<String> attacks = List.of("x32_number_above_the_others", "newer_call");
        assertEquals(said(attacks, "ENOSYS"), inside(user, 4, attacks));
    }

    @ParameterizedTest
    @EnumSource
    void no_ring_sends(User user) {
        List<String> attacks = List.of("io_uring_sendmsg", "io_uring_register", "io_uring_enter");
        for (int family : new int[] {4, 6}) {
            assertEquals(said(attacks, "ok"), bare(user, family, attacks), "io_uring: sysctl kernel.io_uring_disabled?");
            assertEquals(arrivals(family, 1), new TreeSet<>(ROOM.arrived()));
            assertEquals(said(attacks, "EPERM"), inside(user, family, attacks));
            assertEquals(List.of(), ROOM.arrived());
        }
    }

    /** Standard input is kept whatever it is. */
    @ParameterizedTest
    @EnumSource
    void a_ring_that_is_inherited_is_of_no_use(User user) {
        List<String> use = new ArrayList<>(List.of(attack, "4", NetworkRoom.FAR, "use_stdin"));
        List<String> bare = new ArrayList<>(List.of(attack, "ring_on_stdin"));
        bare.addAll(use);
        assertEquals("use_stdin ok\n", ROOM.command(bare.toArray(new String[0])).as(user).run().exited(0).stdout());
        List<String> inside = new ArrayList<>(
                List.of(attack, "ring_on_stdin", Built.program().toString(), "-q", "--allowed-netmask=loopback", "--"));
        inside.addAll(use);
        Outcome run = ROOM.command(inside.toArray(new String[0])).as(user).run().exited(0);
        assertTrue(run.stdout().equals("use_stdin EPERM\n"), run::toString);
    }

    private static Set<String> arrivals(int family, int count) {
        Set<String> arrivals = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            arrivals.add("udp " + (family == 4 ? NetworkRoom.FAR : "[" + NetworkRoom.FAR6 + "]") + ":" + (9000 + i));
        }
        return arrivals;
    }

    private static List<String> words(int family, List<String> attacks) {
        List<String> words = new ArrayList<>(List.of(attack, String.valueOf(family), family == 4 ? NetworkRoom.FAR : NetworkRoom.FAR6));
        words.addAll(attacks);
        return words;
    }

    private static String bare(User user, int family, List<String> attacks) {
        return ROOM.command(words(family, attacks).toArray(new String[0])).as(user).run().exited(0).stdout();
    }

    private static String inside(User user, int family, List<String> attacks) {
        return inside(user, "--allowed-netmask=loopback", family, attacks);
    }

    private static String inside(User user, String policy, int family, List<String> attacks) {
        List<String> words = new ArrayList<>(List.of("-q"));
        words.addAll(List.of(policy.split(" ")));
        words.add("--");
        words.addAll(words(family, attacks));
        return ROOM.secfilt(words.toArray(new String[0])).as(user).run().exited(0).stdout();
    }

    private static String said(List<String> attacks, String outcome) {
        StringBuilder said = new StringBuilder();
        for (String name : attacks) {
            said.append(name).append(' ').append(outcome).append('\n');
        }
        return said.toString();
    }
}
