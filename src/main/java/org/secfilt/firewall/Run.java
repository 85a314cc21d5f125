package org.secfilt.firewall;

/**
 * The names of one run: the chain {@code SECFILT-R-ID} and the cgroup {@code secfilt-NAMESPACE-ID}, which tells in which network namespace
 * its chain is.
 *
 * @param namespace the inode number of the network namespace
 */
record Run(long namespace, String id) {
    static final String CHAIN_PREFIX = Chain.PREFIX + "R-";
    private static final String CGROUP_PREFIX = "secfilt-";

    /** @param pid of the command, which no other that lives in this process namespace has */
    static Run fresh(long namespace, int pid) {
        return new Run(namespace, Integer.toHexString(pid) + "-" + Long.toHexString(System.nanoTime() & 0xffffffL));
    }

    String chain() {
        return CHAIN_PREFIX + id;
    }

    String cgroup() {
        return CGROUP_PREFIX + namespace + "-" + id;
    }

    static boolean isOf(String cgroup, long namespace) {
        return namespace(cgroup) == namespace;
    }

    /** The namespace that a cgroup's name tells; -1 if it is none of a run's. */
    static long namespace(String cgroup) {
        int end = cgroup.startsWith(CGROUP_PREFIX) ? cgroup.indexOf('-', CGROUP_PREFIX.length()) : -1;
        long number = 0;
        for (int i = CGROUP_PREFIX.length(); i < end; i++) {
            int digit = cgroup.charAt(i) - '0';
            if (digit < 0 || digit > 9 || number > Integer.MAX_VALUE * 10L) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return end > CGROUP_PREFIX.length() ? number : -1;
    }

    static String below(String parent, String name) {
        return parent.isEmpty() ? name : parent + "/" + name;
    }
}
