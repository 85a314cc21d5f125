package org.secfilt.kernel;

import java.util.List;

/**
 * A user of this host. passwd(5), group(5), or wherever else nsswitch.conf(5) looks.
 *
 * @param gid of the user's own group
 * @param groups all the user is in, its own included
 */
public record Account(String name, int uid, int gid, List<Integer> groups, String home) {
    public Account {
        groups = List.copyOf(groups);
    }
}
