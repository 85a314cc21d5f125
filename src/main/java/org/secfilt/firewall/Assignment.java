package org.secfilt.firewall;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Runs;

/**
 * Moves processes that run into a profile of net_cls, or out of theirs, and the supervisors of those that run under secfilt along.
 *
 * <p>A socket takes on the class of whoever got hold of it last, and a supervisor gets hold of sockets of every process of its run to look at
 * them: pidfd_getfd(2). So all of these must be in one class with it. Else packets of one are judged by the profile that another is in, or by none.
 *
 * <p>The supervisor goes first. What it gets hold of from then on has the new class, and a process that follows brings all of its sockets into that
 * class too. The other way round a socket that it got hold of in between would have the old class for as long as nobody looks at it again.
 */
final class Assignment {
    /** So many generations may be born while those before are moved. */
    private static final int LOOKS = 50;
    /** More than can be read at a glance. */
    private static final int MOST_WORDS = 100;
    /** Of more than that. */
    private static final int FEW_WORDS = 10;
    /** A thread that is about to end is in no class any more. */
    private static final int LAST_MOMENT_MILLIS = 20;

    private final Cgroups cgroups;
    private final ProfileProcesses processes;
    private final Runs runs;
    private final OwnSockets sockets;
    private final LeftBehind leftBehind;
    private final Optional<Profile> target;
    /** All that were asked for, the supervisors apart. */
    private final Set<Integer> pids = new LinkedHashSet<>();
    private final Set<Integer> supervisors = new LinkedHashSet<>();
    /** Those of them that stand for all of their runs, whoever is born meanwhile. */
    private final Set<Integer> whole = new LinkedHashSet<>();
    /** Where those were before that have been moved. */
    private final Map<Integer, String> moved = new LinkedHashMap<>();

    /** @param target empty for out of whichever */
    Assignment(Cgroups cgroups, ProfileProcesses processes, Runs runs, OwnSockets sockets, Optional<Profile> target) {
        this.cgroups = cgroups;
        this.processes = processes;
        this.runs = runs;
        this.sockets = sockets;
        this.leftBehind = sockets.leftBehind();
        this.target = target;
    }

