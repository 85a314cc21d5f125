package org.secfilt.sandbox;

import java.util.Optional;
import org.secfilt.report.EventLog;
import org.secfilt.report.LoggedCall;
import org.secfilt.report.Reports;

/** The log of one run, if the user wants one. It is no part of what {@code --quiet} silences: a log that lacks events must not look whole. */
final class RunLog {
    private final Optional<EventLog> log;
    private final Reports reports;
    private boolean started;

    RunLog(Optional<EventLog> log, Reports reports) {
        this.log = log;
        this.reports = reports;
    }

    /** Whether there is somebody to tell. */
    boolean isKept() {
        return log.isPresent();
    }

    /** What is not supervised is not waited for either, so the log is complete then. */
    void started(int pid, Command command, boolean supervised) {
        started = true;
        if (log.isPresent()) {
            log.get().started(pid, command.argv().subList(command.first(), command.argv().size()), supervised);
            if (!supervised) {
                flush();
                letGo();
            }
        }
    }

    void inherited(InheritedSockets sockets, int pid) {
        if (log.isPresent()) {
            sockets.tell(log.get(), pid);
        }
    }

    void call(LoggedCall call) {
        if (log.isPresent()) {
            log.get().call(call);
        }
    }

    /** The command ended: by a signal, or with an exit code. What was not run does not end. */
    void ended(int pid, boolean killed, int status) {
        if (log.isPresent() && started) {
            log.get().ended(pid, killed, status, reports.deniedCalls());
            flush();
        }
    }

    /** Nothing more is to be told, most likely: whoever has waited for the end finds the file closed. */
    void letGo() {
        if (log.isPresent()) {
            log.get().letGo();
        }
    }

    void flush() {
        if (log.isPresent()) {
            Optional<String> missing = log.get().flush();
            if (missing.isPresent()) {
                reports.error(missing.get());
            }
        }
    }
}
