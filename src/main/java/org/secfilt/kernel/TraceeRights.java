package org.secfilt.kernel;

/**
 * Whether tracees have the rights that the supervisor makes calls with in their place: credentials(7), capabilities(7). Of the one thread that
 * {@link Tracees} was made on.
 */
public interface TraceeRights {
    /**
     * Whether the tracee is under the same security label as the supervisor, so that a security module (AppArmor, SELinux, Smack) lets both do
     * the same. Landlock domains are no labels. proc(5) "/proc/pid/attr/current"
     */
    boolean hasOurLabel(int tid);

    /**
     * Whether a security module may refuse that a TCP socket connects to an address of a family that nobody knows, which the kernel itself
     * overlooks: SELinux.
     */
    boolean familyMatters();

    /** Whether the tracee acts on files as the supervisor's own user. proc(5) "/proc/pid/status", "Uid" */
    boolean hasOurUser(int tid);

    /** Whether the tracee has CAP_NET_BIND_SERVICE, in the supervisor's own user namespace. */
    boolean mayBindPrivilegedPorts(int tid);

    /**
     * From this port on anyone may bind in the supervisor's network namespace, and below it whoever has CAP_NET_BIND_SERVICE: 1024, where nobody
     * changed that. ip(7) "ip_unprivileged_port_start"
     */
    int firstUnprivilegedPort();
}
