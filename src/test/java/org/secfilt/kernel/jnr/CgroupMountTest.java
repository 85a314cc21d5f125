package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CgroupMountTest {
    @ParameterizedTest
    @CsvSource({"0, 0, false", "7, 0, false", "7, 8, false", "7, 7, true"})
    void net_prio_is_mounted_too_where_one_hierarchy_has_both(int classes, int priorities, boolean both) {
        String told = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nnet_cls\t" + classes + "\t1\t1\nnet_prio\t" + priorities + "\t1\t1\n";
        assertEquals(both, CgroupMount.isWithPriorities(told));
    }
}
