package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who resolves names, by resolv.conf(5) and what stands behind it. */
class ResolversTest {
    private static final String SYSTEMD = "/run/systemd/resolve/resolv.conf";
    private static final String NETWORK_MANAGER = "/run/NetworkManager/no-stub-resolv.conf";

    /** /etc/resolv.conf | systemd's | NetworkManager's | whether all are on loopback | what serves in its place. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", value = {
        "10.0.0.1                        | 10.0.0.2 | 10.0.0.3  | false | none",
        "127.0.0.53                      | 10.0.0.2 | 10.0.0.3  | true  | " + SYSTEMD,
        "127.0.0.1                       | none     | fd00::3   | true  | " + NETWORK_MANAGER,
        "::1                             | 127.0.0.1 | 10.0.0.3 | true  | " + NETWORK_MANAGER,
        "127.0.0.53                      | none     | none      | true  | none",
        "127.0.0.53                      | 127.0.0.1 | ::1      | true  | none",
        "'127.0.0.1\nnameserver 10.0.0.1' | 10.0.0.2 | none     | false | none",
        "none                            | 10.0.0.2 | none      | false | none",
        "no address                      | 10.0.0.2 | none      | false | none",
    })
    void on_loopback_they_have_others_behind_them(String etc, String systemd, String networkManager, boolean onLoopback, String replacement) {
        MemoryFiles files = new MemoryFiles();
        String[][] all = {{Resolvers.FILE, etc}, {SYSTEMD, systemd}, {NETWORK_MANAGER, networkManager}};
        for (String[] file : all) {
            if (file[1] != null) {
                files.with(file[0], "nameserver " + file[1] + "\n");
            }
        }
        assertEquals(onLoopback, Resolvers.areOnLoopback(files));
        assertEquals(Optional.ofNullable(replacement), Resolvers.replacement(files));
    }

    @Test
    void without_a_file_it_is_127_0_0_1() {
        assertEquals("[127.0.0.1]", Resolvers.nameservers(new MemoryFiles()).toString());
        assertEquals("[127.0.0.1]", Resolvers.nameserversFromBehind(new MemoryFiles()).toString());
    }

    @Test
    void whom_no_address_stands_for_is_on_loopback() {
        assertEquals("[127.0.0.1, ::1]", Resolvers.parse("nameserver 0.0.0.0\nnameserver ::\n").toString());
    }
}
