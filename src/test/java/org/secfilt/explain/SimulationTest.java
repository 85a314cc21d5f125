package org.secfilt.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.secfilt.abi.Arch;
import org.secfilt.bpf.Listing;
import org.secfilt.filter.FilterCompiler;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.Mode;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Sources;

class SimulationTest {
    /** A call, and what the filter of a policy that restricts connect says. */
    @ParameterizedTest
    @CsvSource({
        "getppid, ALLOW",
        "socket AF_INET SOCK_STREAM, ALLOW",
        "socket AF_INET SOCK_DGRAM|SOCK_CLOEXEC IPPROTO_UDP, ALLOW",
        "socket AF_INET SOCK_RAW IPPROTO_ICMP, TRACE(socket)",
        "socket 2 3 1, TRACE(socket)",
        "41 0x2 03 1, TRACE(socket)",
        "socket AF_PACKET SOCK_RAW, TRACE(socket)",
        "connect 3 ptr 16, TRACE(connect)",
        "sendto 3 ptr 5 0 NULL 0, ALLOW",
        "sendto 3 ptr 5 MSG_FASTOPEN ptr 16, TRACE(sendto)",
        "openat AT_FDCWD /etc/passwd O_RDONLY, ALLOW",
        "io_uring_setup 8, ERRNO(EPERM)",
        "mmap NULL 4096 PROT_READ MAP_PRIVATE|MAP_ANONYMOUS -1, ALLOW",
        "munmap 0x552a00000000 4096, TRACE(munmap)",
        "setsockopt 3 IPPROTO_IP IP_OPTIONS ptr 4, TRACE(setsockopt)",
        "setsockopt 3 SOL_SCTP SCTP_SOCKOPT_CONNECTX ptr 16, ALLOW",
        "setsockopt 3 IPPROTO_IP IP_LOCAL_PORT_RANGE ptr 4, ALLOW",
        "setsockopt 3 SOL_TCP TCP_NODELAY ptr 4, ALLOW",
        "personality READ_IMPLIES_EXEC|ADDR_NO_RANDOMIZE, ALLOW",
        "socket AF_NETLINK SOCK_RAW NETLINK_ROUTE, ALLOW",
        "seccomp SECCOMP_SET_MODE_FILTER SECCOMP_FILTER_FLAG_NEW_LISTENER ptr, ERRNO(EBUSY)",
        "500, ERRNO(ENOSYS)",
        "munmap 0x552a00000000 0, USER_NOTIF",
    })
    void the_filter_answers(String call, String answer) throws RefusedPolicyException {
        Simulation simulation = simulate(Call.Abi.OWN, call.split(" "));
        assertEquals(answer, simulation.result().toString());
        assertTrue(simulation.way().strip().endsWith("; " + answer), simulation.way());
    }

