package org.secfilt.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Sockaddr;
import org.secfilt.policy.Origin;

/** What to write to allow what was denied: options if options denied it, else the entry or the place in the policy file. */
public final class Advice {
    private static final String NETMASK = "allowed-netmask";
    private static final String PORT = "allowed-port";
    private static final String BIND = "allowed-bind";
    /** How the verdict words a denial by a mode, not by a rule. */
    private static final String NOT_LISTED = "no rule allows it";

    private final Set<String> options = new LinkedHashSet<>();
    private final Set<String> leaveOut = new LinkedHashSet<>();
    private final Set<String> remove = new LinkedHashSet<>();
    private final Map<String, Set<String>> entries = new LinkedHashMap<>();

    private Advice() {}

    /** The same for one call that nobody has made yet. */
    public static List<String> toAllow(String call, Sockaddr destination, String why, Origin origin) {
        return lines(List.of(new Denial(call, Optional.of(destination), Optional.empty(), ByteString.EMPTY, 0, why, origin)));
    }

    /** A line for each way: options to add or leave out, rules to remove, and for each list of a file what to add to it. */
    static List<String> lines(List<Denial> denials) {
        Advice advice = new Advice();
        for (Denial denial : denials) {
            advice.add(denial);
        }
        List<String> lines = new ArrayList<>();
        String intro = denials.size() == 1 ? "to allow it, " : "to allow them, ";
        say(lines, intro + "add ", " ", advice.options);
        say(lines, intro + "leave out ", " ", advice.leaveOut);
        say(lines, intro + "change ", ", ", advice.remove);
        for (Map.Entry<String, Set<String>> list : advice.entries.entrySet()) {
            say(lines, intro + "add to " + list.getKey() + ": ", ", ", list.getValue());
        }
        return lines;
    }

    private static void say(List<String> lines, String intro, String between, Set<String> what) {
        if (!what.isEmpty()) {
            lines.add(intro + String.join(between, what));
        }
    }

    private void add(Denial denial) {
        Origin origin = denial.origin();
        String place = Printable.escape(origin.toString());
        if (denial.file().isPresent()) {
            addFile(denial, denial.file().get().toString());
        } else if (origin.line() == 0 && origin.source().startsWith("--")) {
            leaveOut.add(place);
        } else if (origin.line() == 0) {
            addOptions(denial, origin.source());
        } else if (denial.why().contains(NOT_LISTED)) {
            addEntry(denial, origin.source());
        } else {
            remove.add(place);
        }
    }

    private void addFile(Denial denial, String path) {
        if (!path.startsWith("/")) {
            return;
        }
        if (denial.origin().line() == 0) {
            options.add("--allow-write=" + path);
        } else {
            entry("filesystem/allow-write in " + Printable.escape(denial.origin().source()), path);
        }
    }

    /** The origin names the lists that were given; the reason, where it is more precise, those that do not fit. */
    private void addOptions(Denial denial, String source) {
        Optional<Place> place = Place.of(denial);
        if (place.isEmpty()) {
            return;
        }
        String lists = denial.why().contains("allowed-") ? denial.why() : source;
        if (lists.contains(BIND)) {
            options.add("--" + BIND + "=" + place.get().withPort());
        }
        if (lists.contains(NETMASK)) {
            options.add("--" + NETMASK + "=" + place.get().address());
        }
        if (lists.contains(PORT)) {
            options.add("--" + PORT + "=" + place.get().port());
        }
    }

    /** In the words of the YAML schema, see {@code policy.yaml}. */
    private void addEntry(Denial denial, String file) {
        Optional<Place> place = Place.of(denial);
        String list;
        String entry;
        Sockaddr destination = denial.destination().orElse(new Sockaddr.UnixUnnamed());
        if (destination instanceof Sockaddr.UnixPath unix) {
            list = "unix";
            entry = unix.path().toString();
        } else if (destination instanceof Sockaddr.UnixAbstract unix) {
            list = "unix";
            entry = "\"@" + unix.name() + '"';
        } else if (place.isPresent()) {
            list = denial.call().equals("bind") ? "bind" : "connect";
            entry = place.get().address().isV4() ? place.get().withPort() : '"' + place.get().withPort() + '"';
        } else {
            return;
        }
        entry(list + "/allow in " + Printable.escape(file), entry);
    }

    private void entry(String key, String entry) {
        Set<String> known = entries.get(key);
        if (known == null) {
            known = new LinkedHashSet<>();
            entries.put(key, known);
        }
        known.add(entry);
    }

    /** An internet destination in the words of the options. */
    private record Place(IpAddress address, int port) {
        private static final IpAddress LOOPBACK_V4 = IpAddress.parse("127.0.0.1");
        private static final IpAddress LOOPBACK_V6 = IpAddress.parse("::1");

        static Optional<Place> of(Denial denial) {
            Sockaddr destination = denial.destination().orElse(new Sockaddr.UnixUnnamed());
            Optional<Place> place = of(destination);
            boolean goesOut = !denial.call().equals("bind") && !denial.call().equals("listen");
            // Whoever goes to no address in particular goes to loopback, and is judged so.
            return place.isPresent() && place.get().address().isAny() && goesOut
                    ? Optional.of(new Place(destination instanceof Sockaddr.Inet ? LOOPBACK_V4 : LOOPBACK_V6, place.get().port()))
                    : place;
        }

        private static Optional<Place> of(Sockaddr destination) {
            if (destination instanceof Sockaddr.Inet inet) {
                return Optional.of(new Place(inet.address(), inet.port()));
            }
            if (destination instanceof Sockaddr.Inet6 inet6) {
                return Optional.of(new Place(inet6.address().canonical(), inet6.port()));
            }
            return Optional.empty();
        }

        String withPort() {
            return address.isV4() ? address + ":" + port : "[" + address + "]:" + port;
        }
    }
}
