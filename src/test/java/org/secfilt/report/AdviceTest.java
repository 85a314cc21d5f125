package org.secfilt.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.policy.Origin;

class AdviceTest {
    private static final Sockaddr INET = new Sockaddr.Inet(IpAddress.parse("10.0.0.1"), 80);
    private static final Sockaddr INET6 = new Sockaddr.Inet6(IpAddress.parse("2001:db8::1"), 53, 0, 0);
    private static final Sockaddr MAPPED = new Sockaddr.Inet6(IpAddress.parse("::ffff:10.0.0.7"), 53, 0, 0);
    private static final Sockaddr UNIX = new Sockaddr.UnixPath(ByteString.of("/run/x"));

    @Test
    void names_the_option_that_is_missing() {
        assertAdvice("to allow it, add --allowed-netmask=10.0.0.1", of("connect", INET, "not in allowed-netmask", "allowed-netmask"));
        assertAdvice("to allow it, add --allowed-netmask=2001:db8::1", of("connect", INET6, "not in allowed-netmask", "allowed-netmask"));
        assertAdvice("to allow it, add --allowed-netmask=10.0.0.7", of("connect", MAPPED, "not in allowed-netmask", "allowed-netmask"));
        assertAdvice("to allow it, add --allowed-port=80", of("connect", INET, "not in allowed-port", "allowed-port"));
        assertAdvice("to allow it, add --allowed-bind=10.0.0.1:80", of("bind", INET, "not in allowed-bind", "allowed-bind"));
        assertAdvice("to allow it, add --allowed-bind=[2001:db8::1]:53", of("bind", INET6, "not in allowed-bind", "allowed-bind"));
    }

    @Test
    void names_both_lists_unless_the_reason_is_more_precise() {
        String both = "allowed-netmask, allowed-port";
        assertAdvice("to allow it, add --allowed-netmask=10.0.0.1 --allowed-port=80", of("connect", INET, "not in " + both, both));
        assertAdvice("to allow it, add --allowed-port=80", of("connect", INET, "not in allowed-port", both));
    }

    @Test
    void names_the_option_to_leave_out() {
        assertAdvice("to allow it, leave out --no-outbound-network", of("connect", UNIX, "outbound", "--no-outbound-network"));
    }

    @Test
    void names_the_file_to_allow() {
        ByteString file = ByteString.of("/srv/x");
        String why = "not below allow-write";
        assertAdvice("to allow it, add --allow-write=/srv/x", Denial.ofFile("chmod", file, ByteString.of("x"), 1, why, Origin.flag("--read-only")));
        assertAdvice("to allow it, add --allow-write=/srv/x", Denial.ofFile("chmod", file, ByteString.of("x"), 1, why, Origin.flag("allow-write")));
        assertAdvice("to allow it, add to filesystem/allow-write in ci.yaml: /srv/x",
                Denial.ofFile("chmod", file, ByteString.of("x"), 1, why, Origin.file("ci.yaml", 12, 7)));
        assertEquals(List.of(), Advice.lines(List.of(
                Denial.ofFile("fchmod", ByteString.of(""), ByteString.of("x"), 1, why, Origin.flag("allow-write")))));
    }

    @Test
    void names_the_place_of_a_rule_that_denies() {
        assertAdvice("to allow it, change ci.yaml:12:7", ofFile("connect", INET, "ci.yaml:12:7 denies it (metadata)"));
    }

    @Test
    void names_the_entry_to_add_to_a_list_of_a_file() {
        String why = "no rule allows it on this port (mode deny, ci.yaml:12:7)";
        Sockaddr name = new Sockaddr.UnixAbstract(ByteString.of("com.example"));
        assertAdvice("to allow it, add to connect/allow in ci.yaml: 10.0.0.1:80", ofFile("sendto", INET, why));
        assertAdvice("to allow it, add to connect/allow in ci.yaml: \"[2001:db8::1]:53\"", ofFile("connect", INET6, why));
        assertAdvice("to allow it, add to bind/allow in ci.yaml: 10.0.0.1:80", ofFile("bind", INET, why));
        assertAdvice("to allow it, add to unix/allow in ci.yaml: /run/x", ofFile("connect", UNIX, why));
        assertAdvice("to allow it, add to unix/allow in ci.yaml: \"@com.example\"", ofFile("connect", name, why));
    }

    @Test
    void repeats_nothing_and_parts_what_differs() {
        Denial file = ofFile("connect", INET, "ci.yaml:12:7 denies it (metadata)");
        Denial flag = of("connect", INET, "not in allowed-port", "allowed-port");
        assertEquals(
                List.of("to allow them, add --allowed-port=80", "to allow them, change ci.yaml:12:7"),
                Advice.lines(List.of(flag, file, flag, file)));
    }

    private static Denial ofFile(String call, Sockaddr destination, String why) {
        return new Denial(call, Optional.of(destination), Optional.empty(), ByteString.of("x"), 1, why, Origin.file("ci.yaml", 12, 7));
    }

    private static Denial of(String call, Sockaddr destination, String why, String flag) {
        return new Denial(call, Optional.of(destination), Optional.empty(), ByteString.of("x"), 1, why, Origin.flag(flag));
    }

    private static void assertAdvice(String line, Denial denial) {
        assertEquals(List.of(line), Advice.lines(List.of(denial)));
    }
}