    /** Under read-only files, on ABI 7. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "openat AT_FDCWD /x O_WRONLY | ALLOW: the filter lets it through, and Landlock judges its path: what is not below allow-write"
                        + " (--read-only) is refused",
                "openat AT_FDCWD /x O_RDONLY|ALLOW: the kernel runs it, nobody else looks at it",
                "openat AT_FDCWD /x O_RDONLY+O_CREAT | ALLOW: the filter lets it through, and Landlock judges its path",
                "openat AT_FDCWD /x O_RDWR+010000000 | ALLOW: the kernel runs it, nobody else looks at it",
                "open /x O_TRUNC | ALLOW: the filter lets it through, and Landlock judges its path",
                "openat2 AT_FDCWD /x ptr | ALLOW: the filter lets it through, and Landlock judges its path",
                "mkdir /x | ALLOW: the filter lets it through, and Landlock judges its path",
                "bind 3 ptr 16 | ALLOW: the filter lets it through, and Landlock judges the path of a unix socket: what is not below allow-write",
                "chmod /x 0 | TRACE(chmod): the call stops for the supervisor, which changes the file in its place if it may be written",
                "mq_open /x O_RDWR | ALLOW: the kernel runs it, nobody else looks at it",
                "mq_open /x O_RDWR+O_CREAT | ERRNO(EPERM): the call fails with EPERM",
                "mq_unlink /x | ERRNO(EPERM): the call fails with EPERM",
                "mount /x /y | ERRNO(EPERM): the call fails with EPERM",
                "kill 1 15 | ALLOW: the filter lets it through, and Landlock refuses it to processes outside of the run",
            })
    void what_the_filter_leaves_to_landlock_is_told(String call, String told) throws RefusedPolicyException {
        OptionReader options = new OptionReader();
        options.add("read-only", "", Origin.flag("--read-only"));
        Policy policy = new Sources(List.of(), options.options(), Options.NONE, List.of()).policy();
        Plan plan = Plan.of(policy, new Host(Arch.X86_64, 7, false));
        Simulation simulation = Simulation.of(plan, Call.parse(Arch.X86_64, Call.Abi.OWN, List.of(call.replace('+', '|').split(" "))));
        String words = simulation.result() + ": " + simulation.meaning();
        assertTrue(words.startsWith(told), words);
    }

    /** ABI 5 scopes none. */
    @ParameterizedTest
    @ValueSource(strings = {"kill 1 15", "tkill 1 15", "tgkill 1 1 15", "rt_sigqueueinfo 1 15", "rt_tgsigqueueinfo 1 1 15", "pidfd_send_signal 3 15"})
    void signals_stop_where_landlock_scopes_none(String call) throws RefusedPolicyException {
        OptionReader options = new OptionReader();
        options.add("read-only", "", Origin.flag("--read-only"));
        Policy policy = new Sources(List.of(), options.options(), Options.NONE, List.of()).policy();
        Simulation simulation = Simulation.of(Plan.of(policy, new Host(Arch.X86_64, 5, false)),
                Call.parse(Arch.X86_64, Call.Abi.OWN, List.of(call.split(" "))));
        assertEquals("TRACE(" + call.split(" ")[0] + "): the call stops for the supervisor, which refuses it if it is about processes outside of the run",
                simulation.result() + ": " + simulation.meaning());
    }

