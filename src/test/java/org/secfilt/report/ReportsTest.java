package org.secfilt.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.LogFile;
import org.secfilt.plan.Host;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.OptionReader;
import org.secfilt.policy.Options;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Sources;

class ReportsTest {
    private static final Origin NETMASK = Origin.flag("allowed-netmask");

    private static final Plan PLAN = plan();

    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean takes = true;
    private final LogFile sink = (line, from, patienceMillis) -> {
        if (takes) {
            lines.add(new String(line, from, line.length - from, StandardCharsets.UTF_8));
        }
        return takes ? line.length - from : 0;
    };

    @Test
    void prints_one_line_for_a_denial() {
        normal().denied(denial("connect", inet("93.184.216.34", 443), "curl", 1234));
        assertEquals(
                List.of("secfilt: denied connect 93.184.216.34:443/tcp by curl[1234]: not in allowed-netmask\n"), lines);
    }

    @Test
    void counts_what_it_has_told_already_whichever_process_did_it() {
        Reports reports = normal();
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 1));
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 2));
        reports.denied(denial("sendto", inet("93.184.216.34", 443), "curl", 2));
        reports.denied(denial("connect", inet("93.184.216.34", 80), "curl", 2));
        reports.denied(denial("connect", inet("93.184.216.34", 443), "wget", 2));
        assertEquals(4, lines.size());
        assertEquals(5, reports.deniedCalls());
    }

    @Test
    void sums_up_the_most_frequent_first_and_says_what_would_allow_them() {
        Reports reports = normal();
        reports.denied(denial("sendto", inet("8.8.8.8", 53), "dig", 7));
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 1));
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 2));
        lines.clear();
        reports.summary(PLAN);
        assertEquals(
                """
                secfilt: 3 calls denied (2 distinct):
                secfilt:   connect 93.184.216.34:443/tcp by curl, 2 times: not in allowed-netmask
                secfilt:   sendto 8.8.8.8:53/tcp by dig: not in allowed-netmask
                secfilt: to allow them, add --allowed-netmask=93.184.216.34 --allowed-netmask=8.8.8.8
                """,
                String.join("", lines));
    }

    /** By processes that the command left behind. */
    @Test
    void sums_up_once_more_what_came_since() {
        Reports reports = normal();
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 1));
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 2));
        reports.denied(denial("sendto", inet("8.8.8.8", 53), "dig", 7));
        reports.summary(PLAN);
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 8));
        lines.clear();
        reports.summary(PLAN);
        assertEquals(
                """
                secfilt: 1 more call denied:
                secfilt:   connect 93.184.216.34:443/tcp by curl: not in allowed-netmask
                """,
                String.join("", lines));
        reports.denied(denial("connect", inet("93.184.216.34", 443), "curl", 8));
        reports.denied(denial("connect", inet("10.0.0.1", 443), "curl", 8));
        lines.clear();
        reports.summary(PLAN);
        assertEquals(
                """
                secfilt: 2 more calls denied (2 distinct):
                secfilt:   connect 93.184.216.34:443/tcp by curl: not in allowed-netmask
                secfilt:   connect 10.0.0.1:443/tcp by curl: not in allowed-netmask
                secfilt: to allow them, add --allowed-netmask=93.184.216.34 --allowed-netmask=10.0.0.1
                """,
                String.join("", lines));
        lines.clear();
        reports.summary(PLAN);
        assertEquals(List.of(), lines);
    }

    @Test
    void says_nothing_in_the_end_if_nothing_was_denied() {
        normal().summary(PLAN);
        assertEquals(List.of(), lines);
    }

    @Test
    void sums_up_one_call_in_the_singular() {
        Reports reports = normal();
        reports.denied(denial("connect", inet("10.0.0.1", 443), "curl", 1));
        lines.clear();
        reports.summary(PLAN);
        assertEquals(
                """
                secfilt: 1 call denied:
                secfilt:   connect 10.0.0.1:443/tcp by curl: not in allowed-netmask
                secfilt: to allow it, add --allowed-netmask=10.0.0.1
                """,
                String.join("", lines));
    }

    @Test
    void quiet_says_nothing_but_failures_of_its_own() {
        Reports reports = new Reports(sink, Volume.QUIET, false);
        reports.denied(denial("connect", inet("10.0.0.1", 443), "curl", 1));
        reports.note("note");
        reports.warn("warning");
        reports.summary(PLAN);
        assertEquals(List.of(), lines);
        assertEquals(1, reports.deniedCalls());
        reports.error("the kernel said no");
        assertEquals(List.of("secfilt: the kernel said no\n"), lines);
    }

    @Test
    void verbose_adds_notes_and_normal_has_none() {
        normal().note("note");
        assertEquals(List.of(), lines);
        new Reports(sink, Volume.VERBOSE, false).note("note");
        assertEquals(List.of("secfilt: note\n"), lines);
    }

    @Test
    void colours_only_for_a_terminal() {
        new Reports(sink, Volume.NORMAL, true).denied(denial("bind", inet("10.0.0.1", 443), "nc", 1));
        assertTrue(lines.get(0).startsWith("\u001b[1msecfilt:\u001b[0m \u001b[31mdenied\u001b[0m bind 10.0"), lines.get(0));
    }

    @Test
    void endless_destinations_end_in_counting() {
        Reports reports = normal();
        for (int i = 0; i < 5000; i++) {
            reports.denied(denial("connect", inet("10.0." + i / 250 + "." + i % 250, 80), "scan", 1));
        }
        assertEquals(Reports.MAX_LINES + 1, lines.size());
        assertEquals("secfilt: 100 different denials shown; further ones are only counted\n", lines.get(100));
        lines.clear();
        reports.summary(PLAN);
        assertEquals("secfilt: 5000 calls denied (more than 1000 distinct):\n", lines.get(0));
        assertEquals("secfilt:   and 995 more, at least\n", lines.get(6));
        assertTrue(lines.get(7).startsWith("secfilt: to allow the first 15, add --allowed-netmask=10.0.0.0 "), lines.get(7));
        assertEquals(8, lines.size());
    }

    @Test
    void what_costs_all_their_lives_is_told_after_any_number_of_others() {
        Reports reports = normal();
        for (int i = 0; i < 1099; i++) {
            boolean told = reports.denied(denial("connect", inet("10.0." + i / 250 + "." + i % 250, 81), "scan", 1));
            assertEquals(i < Reports.MAX_LINES, told);
        }
        JudgedCall last = denial("connect", inet("10.0.4.99", 81), "scan", 1);
        assertFalse(reports.denied(last));
        lines.clear();
        reports.show(last);
        assertEquals(1, lines.size());
        assertTrue(lines.get(0).startsWith("secfilt: denied connect 10.0.4.99:81"), lines.get(0));
    }

    @Test
    void what_is_advised_allows_those_too_that_have_no_row() {
        Reports reports = normal();
        StringBuilder options = new StringBuilder();
        for (int i = 1; i <= Reports.MAX_ADVISED; i++) {
            String address = "fd00:1111:2222:3333:4444:5555:6666:777" + Integer.toHexString(i);
            reports.denied(denial("connect", new Sockaddr.Inet6(IpAddress.parse(address), 80, 0, 0), "a", 1));
            options.append(" --allowed-netmask=").append(address);
        }
        lines.clear();
        reports.summary(PLAN);
        assertEquals("secfilt:   and 10 more\n", lines.get(6));
        assertEquals("secfilt: to allow them, add" + options + "\n", lines.get(7));
    }

    /** Whoever is denied something waits for nobody. */
    @Test
    void lines_that_are_not_taken_at_once_come_later_in_their_order() {
        Reports reports = normal();
        takes = false;
        reports.denied(denial("connect", inet("10.0.0.1", 80), "a", 1));
        reports.denied(denial("connect", inet("10.0.0.1", 80), "b", 1));
        reports.denied(denial("connect", inet("10.0.0.1", 80), "c", 1));
        assertEquals(List.of(), lines);
        takes = true;
        reports.summary(PLAN);
        assertEquals(List.of("a[1]", "b[1]", "c[1]"), lines.subList(0, 3).stream().map(line -> line.replaceAll(".* by (.*):.*\n", "$1")).toList());
        assertEquals("secfilt: 3 calls denied (3 distinct):\n", lines.get(3));
        assertFalse(lines.toString().contains("lost"), lines::toString);
    }

    @Test
    void the_rest_of_a_line_that_is_taken_in_part_comes_before_the_next() {
        StringBuilder text = new StringBuilder();
        Reports reports = new Reports((line, from, patienceMillis) -> {
            int length = Math.min(10, line.length - from);
            text.append(new String(line, from, length, StandardCharsets.UTF_8));
            return length;
        }, Volume.VERBOSE, false);
        reports.note("the first of two lines");
        reports.note("the second");
        reports.flush();
        assertEquals("secfilt: the first of two lines\nsecfilt: the second\n", text.toString());
    }

    @Test
    void tells_of_lines_that_were_refused() {
        boolean[] refuses = {true};
        Reports reports = new Reports((line, from, patienceMillis) -> refuses[0] ? -28 : sink.write(line, from, patienceMillis), Volume.NORMAL, false);
        reports.denied(denial("connect", inet("10.0.0.1", 80), "a", 1));
        reports.denied(denial("connect", inet("10.0.0.1", 80), "b", 1));
        refuses[0] = false;
        reports.summary(PLAN);
        assertEquals("secfilt: 2 lines were lost, as standard error took none\n", lines.get(lines.size() - 1));
    }

    @Test
    void no_line_is_longer_than_a_pipe_takes_whole() {
        Reports reports = new Reports(sink, Volume.VERBOSE, true);
        reports.note("\u4e2d".repeat(5000));
        reports.denied(new JudgedCall(
                "connect",
                Optional.of(new Sockaddr.UnixPath(ByteString.of("\u0001".repeat(108)))),
                SocketKind.UNKNOWN,
                ByteString.of("\u0001".repeat(15)),
                1,
                "reason ".repeat(1000),
                Origin.file("f".repeat(5000), 1, 1)));
        reports.summary(PLAN);
        for (String line : lines) {
            assertTrue(line.getBytes(StandardCharsets.UTF_8).length <= 4096, line);
            assertEquals(line.length() - 1, line.indexOf('\n'));
        }
    }

    private static Plan plan() {
        OptionReader options = new OptionReader();
        options.add("allowed-netmask", "127.0.0.1", Origin.flag("--allowed-netmask=127.0.0.1"));
        try {
            return Plan.of(new Sources(List.of(), options.options(), Options.NONE, List.of()).policy(), new Host(Arch.X86_64, 7, false));
        } catch (RefusedPolicyException e) {
            throw new IllegalStateException(e);
        }
    }

    private Reports normal() {
        return new Reports(sink, Volume.NORMAL, false);
    }

    private static JudgedCall denial(String call, Sockaddr destination, String comm, int pid) {
        return new JudgedCall(
                call, Optional.of(destination), new SocketKind(2, 1, 6), ByteString.of(comm), pid, "not in allowed-netmask", NETMASK);
    }

    private static Sockaddr inet(String address, int port) {
        return new Sockaddr.Inet(IpAddress.parse(address), port);
    }
}
