package org.secfilt.policy;

import java.util.Optional;
import org.secfilt.abi.Printable;

/**
 * The user to run as, as it was written: {@code NAME[:GROUP]}, each a name or a number. What it means is for the host to say.
 *
 * @param group empty for the user's own groups
 */
public record UserName(String user, Optional<String> group) {
    /** @throws IllegalArgumentException saying what is wrong with it */
    public static UserName parse(String text) {
        int colon = text.indexOf(':');
        String user = colon < 0 ? text : text.substring(0, colon);
        Optional<String> group = colon < 0 ? Optional.empty() : Optional.of(text.substring(colon + 1));
        if (user.isEmpty() || group.isPresent() && (group.get().isEmpty() || group.get().indexOf(':') >= 0)) {
            throw new IllegalArgumentException("'" + Printable.escape(text) + "' is no user; write NAME or NAME:GROUP");
        }
        return new UserName(user, group);
    }

    @Override
    public String toString() {
        return group.isPresent() ? user + ":" + group.get() : user;
    }
}
