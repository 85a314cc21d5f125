package org.secfilt.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.plan.Plan;
import org.secfilt.policy.FileAccess;

/** What a run of a plan would be refused for on this host, besides what the plan itself says. */
public final class Foresight {
    private Foresight() {}

    /**
     * In the words of the run. A relative path is passed over: it begins where a run is started.
     *
     * @param pid of a process of the user who would run it
     */
    public static List<String> refusals(Kernel kernel, int pid, Plan plan) {
        List<FileAccess.Writable> absolute = new ArrayList<>();
        for (FileAccess.Writable writable : plan.policy().files().writable()) {
            if (writable.path().startsWith("/")) {
                absolute.add(writable);
            }
        }
        FileAccess files = new FileAccess(plan.policy().files().readOnly(), absolute);
        List<String> refusals = new ArrayList<>(new WritableFiles(kernel.pathResolution(), pid, files, plan.ownsMounts()).refusals());
        try {
            ProcessStatus processes = kernel.processStatus();
            Enclosure.of(plan.surroundings(), processes.permittedCapabilities(pid), processes.owner(pid), kernel.accounts(), Optional.empty());
        } catch (IllegalArgumentException e) {
            refusals.add(e.getMessage());
        }
        return refusals;
    }
}
