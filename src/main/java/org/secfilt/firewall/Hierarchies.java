package org.secfilt.firewall;

import java.util.Optional;
import org.secfilt.kernel.Cgroups;

/** Where cgroups are looked for. */
public interface Hierarchies {
    /** To be closed by who asks; empty where it cannot be had. */
    Optional<Cgroups> open(Cgroups.Hierarchy hierarchy);
}
