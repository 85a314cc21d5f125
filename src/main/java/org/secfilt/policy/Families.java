package org.secfilt.policy;

import java.util.List;
import org.secfilt.abi.Family;

/** The address families that {@code socket(2)} may make. */
public record Families(List<Family> allowed, Origin origin) {
    public Families {
        allowed = List.copyOf(allowed);
    }
}
