package org.secfilt.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What {@code --help} prints, laid out by hand for 80 columns: of secfilt itself the text below, of a verb a resource of its name. */
final class Help {
    private static final String TEXT =
            """
            Usage: secfilt [options] [--] command [args]
                   secfilt VERB [options]

            Runs a command, and everything it starts, under a network
            and file policy.
            Options end at the first word that is no option. Without any, all is allowed.

            What may be reached:
              --allowed-netmask=M     this address or network: 127.0.0.0/8, 10.0.0.7,
                                      fd00::/8. May be repeated; all others are denied
              --allowed-port=PORTS    this destination port or range: 443, 8000-8099.
                                      May be repeated; netmask and port must both fit
              --allow-resolv[=B]      the nameservers of /etc/resolv.conf, port 53
              --allowed-bind=ADDR[:PORTS]
                                      where to listen: 127.0.0.1:8080, [::1]:80-90.
                                      May be repeated; all others are denied
              --no-outbound-network[=B]
                                      no connect and no send for any family, unix
                                      sockets included; listening works
              --mainstream-network-families[=B]
                                      only unix, inet, inet6 and netlink sockets
              --errno=E               what a call fails with that names an address,
                                      and socket(2) of a refused family: EPERM, which
                                      is the default, ECONNREFUSED or EACCES. Refused
                                      kinds of sockets and options of theirs are EPERM
              --inherit=keep|close|refuse
                                      sockets open at the start that are connected
                                      elsewhere than allowed: close is the default,
                                      refuse runs nothing
              --firewall=auto|require|off
                                      judge packets too, where the host lets us: auto
                                      is the default, require runs nothing without
              --profile=NAME          start in this profile of the packet filter, see
                                      secfilt profile; its rules hold besides
              --no-supervisor[=B]     the firewall holds all of the policy, and no
                                      process supervises; refused where it cannot
              --landlock=auto|off     off: as on a kernel without Landlock, for tests;
                                      what then is open is told
              --notifications=auto|off
                                      off: as before Linux 6.6, where each judged call
                                      stops for the tracer; for tests
              --cgroups=auto|net_cls|unified
                                      net_cls: as on a kernel without cgroups of
                                      version 2, unified: as on one without net_cls;
                                      for tests
              B is one of 1 yes true on, 0 no false off, and needs the '='.

            What may be written:
              --read-only[=B]         no file, but for those allowed
              --allow-write=PATH, --write-allow=PATH
                                      this file, or this directory with all below it.
                                      May be repeated; implies --read-only

            What the command has of its own:
              --net=host|none|nat     the host's network, which is the default; one with
                                      loopback alone; or one behind the host's
                                      addresses, by a pair of virtual interfaces (root)
              --publish=HOSTPORT:PORT[/udp]
                                      with nat: this port of the host leads to that
                                      port of the command's. May be repeated
              --private-tmp[=exec]    a fresh /tmp that goes with the command; nothing
                                      is executed from it, or with exec is
              --user=NAME[:GROUP]     run as this user, with the user's groups (root)

            Policy files:
              --policy=FILE           a YAML policy; may be repeated. Files and options
                                      add up, and what denies wins
              -c, --config=FILE       an INI file of secfilter; an option given here
                                      replaces that option's values in the file

            Reports, on standard error:
              -v, --verbose           tell also what the sandbox does
              -q, --quiet             tell nothing but failures of secfilt itself
              --log=FILE              append every denied call, the run's start and
                                      its end to this file: JSON, an object a line
              --violation-exit=N      exit with code N, 1 to 255, if a call was denied

            Verbs, as the first word (a command of such a name: secfilt -- compile):
              compile                 prints the filter that a policy becomes
              explain                 tells what holds each rule, and what becomes of
                                      a destination: explain tcp 192.0.2.1:443
              simulate                tells what the filter does to a system call
              check                   tells what is wrong or odd in policy files
              doctor                  tells what can be enforced on this host
              profile                 makes lasting profiles of packet rules, tells and
                                      removes them
              assign                  moves running processes into a profile, and out
              gc                      removes what killed runs have left in the firewall
              'secfilt VERB --help' tells more of each

            Others:
              -h, --help              this text
              --version               the version

            Exit status:
              the command's own, or its death by the same signal;
              2    wrong usage or invalid policy, nothing was run
              125  secfilt itself failed
              126  the command cannot be executed
              127  the command was not found

            Examples:
              secfilt --allowed-netmask=192.168.1.0/24 --allow-resolv bash
              secfilt --no-outbound-network make test
              secfilt --allow-write=/dev/null --allow-write=target make
              secfilt --policy policies/ci-job.yaml -- mvn -B verify
              secfilt compile --allowed-port=443
            """;

    private Help() {}

    /** @param colour whether to show headings in bold, for a terminal */
    static String text(Verb verb, boolean colour) {
        String text = verb == Verb.RUN ? TEXT : ofVerb(verb);
        return colour ? withBoldHeadings(text) : text;
    }

    private static String ofVerb(Verb verb) {
        String name = "help/" + verb.word() + ".txt";
        try (InputStream in = Help.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing from the build");
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }

    private static String withBoldHeadings(String text) {
        StringBuilder out = new StringBuilder(text.length() + 256);
        int from = 0;
        while (from < text.length()) {
            int end = text.indexOf('\n', from);
            String line = text.substring(from, end);
            boolean heading = line.endsWith(":") && !line.startsWith(" ");
            out.append(heading ? "\u001b[1m" + line + "\u001b[0m" : line).append('\n');
            from = end + 1;
        }
        return out.toString();
    }
}
