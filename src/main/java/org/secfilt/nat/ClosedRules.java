package org.secfilt.nat;

import java.util.List;

/** Of a pair that has nothing of this family, and whose interface could not be told so. */
final class ClosedRules extends PairRules {
    ClosedRules(String name) {
        super(name);
        for (String chain : List.of("INPUT -i ", "FORWARD -i ", "FORWARD -o ", "OUTPUT -o ")) {
            drop(chain + name);
        }
    }
}
