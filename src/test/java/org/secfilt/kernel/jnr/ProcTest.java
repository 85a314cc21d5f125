package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcTest {
    /** What /proc/PID/cgroup holds, its lines parted by a blank | a controller | number, controllers and path. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            0::/                                  | ''      | 0//
            1:name=systemd:/s 0::/a/b             | ''      | 0//a/b
            1:name=systemd:/s                     | ''      | none
            4:net_cls,net_prio:/a 0::/b           | net_cls | 4/net_cls,net_prio/a
            4:net_prio,net_cls:/a 3:net_cls2:/b   | net_cls | 4/net_prio,net_cls/a
            3:net_cls2:/b 1:name=net_cls:/        | net_cls | none
            9:cpuset:/c 8:cpu,cpuacct:/           | cpu     | 8/cpu,cpuacct/
            0::/../of:another                     | ''      | 0//../of:another
            ''                                    | ''      | none
            """)
    void finds_a_process_s_cgroup_in_a_hierarchy(String lines, String controller, String expected) {
        String cgroups = lines.replace(' ', '\n') + "\n";
        Optional<String[]> found = Proc.cgroup(cgroups, controller);
        assertEquals(Optional.ofNullable(expected), found.map(fields -> fields[0] + "/" + fields[1] + fields[2]));
    }
}
