package org.secfilt.kernel.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrafficDevicesTest {
    private static final String DEVICES = """
            Character devices:
              1 mem
             10 misc
            108 ppp
            136 pts
            231 infiniband_mad
            231 infiniband_verbs
            246 macvtap
            247 ipvtap
            510 mei

            Block devices:
            246 virtblk
            253 zram
            """;
    private static final String MISC = """
            122 rdma_cm
            200 tun
            229 fuse
            232 kvm
            """;

    /** major, minor, what it is, whether the tables say so. */
    @ParameterizedTest(name = "{0}:{1}")
    @CsvSource({
        "1, 3, NONE, false", "5, 0, NONE, false", "136, 4, NONE, false", "108, 0, DEVICE, false",
        "10, 200, TUNNEL, true", "10, 238, TUNNEL, true", "10, 241, DEVICE, true", "10, 122, DEVICE, true", "10, 229, NONE, true", "10, 232, NONE, true",
        "246, 0, TUNNEL, true", "247, 3, TUNNEL, true", "231, 192, DEVICE, true", "510, 0, NONE, true", "254, 0, NONE, true",
    })
    void is_known_by_its_number(int major, int minor, String kind, boolean given) {
        assertEquals(kind, TrafficDevices.kind(major, minor, DEVICES, MISC).map(Enum::toString).orElse("NONE"));
        assertEquals(given, TrafficDevices.isGivenOut(major));
    }
}
