package org.secfilt.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "/", "a/b", "../a", "a b", "a\n", "a\0", "\u00e9", "a:b", "a\"", "a'", "a\\", "a$b", "0123456789012345678901234567890123456789012345678"})
    void refuses_what_could_mean_something_elsewhere(String text) {
        assertThrows(IllegalArgumentException.class, () -> new ProfileName(text));
    }

    @ParameterizedTest
    @CsvSource({
        "blocked, SECFILT-P-blocked", "a.B_c-9, SECFILT-P-a.B_c-9", "..., SECFILT-P-...", "012345678901234567, SECFILT-P-012345678901234567",
        "0123456789012345678, SECFILT-PX-5ec00001",
    })
    void names_a_chain_and_a_cgroup(String text, String chain) {
        ProfileName name = new ProfileName(text);
        assertEquals(chain, name.chain(0x5ec00001));
        assertTrue(new Chain(chain, new Members(Optional.empty(), Optional.of(1))).install(List.of()).contains(":" + chain + " "));
        assertEquals("secfilt-profiles-7/profile-" + text, name.below(ProfileName.parent(7)));
        assertEquals(Optional.of(name), ProfileName.of(name.below(ProfileName.parent(7))));
        assertEquals(Optional.of(name), ProfileName.of(name.below(ProfileName.parent(7)) + "/below"));
        assertEquals(Optional.of(name), ProfileName.of("user.slice/" + name.below(ProfileName.parent(7)) + "/below"));
    }

    /** The two have one {@code hashCode()}. */
    @Test
    void two_long_names_have_two_chains() {
        ProfileName one = new ProfileName("ci-runner-profile-Aa");
        ProfileName other = new ProfileName("ci-runner-profile-BB");
        assertNotEquals(one.chain(), other.chain());
        assertTrue(new Chain(one.chain(), new Members(Optional.empty(), Optional.of(1))).name().startsWith("SECFILT-PX-"));
        assertEquals("SECFILT-P-blocked", new ProfileName("blocked").chain());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "secfilt-profiles-7", "secfilt-profiles-7/x", "profile-x", "a/profile-x", "secfilt-profiles-7/profile-"})
    void other_cgroups_are_no_profiles(String cgroup) {
        assertEquals(Optional.empty(), ProfileName.of(cgroup));
    }

    @Test
    void an_inverted_chain_is_met_by_all_but_the_class() {
        String text = new Chain("SECFILT-P-t", new Members(Optional.empty(), Optional.of(7), true)).install(List.of("-j DROP"));
        assertEquals("""
                *filter
                :SECFILT-P-t - [0:0]
                -A SECFILT-P-t -j DROP
                -I OUTPUT 1 -m cgroup ! --cgroup 7 -j SECFILT-P-t
                COMMIT
                """, text);
        assertThrows(IllegalArgumentException.class, () -> new Members(Optional.of("a"), Optional.of(7), true));
    }
}
