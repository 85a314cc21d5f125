package org.secfilt.kernel;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A cgroup hierarchy, mounted in sight or not: cgroups(7). Paths are below the root that this process sees, and begin with no slash; the
 * root itself is the empty path.
 *
 * <p>A cgroup of ours is alive while somebody holds it (flock(2) on its directory, which a death of any kind ends) or a process is in it.
 */
public interface Cgroups extends AutoCloseable {
    /** Which hierarchy. */
    enum Hierarchy {
        /** Version 2, matched by path. */
        UNIFIED,
        /** The net_cls controller of version 1, matched by a number. */
        NET_CLS
    }

    Hierarchy hierarchy();

    /** The cgroup a process is in; the root, if it is one that this process does not see. */
    String of(int pid);

    /** Whom net_cls shares its hierarchy with, and itself, {@code net_cls,net_prio}: it is had whole or not at all. cgroups(7) "/proc files" */
    String classControllers();

    /** The names of the cgroups in this one. */
    List<String> in(String path);

    /** Whether this process may make cgroups in this one, and move processes of this one into them. */
    boolean mayMakeIn(String path);

    /** Makes a cgroup and holds it; empty if there is one of that name already. */
    Optional<Cgroup> make(String path);

    /** Removes it unless it is alive. False if it is there still. */
    boolean removeUnlessAlive(String path);

    /** True if it is there, and held or not empty. */
    boolean isAlive(String path);

    /** Whether this process sees the hierarchy mounted, as one must who may not mount. */
    boolean inSight();

    /** Whether there is a cgroup of this name. */
    boolean has(String path);

    /** Whether that is all there are: false in a cgroup namespace, where others have another root. cgroup_namespaces(7) */
    boolean seesAll();

    /** The processes in it that this process can see. */
    List<Integer> members(String path);

    /** Moves a process in, with all of its threads. */
    void add(String path, int pid);

    /** Of {@link Hierarchy#NET_CLS}: the number its packets bear; 0 if it has none. */
    int classid(String path);

    /** The group whose members may move processes of their own in, by name or number; empty if root alone may. */
    Optional<String> group(String path);

    /** As {@link #group}, by number. */
    OptionalInt groupId(String path);

    /** Lets members of a group move processes of their own in; without one, root alone. Nobody of them may move any out. */
    void setGroup(String path, OptionalInt gid);

    @Override
    void close();

    /** One that this process holds. */
    interface Cgroup extends AutoCloseable {
        /** Moves a process in, with all of its threads. */
        void add(int pid);

        /** Begins to move a process in, with all of its threads. It takes the kernel a grace period of RCU, 10 ms, mostly idle. */
        Move begin(int pid);

        /** Moves this process in too. */
        void enter();

        /** Moves this process back to where it was, if it has entered. */
        void leave();

        /** Of {@link Hierarchy#NET_CLS}: the number its packets bear, those of sockets that are open already too. */
        void setClassid(int classid);

        /** Whether no other process than this one is in it, or in what the command made in it. */
        boolean isEmpty();

        /** Of its directory; the hold is a lock on it. */
        int descriptor();

        /** The last part of its path. */
        String name();

        /** Removes it, and what the command made in it. It is held until it is closed. */
        void remove();

        /** Ends the hold; a cgroup that was not removed stays. */
        @Override
        void close();
    }

    /** A process on its way. */
    interface Move {
        /**
         * Returns when the process is there, at once if it was before.
         *
         * @throws KernelException if it could not be moved
         */
        void await();
    }
}
