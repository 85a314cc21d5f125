package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** secfilter's configuration files. */
class IniConfigTest {
    private static final String KNOWN = "; known here: allowed-netmask, allowed-port, allowed-bind, allow-resolv, "
            + "no-outbound-network, mainstream-network-families, errno, inherit, firewall, violation-exit, read-only, allow-write, "
            + "write-allow, net, publish, private-tmp, user, "
            + "profile, log, verbose, quiet";

    /** A line, and column: message. */
    private static final String[][] BAD_LINES = {
        {"allowed-port=70000", "14: port 70000 is above 65535"},
        {"  allowed-port =  x", "19: 'x' is no port and no range of ports; write one such as 443 or 8000-8099"},
        {"allowed-port=", "14: 'allowed-port' needs a value: a port is missing"},
        {"allowed-netmask=10.0.0.0/33", "17: prefix 33 is above 32"},
        {"allowed-bind=[::1", "14: a ']' is missing after the IPv6 address"},
        {"allow-resolv=maybe", "14: 'maybe' is neither yes nor no; write 1, 0, yes, no, true, false, on or off"},
        {"errno=EIO", "7: 'EIO' is no error to deny with; write EPERM, ECONNREFUSED or EACCES"},
        {"firewall=on", "10: 'on' is no use of the firewall; write auto, require or off"},
        {"violation-exit=256", "16: '256' is no exit code for denials; write a number from 1 to 255"},
        {"log=", "5: 'log' needs a value: a file's name is missing"},
        {"allowed-prot=1", "1: unknown option 'allowed-prot'; did you mean 'allowed-port'?"},
        {"allow-net=10.0.0.1", "1: unknown option 'allow-net'; did you mean 'allowed-netmask'?"},
        {"deny-port=1", "1: unknown option 'deny-port'; what is to be denied stands in a policy file, as in connect: {deny: [10.0.0.1]}"},
        {"policy=x", "1: unknown option 'policy'" + KNOWN},
        {"=x", "1: unknown option ''" + KNOWN},
        {"mainstream-network-families", "1: a '=' is missing; write mainstream-network-families="},
        {"allowed-netmask 1", "1: a '=' is missing; write allowed-netmask=1"},
        {"  allowed-netmask:\t10.0.0.0/8 # lan", "3: a '=' is missing; write allowed-netmask=10.0.0.0/8"},
        {"alowed-netmask 10.0.0.0/8", "1: a '=' is missing; write allowed-netmask=10.0.0.0/8"},
        {"allowed-netmask", "1: a '=' is missing; write allowed-netmask=value"},
        {"quiet yes", "1: a '=' is missing; write quiet=yes"},
        {"firewall", "1: a '=' is missing; write firewall=value"},
        {"version 1", "1: a '=' is missing; write key=value, or key= for a switch"},
        {"version: 1\nresolv: true", "1: this is a policy in YAML; give it by --policy"},
        {"; a comment", "1: a comment begins with '#'"},
        {"allowed-netmask=\"10.0.0.0/8\"", "17: a value stands without quotes; write allowed-netmask=10.0.0.0/8"},
        {"log='x.json'", "5: a value stands without quotes; write log=x.json"},
        {"read-only=\"maybe\"", "11: a value stands without quotes; and without them 'maybe' is neither yes nor no; write 1, 0, yes, no, true, false, on or off"},
        {"[network]", "1: a configuration has no sections; every line is key=value"},
        {"read-only=maybe", "11: 'maybe' is neither yes nor no; write 1, 0, yes, no, true, false, on or off"},
        {"  allow-write=", "15: 'allow-write' needs a value: write the path of a file or a directory"},
    };

