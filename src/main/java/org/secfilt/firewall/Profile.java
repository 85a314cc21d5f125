package org.secfilt.firewall;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A profile that is installed, as it can be seen.
 *
 * @param path of its cgroup
 * @param group whose members may enter; root alone if empty
 * @param members the processes in it
 * @param classid of net_cls; 0 where the cgroup is one of version 2
 * @param chain the name of its chain in each family
 */
public record Profile(ProfileName name, String path, Optional<String> group, List<Integer> members, int classid, String chain) {
    public Profile {
        members = List.copyOf(members);
    }

    /**
     * What a profile's rules are found to be.
     *
     * @param byProgram the rules of the chain, by the program that lists them
     * @param lost the families in which the chain, or its hook, is not there any more
     */
    public record Rules(Map<String, List<String>> byProgram, List<IpVersion> lost, boolean inverted) {
        public Rules {
            lost = List.copyOf(lost);
        }
    }
}
