package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.TraceeNumbers.Whose;

/** Whom scripted tracees would signal: numbers are as {@link FakeTracees#process} has them. */
final class FakeSignalTargets implements SignalTargets {
    /** What one look after the other tells of any group, and of all; the last one stays. */
    final List<Group> groups = new ArrayList<>();
    Optional<OfPidfd> pidfd = Optional.empty();
    /** What the kernel answers where a file is to signal a thread. */
    int owned;
    /** Of which descriptors and threads it was asked that. */
    final List<String> owners = new ArrayList<>();
    private final FakeTracees tracees;

    FakeSignalTargets(FakeTracees tracees) {
        this.tracees = tracees;
    }

    @Override
    public Whose one(int caller, int number, int keeper) {
        return tracees.process(caller, number);
    }

    @Override
    public Group group(int caller, int number, int keeper) {
        tracees.on(caller);
        return groups.size() > 1 ? groups.remove(0) : groups.get(0);
    }

    @Override
    public Group all(int caller, int keeper) {
        return group(caller, NONE, keeper);
    }

    @Override
    public Optional<OfPidfd> pidfd(int caller, int fd) {
        tracees.on(caller);
        return pidfd;
    }

    @Override
    public int ownByThread(int caller, int fd, int thread) {
        tracees.on(caller);
        owners.add(fd + " " + thread);
        return owned;
    }
}