    @Test
    void reads_options_by_name() throws InvalidPolicyException {
        Options options = read("# masks\nallowed-netmask=127.0.0.0/8\r\n  allowed-netmask = 2001:db8::7 # a host\n\n"
                + "allowed-port=22\nallowed-port=8000-8099\nmainstream-network-families=\nno-outbound-network=off\n"
                + "allowed-bind=[::1]:80\nallow-resolv=\nerrno=EACCES\nverbose=\nviolation-exit=77\nlog=/var/log/x y");
        assertEquals("[127.0.0.0/8, 2001:db8::7/128]",
                List.of(options.netmasks().get(0).value(), options.netmasks().get(1).value()).toString());
        assertEquals("[22, 8000-8099]", List.of(options.ports().get(0).value(), options.ports().get(1).value()).toString());
        assertEquals(Origin.file("c.ini", 3, 3), options.netmasks().get(1).origin());
        assertTrue(options.mainstreamFamilies().orElseThrow().value());
        assertTrue(!options.noOutboundNetwork().orElseThrow().value());
        assertTrue(options.allowResolv().orElseThrow().value());
        assertTrue(options.verbose().orElseThrow().value());
        assertTrue(options.quiet().isEmpty());
        assertEquals("EACCES", options.errno().orElseThrow().value().name());
        assertEquals(1, options.binds().size());
        assertEquals("/var/log/x y", options.log().orElseThrow().value());
        assertEquals(77, options.violationExit().orElseThrow().value());
    }

    @Test
    void several_files_are_read_as_one() throws InvalidPolicyException {
        MemoryFiles files = new MemoryFiles().with("a", "allowed-port=1\nerrno=EACCES").with("b", "allowed-port=2\nerrno=EPERM");
        Options options = IniConfig.read(List.of("a", "b"), files);
        assertEquals(2, options.ports().size());
        assertEquals("EPERM", options.errno().orElseThrow().value().name());
    }

    @Test
    void writable_files_where_all_are_writable_are_a_mistake_at_their_place() {
        for (String text : List.of("read-only=no\n  allow-write=/tmp\nallow-write=/srv", "# x\n  allow-write=/tmp\nread-only=0")) {
            List<Complaint> complaints = complaintsOf(text).complaints();
            assertEquals(1, complaints.size());
            assertEquals("c.ini:2:3: 'allow-write' means nothing where 'read-only' is false; leave out one of them\n  allow-write=/tmp\n  ^",
                    complaints.get(0).toString());
        }
    }

    @Test
    void says_what_is_wrong_with_a_line_and_where() {
        for (String[] row : BAD_LINES) {
            Complaint complaint = complaintsOf(row[0]).complaints().get(0);
            assertEquals("1:" + row[1], complaint.line() + ":" + complaint.column() + ": " + complaint.message(), row[0]);
        }
    }

    @Test
    void the_samples_of_secfilter_are_read() throws InvalidPolicyException {
        Options services = read("allow-write=/run/\nallow-write=/var/run/\nallow-write=/dev/null\n"
                + "mainstream-network-families=\n");
        assertEquals(List.of("/run/", "/var/run/", "/dev/null"),
                services.writable().stream().map(FileAccess.Writable::path).toList());
        assertTrue(services.readOnly().isEmpty());
        assertEquals(Optional.of(Origin.flag("allow-write")), merged(services).files().readOnly());
        Options ssh = read("allowed-netmask=127.0.0.0/8\nallowed-netmask=192.0.2.1\nallowed-netmask=2001:db8::1\n"
                + "allow-write=/dev/null\nallow-write=/home/user/.ssh\nmainstream-network-families=\nread-only=1\n"
                + "allowed-port=22\nallowed-port=53\n");
        assertEquals(Optional.of(Origin.file("c.ini", 7, 1)), merged(ssh).files().readOnly());
        assertEquals(Origin.file("c.ini", 5, 1), merged(ssh).files().writable().get(1).origin());
    }

    @Test
    void a_complaint_quotes_the_line() {
        assertEquals("c.ini:2:14: port 70000 is above 65535\nallowed-port=70000\n             ^",
                complaintsOf("# x\nallowed-port=70000\n").getMessage());
    }

    @Test
    void a_missing_file_is_never_ignored() {
        InvalidPolicyException e = assertThrows(InvalidPolicyException.class,
                () -> IniConfig.read(List.of("none.ini", "none2.ini"), new MemoryFiles()));
        assertEquals("none.ini: No such file or directory\nnone2.ini: No such file or directory", e.getMessage());
    }

    private static Policy merged(Options options) {
        return Policy.merge(List.of(options.part(List.of())), List.of());
    }

    private static Options read(String text) throws InvalidPolicyException {
        return IniConfig.read(List.of("c.ini"), new MemoryFiles().with("c.ini", text));
    }

    private static InvalidPolicyException complaintsOf(String text) {
        return assertThrows(InvalidPolicyException.class, () -> read(text), text);
    }
}
