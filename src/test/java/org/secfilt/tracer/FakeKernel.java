package org.secfilt.tracer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.FileChange;
import org.secfilt.kernel.FileChanges;
import org.secfilt.kernel.FileTarget;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;

/**
 * A kernel with scripted tracees: {@link FakeTracees what can be read of them}, {@link FakeCalls what their calls do}, {@link FakeStops how they
 * stop} and {@link FakePtrace how they are let go}; here, the files that they may change, and the doors to all of that.
 */
final class FakeKernel extends FakePtrace implements Affinity, FileChanges {
    final List<String> permitted = new ArrayList<>();
    int permitResult;
    final FakeSignalTargets targets = new FakeSignalTargets(this);

    @Override
    public Ptrace ptrace() {
        return this;
    }

    @Override
    public boolean notifiesAtOnce() {
        return notified != null;
    }

    @Override
    public Tracees notifiedTracees() {
        return this;
    }

    @Override
    public Tracees tracees() {
        return this;
    }

    @Override
    public SignalTargets signalTargets() {
        return targets;
    }

    @Override
    public FileChanges fileChanges() {
        return this;
    }

    @Override
    public int permit(int pid, byte[] path) {
        on(pid);
        permitted.add(new String(path, StandardCharsets.ISO_8859_1));
        return permitResult;
    }

    private static String longs(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 8) {
            text.append(at == 0 ? "" : " ").append(ControlMessages.longAt(bytes, at));
        }
        return text.toString();
    }

    /** A file may be changed if its path begins with a permitted one; the descriptor 5 stands for /out, any other for the first. */
    @Override
    public Outcome make(int tid, FileTarget target, FileChange change) {
        on(tid);
        String path = new String(target.path(), StandardCharsets.ISO_8859_1);
        if (path.isEmpty()) {
            path = target.descriptor() == 5 ? "/out" : permitted.get(0);
        }
        for (String allowed : permitted) {
            if (path.startsWith(allowed)) {
                String shown = change instanceof FileChange.Times times ? "Times " + times.times().map(FakeKernel::longs).orElse("now")
                        : change instanceof FileChange.SetAttribute set ? "SetAttribute " + new String(set.name(), StandardCharsets.ISO_8859_1)
                                + "=" + new String(set.value(), StandardCharsets.ISO_8859_1) + " " + set.flags()
                        : change instanceof FileChange.RemoveAttribute remove
                                ? "RemoveAttribute " + new String(remove.name(), StandardCharsets.ISO_8859_1)
                        : change.toString();
                acted.add(tid + ": " + path + (target.follow() ? "" : " itself") + (target.bare() ? " bare" : "") + " " + shown);
                return new Made(0);
            }
        }
        return new Refused(path.getBytes(StandardCharsets.ISO_8859_1), "");
    }

    @Override
    public Affinity affinity() {
        return this;
    }

    @Override
    public void pin(int processor) {}

    @Override
    public void release() {}

    @Override
    public Yielding yielding() {
        return Yielding.NEVER;
    }

    @Override
    public boolean idleProcessor() {
        return false;
    }

    @Override
    public void giveWay(boolean toAnyone) {}

    @Override
    public Vault vault(long address, int lengthBytes) {
        return vault;
    }
}
