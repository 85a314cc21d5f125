package org.secfilt.sandbox;

import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Notification;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.report.Fault;
import org.secfilt.report.Reports;

/** Answers calls as others do; if they fail, whoever waits for an answer would wait for ever, so that ends the run. */
final class DeadlyFaults implements NotifiedCalls {
    private final NotifiedCalls calls;
    private final Reports reports;
    private final Runnable end;

    /** @param end kills the command, and all that it started */
    DeadlyFaults(NotifiedCalls calls, Reports reports, Runnable end) {
        this.calls = calls;
        this.reports = reports;
        this.end = end;
    }

    @Override
    public void prepare() {
        calls.prepare();
    }

    @Override
    public boolean answer(Notification notification) {
        try {
            return calls.answer(notification);
        } catch (RuntimeException | Error e) {
            end(e);
            throw e;
        }
    }

    @Override
    public void fail(KernelException why) {
        end(why);
    }

    private void end(Throwable why) {
        try {
            reports.error(why instanceof KernelException ? "killed: " + why.getMessage() : Fault.words(why));
            reports.flush();
        } finally {
            end.run(); // also where there is no descriptor, or memory, to say why
        }
    }
}
