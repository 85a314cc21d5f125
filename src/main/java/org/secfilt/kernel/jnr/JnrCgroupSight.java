package org.secfilt.kernel.jnr;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.CgroupSight;
import org.secfilt.kernel.Cgroups;

/** What is seen of cgroups, by /proc. */
final class JnrCgroupSight implements CgroupSight {
    private final Proc proc = new Proc();

    @Override
    public List<byte[]> mounts(int pid) {
        return mounts(pid, false);
    }

    @Override
    public List<byte[]> classMounts(int pid) {
        return mounts(pid, true);
    }

    @Override
    public boolean hides(int pid) {
        return new HiddenCgroups(pid).areThere();
    }

    private static List<byte[]> mounts(int pid, boolean classes) {
        List<byte[]> found = new ArrayList<>();
        for (String line : Mounts.of(pid)) {
            Optional<String> point = Mounts.cgroups(line, classes);
            if (point.isPresent()) {
                found.add(Mounts.unescape(point.get()));
            }
        }
        return found;
    }

    @Override
    public String of(int pid, Cgroups.Hierarchy hierarchy) {
        return JnrCgroups.path(proc, pid, hierarchy);
    }
}
