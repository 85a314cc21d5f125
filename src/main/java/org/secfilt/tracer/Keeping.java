package org.secfilt.tracer;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Tracees;

/**
 * Has calls that name a unix socket by its path come to the file that was judged: the keeper has it open, and the call is given the path of that
 * descriptor. Any other path the kernel would walk once more, and meanwhile a directory of it may have become another.
 *
 * <p>The kernel walks the path again when the call has waited: so what was kept stays kept until the call has ended, and the keeper's number its own
 * ({@link Tracer}). What root can do to the path, by a mount or another root directory, is looked for when the call begins; while it waits, it shows
 * in what is connected: {@link Aftermath}.
 *
 * <p>Who is of another user than root's command was, or under another security label, cannot come to it, and is given
 * the canonical path; what it reached is looked at afterwards ({@link Aftermath}). Who has shut itself off from the keeper otherwise is refused.
 */
final class Keeping {
    static final String SHUT_OFF =
            "it has another user, a user namespace or a Landlock domain of its own by now, and cannot come to the socket that was judged";

    private final Optional<Keeper> keeper;
    private final Tracees tracees;
    private final Restrictions restrictions;
    /** By their identities. Many may wait for one server: that takes one descriptor. */
    private final Map<String, Kept> files = new HashMap<>();
    private final BitSet places = new BitSet();

    /** A file that is kept, and the number of calls for which it is. */
    static final class Kept {
        private final String identity;
        private final int place;
        private final boolean sure;
        private int calls;

        private Kept(String identity, int place, boolean sure) {
            this.identity = identity;
            this.place = place;
            this.sure = sure;
        }

        /** Whether nobody can lead the call elsewhere while it waits. */
        boolean isSure() {
            return sure;
        }
    }

    /** @param keeper empty where no path is judged */
    Keeping(Optional<Keeper> keeper, Tracees tracees, Restrictions restrictions) {
        this.keeper = keeper;
        this.tracees = tracees;
        this.restrictions = restrictions;
    }

    /** Has {@code task.file} kept, if there is one and it can be. @return why the call is not to run; empty if it is */
    String keep(Task task) {
        if (keeper.isEmpty() || task.file.isEmpty()) {
            return "";
        }
        Keeper.Reach reach = keeper.get().reach(task.file.get());
        if (reach == Keeper.Reach.OUT_OF_REACH || restrictions.isSure(task.number)) {
            return SHUT_OFF;
        }
        if (reach == Keeper.Reach.OTHER_USER || !task.file.get().asCaller() || !tracees.rights().hasOurLabel(task.tid)) {
            return new Sockaddr.UnixPath(ByteString.of(task.file.get().path())).fits()
                    ? ""
                    : "the path it leads to is longer than a socket address holds, and its process another user's than the command's";
        }
        String identity = task.file.get().identity();
        Kept kept = files.get(identity);
        int rc = 0;
        if (kept == null) {
            kept = new Kept(identity, places.nextClearBit(0), !keeper.get().mayBeLedAway());
            rc = keeper.get().keep(kept.place, task.file.get());
        }
        if (rc == -Errno.EBADF.number() || rc == -Errno.EMFILE.number()) {
            return "too many calls are under way at once that name a path (ulimit -n)";
        }
        if (rc < 0) {
            return "secfilt's process that keeps the files of sockets does not answer";
        }
        files.put(identity, kept);
        places.set(kept.place);
        kept.calls++;
        task.kept = Optional.of(kept);
        if (!kept.isSure() && !keeper.get().leads(task.tid, kept.place, task.file.get())) {
            drop(task);
            return "a mount over /proc, or another root directory, hides the socket that was judged";
        }
        return "";
    }

    /** Of a call that the kernel has refused: whether that was for a Landlock domain, of which was not known when the call began. */
    boolean isShutOff(Task task) {
        return restrictions.isSure(task.number) || restrictions.isNew(task.number) && restrictions.isSure(tracees.status().parent(task.tid));
    }

    /** Whether the path that was judged leads elsewhere by now, if anywhere: what is kept was removed. */
    boolean isOutdated(Task task) {
        return task.kept.isPresent() && keeper.orElseThrow().isRemoved(task.kept.get().place);
    }

    /** What the call is to name in place of the path that was judged. */
    Sockaddr name(Task task) {
        return new Sockaddr.UnixPath(ByteString.of(keeper.orElseThrow().path(task.kept.orElseThrow().place)));
    }

    void drop(Task task) {
        if (task.kept.isEmpty()) {
            return;
        }
        Kept kept = task.kept.get();
        task.kept = Optional.empty();
        if (--kept.calls == 0) {
            files.remove(kept.identity);
            places.clear(kept.place);
            keeper.orElseThrow().drop(kept.place);
        }
    }
}