    /**
     * @param asked processes, by the number of any of their threads; a supervisor stands for all of its run
     * @throws FirewallException if that cannot be, and then nobody has been moved; or if the runs made processes faster than these could be, or
     *     traffic of theirs stays behind
     */
    void move(List<Integer> asked) throws FirewallException {
        Set<Integer> given = new LinkedHashSet<>();
        for (int number : asked) {
            given.add(runs.process(number));
        }
        for (int pid : given) {
            take(pid);
        }
        for (int pid : pids) {
            check(pid);
        }
        for (int supervisor : supervisors) {
            checkPlace(supervisor);
        }
        checkWhole(List.copyOf(given));
        for (int pid : pids) {
            sockets.check(pid);
            leftBehind.note(pid);
        }
        try {
            for (int supervisor : supervisors) {
                moveUnlessThere(supervisor);
                for (int keeper : runs.keepers(supervisor)) {
                    moveUnlessThere(keeper);
                }
            }
            for (int pid : pids) {
                move(pid);
            }
            moveLater();
            sockets.bring(moved.keySet());
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
        leftBehind.tell(moved.keySet());
    }

    private void take(int pid) throws FirewallException {
        OptionalInt supervisor = runs.supervisor(pid);
        if (supervisor.isPresent()) {
            supervisors.add(supervisor.getAsInt());
        }
        if (!runs.isSupervisor(pid)) {
            pids.add(pid);
            return;
        }
        List<Integer> outside = outside(pid);
        if (outside.isEmpty() && isThere(pid)) {
            check(pid);
        }
        supervisors.add(pid);
        whole.add(pid);
        pids.addAll(outside);
    }

    private void check(int pid) throws FirewallException {
        if (target.isPresent()) {
            ProfileProcesses.checkUnassigned(pid, assigned(pid));
        } else {
            ProfileProcesses.checkInside(pid, !isThere(pid));
        }
    }

    /** Which class one of its threads is in, in words. */
    private Optional<String> assigned(int pid) {
        for (int tid : runs.threads(pid)) {
            Optional<String> assigned = processes.assigned(tid);
            if (assigned.isPresent()) {
                return assigned;
            }
        }
        return Optional.empty();
    }

    private void checkPlace(int supervisor) throws FirewallException {
        Optional<String> assigned = assigned(supervisor);
        if (target.isEmpty() || assigned.isEmpty() || isThere(supervisor)) {
            return;
        }
        for (int pid : pids) {
            if (runs.supervisor(pid).equals(OptionalInt.of(supervisor))) {
                throw new FirewallException("the supervisor of process " + pid + ", " + supervisor + ", is already assigned to a net class: "
                        + assigned.get() + "; move it out first: secfilt assign --out " + supervisor);
            }
        }
    }

    /** That nobody of a run stays where the others are not. */
    private void checkWhole(List<Integer> asked) throws FirewallException {
        List<Integer> missing = missing();
        if (!missing.isEmpty()) {
            pause();
            missing = missing();
        }
        if (missing.isEmpty()) {
            return;
        }
        int first = missing.get(0);
        int supervisor = runs.supervisor(first).orElse(0);
        int one = asked.get(0);
        List<Integer> others = new ArrayList<>();
        for (int pid : asked) {
            one = runs.supervisor(pid).equals(OptionalInt.of(supervisor)) && others.isEmpty() ? pid : one;
        }
        for (int pid : missing) {
            if (runs.supervisor(pid).equals(OptionalInt.of(supervisor))) {
                others.add(pid);
            }
            Optional<String> assigned = target.isPresent() ? assigned(pid) : Optional.empty();
            if (assigned.isPresent()) {
                throw new FirewallException("process " + one + " is of one run with " + pid + ", which is already assigned to a net class: "
                        + assigned.get() + "; move it out first: secfilt assign --out " + pid);
            }
        }
        Set<Integer> all = new LinkedHashSet<>(asked);
        all.addAll(missing);
        throw new FirewallException("process " + one + " is of one run with " + words(others) + ", and their supervisor, " + supervisor
                + ", gets hold of the sockets of all of them, which are then in the profile that it is in: move them together: " + command(all));
    }

    private List<Integer> missing() {
        List<Integer> missing = new ArrayList<>();
        for (int supervisor : supervisors) {
            for (int pid : whole.contains(supervisor) ? List.<Integer>of() : outside(supervisor)) {
                if (!pids.contains(pid)) {
                    missing.add(pid);
                }
            }
        }
        return missing;
    }

    private static void pause() {
        try {
            Thread.sleep(LAST_MOMENT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String words(List<Integer> pids) {
        return pids.size() <= MOST_WORDS ? ProfileProcesses.words(pids)
                : ProfileProcesses.words(pids.subList(0, FEW_WORDS)) + " and " + (pids.size() - FEW_WORDS) + " more";
    }

    private String command(Set<Integer> all) {
        String command = "secfilt assign " + (target.isPresent() ? target.get().name().text() : "--out");
        if (all.size() <= MOST_WORDS) {
            return command + " " + ProfileProcesses.words(List.copyOf(all)).replace(",", "");
        }
        Set<Integer> few = new LinkedHashSet<>(supervisors);
        for (int pid : all) {
            if (runs.supervisor(pid).isEmpty() && runs.has(pid)) { // one that has ended by now is nobody's either
                few.add(pid);
            }
        }
        return command + " " + ProfileProcesses.words(List.copyOf(few)).replace(",", "") + " (which stands for all of them)";
    }

    /** Those of a run that are not yet where all are to go. */
    private List<Integer> outside(int supervisor) {
        List<Integer> outside = new ArrayList<>();
        for (int pid : runs.processes(supervisor)) {
            if (!isThere(pid)) {
                outside.add(pid);
            }
        }
        return outside;
    }

    /** All of its threads, for one alone can have been moved; and the first may have ended, which is in the root cgroup then. cgroups(7) */
    private boolean isThere(int pid) {
        for (int tid : runs.threads(pid)) {
            String path = cgroups.of(tid);
            boolean there = target.isPresent() ? path.equals(target.get().path()) : ProfileName.of(path).isEmpty();
            if (!there) {
                return false;
            }
        }
        return true;
    }

    private void moveUnlessThere(int pid) throws FirewallException {
        if (!isThere(pid)) {
            move(pid);
        }
    }

    private void move(int pid) throws FirewallException {
        List<Integer> threads = runs.threads(pid);
        String before = threads.isEmpty() ? "" : cgroups.of(threads.get(0));
        try {
            if (target.isPresent()) {
                cgroups.add(target.get().path(), pid);
            } else {
                processes.moveOut(pid);
            }
            moved.put(pid, before);
        } catch (KernelException e) {
            if (runs.has(pid)) {
                String undone = undo();
                String why = target.isPresent() ? processes.cannotEnter(target.get(), pid, e) : ProfileProcesses.cannotLeave(pid, e);
                throw new FirewallException(why + undone);
            }
        }
    }

    /** In the same order, for the same reason. */
    private String undo() {
        List<Integer> stay = new ArrayList<>();
        for (Map.Entry<Integer, String> one : moved.entrySet()) {
            try {
                cgroups.add(one.getValue(), one.getKey());
            } catch (KernelException e) {
                if (runs.has(one.getKey())) {
                    stay.add(one.getKey());
                }
            }
        }
        return stay.isEmpty() ? "" : "; " + words(stay) + " had been moved before, and only root can move them back";
    }

    /** Those that were born meanwhile, of parents that had not been moved. */
    private void moveLater() throws FirewallException {
        List<Integer> late = late();
        for (int look = 0; look < LOOKS && !late.isEmpty(); look++) {
            for (int pid : late) {
                move(pid);
            }
            late = late();
        }
        if (!late.isEmpty()) {
            throw new FirewallException("processes of the run are made faster than they can be moved: not " + (target.isPresent() ? "in" : "out of")
                    + " the profile yet " + (late.size() == 1 ? "is " : "are ") + words(late) + "; go on: " + command(supervisors));
        }
    }

    /** Whatever they call themselves. */
    private List<Integer> late() {
        List<Integer> late = new ArrayList<>();
        for (int supervisor : supervisors) {
            for (int pid : runs.all(supervisor)) {
                if (!isThere(pid)) {
                    late.add(pid);
                }
            }
        }
        return late;
    }
}