    /** An option | by whom | a call | what is told. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "allowed-port | true | setsockopt 3 SOL_TCP TCP_REPAIR ptr 4 | the filter lets it through, and the kernel refuses it for want of"
                        + " CAP_NET_ADMIN, without which root's command runs",
                "allowed-port | false | setsockopt 3 SOL_TCP TCP_REPAIR ptr 4 | the kernel runs it, nobody else looks at it",
                "allowed-port | true | setsockopt 3 SOL_TCP TCP_NODELAY ptr 4 | the kernel runs it, nobody else looks at it",
                "allowed-port | true | setsockopt 3 SOL_SOCKET SO_MARK ptr 4 | the filter lets it through, and the kernel refuses it for want of"
                        + " CAP_NET_ADMIN, without which root's command runs",
                "allowed-port | true | setsockopt 3 SOL_SOCKET SO_RCVBUFFORCE ptr 4 | the filter lets it through, and the kernel refuses it for want",
                "read-only | true | setsockopt 3 SOL_TCP TCP_REPAIR ptr 4 | the kernel runs it, nobody else looks at it",
                "read-only | true | sethostname ptr 3 | the filter lets it through, and the kernel refuses it for want of CAP_SYS_ADMIN, without",
                "read-only | true | init_module ptr 4 ptr | the filter lets it through, and the kernel refuses it for want of CAP_SYS_MODULE, without",
                "read-only | false | init_module ptr 4 ptr | the kernel runs it, nobody else looks at it",
            })
    void what_takes_a_capability_that_is_dropped_is_told(String option, boolean root, String call, String told) throws RefusedPolicyException {
        OptionReader options = new OptionReader();
        options.add(option, option.equals("read-only") ? "" : "80", Origin.flag("--" + option));
        Policy policy = new Sources(List.of(), options.options(), Options.NONE, List.of()).policy();
        Plan plan = Plan.of(policy, new Host(Arch.X86_64, 7, root));
        Simulation simulation = Simulation.of(plan, Call.parse(Arch.X86_64, Call.Abi.OWN, List.of(call.split(" "))));
        assertTrue(simulation.meaning().startsWith(told), simulation.result() + ": " + simulation.meaning());
    }

    @ParameterizedTest
    @CsvSource({"I386, 0x40000003", "X32, 0xc000003e"})
    void other_entries_of_the_machine_are_refused(Call.Abi abi, String arch) throws RefusedPolicyException {
        Simulation simulation = simulate(abi, "getppid");
        assertEquals("TRACE(foreign)", simulation.result().toString());
        assertTrue(simulation.way().contains("; arch = " + arch + "\n"), simulation.way());
    }

    @Test
    void the_way_is_part_of_the_listing_and_says_what_was_loaded() throws RefusedPolicyException {
        String way = simulate(Call.Abi.OWN, "socket", "AF_INET", "SOCK_RAW", "IPPROTO_ICMP").way();
        assertTrue(way.startsWith("; no other architecture than x86_64\nl0:     ld [4]                              ; arch = 0xc000003e\n"), way);
        assertTrue(way.contains("; nr = 0x29\n") && way.contains("; args[0] = 0x2\n") && way.contains("; args[1] = 0x3\n"), way);
        String listing = Listing.print(FilterCompiler.compile(plan()));
        List<String> strange = new ArrayList<>();
        for (String line : way.split("\n")) {
            String instruction = line.startsWith(";") ? line : line.replaceAll("^l[0-9]+: *| *;.*", "");
            if (!listing.contains(instruction)) {
                strange.add(line);
            }
        }
        assertEquals(List.of(), strange);
    }

    /** Whoever changes the filter refreshes the example: an ordinary user's. */
    @Test
    void the_example_of_the_readme_is_what_it_prints() throws RefusedPolicyException, IOException {
        String call = "socket AF_INET SOCK_RAW IPPROTO_ICMP";
        OptionReader options = new OptionReader();
        options.add("no-outbound-network", "", Origin.flag("--no-outbound-network"));
        Plan plan = Plan.of(new Sources(List.of(), options.options(), Options.NONE, List.of()).policy(), new Host(Arch.X86_64, 7, false));
        String way = Simulation.of(plan, Call.parse(Arch.X86_64, Call.Abi.OWN, List.of(call.split(" ")))).way();
        String readme = Files.readString(Path.of("README.md"));
        int example = readme.indexOf("    $ secfilt simulate --no-outbound-network " + call + "\n");
        List<String> stale = new ArrayList<>();
        for (String line : readme.substring(example, readme.indexOf("\n\n", example)).lines().skip(1).toList()) {
            if (!line.equals("    ...") && !way.contains(line.substring(4) + "\n")) {
                stale.add(line);
            }
        }
        assertEquals(List.of(), stale, () -> "README.md shows what secfilt does not print; it prints\n" + way);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "conect @ x86_64 has no system call 'conect'; did you mean 'connect'?",
                "io-uring-setup @ x86_64 has no system call 'io-uring-setup'; did you mean 'io_uring_setup'?",
                "frobnicate_all @ x86_64 has no system call 'frobnicate_all'; write its name or its number",
                "prctl PR_SET_SECCOMP SECCOMP_MODE_STRICTLY @ argument 'SECCOMP_MODE_STRICTLY' is no number and no constant known here; did you mean"
                        + " 'SECCOMP_MODE_STRICT'?",
                "socket AF_INETT @ argument 'AF_INETT' is no number and no constant known here; did you mean 'AF_INET'?",
                "socket sock_stream @ argument 'sock_stream' is no number and no constant known here; did you mean 'SOCK_STREAM'?",
                "socket AF_INET|quux @ argument 'AF_INET|quux': 'quux' is no number and no constant known here; write its number, and ptr for a pointer",
                "socket AF_INET| 1 0 @ argument 'AF_INET|': a number or a constant is missing beside |",
                "socket |AF_INET @ argument '|AF_INET': a number or a constant is missing beside |",
                "socket 2 99999999999999999999 0 @ argument '99999999999999999999' is too large: an argument has 64 bits",
                "socket 2 -9223372036854775809 0 @ argument '-9223372036854775809' is too large: an argument has 64 bits",
                "socket 2 -0xffffffffffffffff 0 @ argument '-0xffffffffffffffff' is too large: an argument has 64 bits",
                "socket 2 0x10000000000000000 0 @ argument '0x10000000000000000' is too large: an argument has 64 bits",
                "socket 2 1|-99999999999999999999 0 @ argument '1|-99999999999999999999': '-99999999999999999999' is too large: an argument has 64 bits",
                "read 08 @ argument '08' is no number and no constant known here; write its number, and ptr for a pointer",
                "read 0x @ argument '0x' is no number and no constant known here; write its number, and ptr for a pointer",
                "read 1 2 3 4 5 6 7 @ a system call has 6 arguments at most, and got 7",
            })
    void says_what_to_write(String call, String message) {
        List<String> words = Arrays.asList(call.split(" "));
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> Call.parse(Arch.X86_64, Call.Abi.OWN, words)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({"-1, 0xffffffffffffffff", "18446744073709551615, 0xffffffffffffffff", "017, 0xf", "0xFf, 0xff", "AT_FDCWD, 0xffffffffffffff9c",
        "-9223372036854775808, 0x8000000000000000", "-0x8000000000000000, 0x8000000000000000"})
    void numbers_are_as_in_c(String word, String hex) {
        assertEquals("read(" + hex + ")", Call.parse(Arch.X86_64, Call.Abi.OWN, List.of("read", word)).toString());
    }

    @ParameterizedTest
    @CsvSource({"OWN, 0x29", "X32, 0x40000029", "I386, 0x167"})
    void calls_may_bear_the_names_of_the_c_headers(Call.Abi abi, String number) {
        for (String word : List.of("socket", "SYS_socket", "__NR_socket")) {
            Call call = Call.parse(Arch.X86_64, abi, List.of(word));
            assertEquals("socket() " + number, call + " 0x" + Integer.toHexString(call.nr()));
        }
    }

    private static Simulation simulate(Call.Abi abi, String... words) throws RefusedPolicyException {
        return Simulation.of(plan(), Call.parse(Arch.X86_64, abi, List.of(words)));
    }

    private static Plan plan() throws RefusedPolicyException {
        Access none = new Access(Mode.DENY, Origin.DEFAULT, List.of(), List.of());
        Policy policy = Policy.ofRules(none, Access.OPEN, Access.OPEN);
        assertEquals(Optional.empty(), policy.families());
        return Plan.of(policy, new Host(Arch.X86_64, 6, false));
    }

    @ParameterizedTest
    @CsvSource({"socketcall, socketcall(), 102", "102, socketcall(), 102", "47, call 47(), 47", "connect, connect(), 362"})
    void a_call_of_i386_has_its_own_number(String word, String shown, int nr) {
        Call call = Call.parse(Arch.X86_64, Call.Abi.I386, List.of(word));
        assertEquals(shown, call.toString());
        assertEquals(nr, call.nr());
    }

    @Test
    void a_call_of_i386_that_is_not_known_by_name_is_asked_for_by_number() {
        String message = assertThrows(IllegalArgumentException.class, () -> Call.parse(Arch.X86_64, Call.Abi.I386, List.of("getuid"))).getMessage();
        assertEquals("'getuid': of the calls of i386 only some are known here by name, such as socketcall; write the number", message);
    }
}
