package org.secfilt.report;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Printable;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.LogFile;
import org.secfilt.policy.Origin;

/**
 * The log for programs: each event a JSON object in a line of its own, in the order they happened. README.md has the members. Whatever
 * becomes of the file, nobody waits for it but {@link #flush}, and that not long. Safe to use from several threads.
 */
public final class EventLog {
    private static final int FLUSH_MILLIS = 1000;
    /** Of a command line; one may have megabytes. */
    private static final int MAX_WORDS = 100;
    private static final int MAX_WORD_BYTES = 4096;

    private final String name;
    private final LogQueue queue;
    private long told;
    private boolean removalTold;

    /** @param name the file's, as the user gave it */
    public EventLog(String name, LogFile file) {
        this.name = name;
        this.queue = LogQueue.whichWritesLater(file);
    }

    /** @param supervised false if no call is judged: then nothing more will be told */
    public void started(int pid, List<ByteString> command, boolean supervised) {
        List<ByteString> words = command.subList(0, Math.min(MAX_WORDS, command.size()));
        int bytes = 0;
        int fit = 0;
        while (fit < words.size() && bytes + words.get(fit).length() <= MAX_WORD_BYTES) {
            bytes += words.get(fit).length();
            fit++;
        }
        queue.add(event("start").add("pid", pid).add("command", words.subList(0, fit)).add("words", command.size())
                .add("supervised", supervised).toBytes());
    }

    /** @param verdict {@code keep}, {@code close} or {@code refuse} */
    public void inherited(int pid, int fd, String verdict, String reason) {
        queue.add(event("inherited").add("pid", pid).add("fd", fd).add("verdict", verdict).add("reason", reason).toBytes());
    }

    public void call(LoggedCall logged) {
        JudgedCall call = logged.call();
        JsonLine line = event("call").add("pid", call.pid()).add("tid", logged.tid()).add("ppid", logged.parent())
                .add("comm", call.comm()).add("exe", logged.executable()).add("call", call.call());
        if (call.destination().isPresent()) {
            call.destination().get().accept(new AddressMembers(line));
        } else {
            orNull(line, "family", call.socket().domain() < 0 ? "" : Family.of(call.socket().domain()).name());
            line.addNull("address").addNull("port");
        }
        if (call.file().isPresent()) {
            line.add("path", call.file().get());
        }
        orNull(line, "protocol", call.socket().word().orElse(""));
        line.add("verdict", logged.allowed() ? "allow" : "deny");
        orNull(line, "errno", logged.error().isPresent() ? logged.error().get().name() : "");
        if (logged.allowed() && call.why().isEmpty()) {
            line.addNull("rule");
        } else {
            rule(line, call.origin(), call.why());
        }
        queue.add(line.add("layer", "tracer").toBytes());
    }

    private static void rule(JsonLine line, Origin of, String why) {
        Origin origin = of.place(0);
        line.open("rule").add("place", origin.toString());
        if (origin.line() > 0) {
            line.add("file", origin.source()).add("line", origin.line()).add("column", origin.column());
        } else {
            line.add("flag", flag(origin));
        }
        line.add("reason", why).close();
    }

    /** As on a command line: a list of options goes by its names alone, {@code allowed-netmask, allowed-port}. In an INI file each has its place. */
    private static String flag(Origin origin) {
        String words = origin.source();
        for (int i = 0; i < words.length(); i++) {
            char c = words.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c == '-' || c == ',' || c == ' ')) {
                return words;
            }
        }
        return words.startsWith("--") || origin.equals(Origin.DEFAULT) ? words : "--" + words.replace(", ", " --");
    }

    private static void orNull(JsonLine line, String key, String value) {
        if (value.isEmpty()) {
            line.addNull(key);
        } else {
            line.add(key, value);
        }
    }

    /** The command's first process has ended; others may go on, and be told of. */
    public void ended(int pid, boolean killed, int status, long denied) {
        JsonLine line = event("end").add("pid", pid);
        if (killed) {
            line.addNull("exit").add("signal", status);
        } else {
            line.add("exit", status).addNull("signal");
        }
        queue.add(line.add("denied", denied).add("lost", queue.lost()).toBytes());
    }

    /** Waits a little for the file. @return what is not in it since the last time this was said, in words; empty if it has all */
    public Optional<String> flush() {
        try {
            queue.flush(FLUSH_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!removalTold && queue.isRemoved()) {
            removalTold = true;
            return Optional.of("the log " + Printable.escape(name) + " was removed while the command ran: its events are lost");
        }
        if (!removalTold && queue.isOutOfReach()) {
            removalTold = true;
            return Optional.of("the log " + Printable.escape(name) + " is out of reach: its file system was unmounted while the command ran,"
                    + " or another was mounted over it");
        }
        long missing = queue.missing();
        if (missing <= told) {
            return Optional.empty();
        }
        told = missing;
        String why = queue.error() != 0 ? Errno.of(queue.error()).text()
                : queue.stands() ? "it took nothing for a second; does anybody read it?" : "they came faster than it took them";
        return Optional.of(missing + (missing == 1 ? " event is" : " events are") + " not in the log " + Printable.escape(name) + ": " + why);
    }

    /** The file is open no more, until there is another event. What it has not taken by now is lost. */
    public void letGo() {
        queue.letGo();
    }

    /** RFC 3339, in UTC. */
    private static JsonLine event(String kind) {
        String time = Instant.ofEpochMilli(System.currentTimeMillis()).toString();
        boolean wholeSecond = time.indexOf('.') < 0;
        return new JsonLine().add("time", wholeSecond ? time.replace("Z", ".000Z") : time).add("event", kind);
    }

    /** Family, address and port of a destination. */
    private static final class AddressMembers implements Sockaddr.Visitor<Void> {
        private final JsonLine line;

        AddressMembers(JsonLine line) {
            this.line = line;
        }

        private Void internet(String family, String address, int port) {
            line.add("family", family).add("address", address).add("port", port);
            return null;
        }

        private Void without(String family) {
            line.add("family", family).addNull("address").addNull("port");
            return null;
        }

        private Void unix(String address) {
            line.add("family", "unix").add("address", address).addNull("port");
            return null;
        }

        @Override
        public Void inet(Sockaddr.Inet address) {
            return internet("inet", address.address().toString(), address.port());
        }

        @Override
        public Void inet6(Sockaddr.Inet6 address) {
            String scope = address.scopeId() == 0 ? "" : "%" + Integer.toUnsignedString(address.scopeId());
            return internet("inet6", address.address() + scope, address.port());
        }

        /** A relative path that begins as an abstract name is written does not look like one. */
        @Override
        public Void unixPath(Sockaddr.UnixPath address) {
            String path = JsonLine.text(address.path().toBytes());
            return unix(path.startsWith("@") ? "./" + path : path);
        }

        @Override
        public Void unixAbstract(Sockaddr.UnixAbstract address) {
            return unix("@" + JsonLine.text(address.name().toBytes()));
        }

        @Override
        public Void unixUnnamed(Sockaddr.UnixUnnamed address) {
            return without("unix");
        }

        @Override
        public Void netlink(Sockaddr.Netlink address) {
            return without("netlink");
        }

        @Override
        public Void unspec(Sockaddr.Unspec address) {
            return address.asInet().isPresent()
                    ? internet("unspec", address.asInet().get().address().toString(), address.asInet().get().port())
                    : without("unspec");
        }

        @Override
        public Void other(Sockaddr.Other address) {
            return without(address.family().name());
        }

        @Override
        public Void malformed(Sockaddr.Malformed address) {
            line.addNull("family").addNull("address").addNull("port");
            return null;
        }
    }
}
