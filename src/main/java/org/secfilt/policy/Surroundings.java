package org.secfilt.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the command has of its own, besides the rules for what it may reach: a network, a /tmp, a user. What a source does not say
 * is empty.
 */
public record Surroundings(
        Optional<Setting<Net>> net,
        List<Setting<Publication>> publications,
        Optional<Setting<PrivateTmp>> tmp,
        Optional<Setting<UserName>> user) {
    /** Says nothing: all is the host's and the caller's. */
    public static final Surroundings EMPTY = new Surroundings(Optional.empty(), List.of(), Optional.empty(), Optional.empty());

    public Surroundings {
        publications = List.copyOf(publications);
    }

    /** These, given later, after others: of single values the last one given counts, published ports add up. */
    Surroundings after(Surroundings earlier) {
        List<Setting<Publication>> all = new ArrayList<>(earlier.publications);
        all.addAll(publications);
        return new Surroundings(net.isPresent() ? net : earlier.net, all,
                tmp.isPresent() ? tmp : earlier.tmp, user.isPresent() ? user : earlier.user);
    }

    /** These, a command line's, over those of its INI files: a list given here replaces the files'. */
    Surroundings over(Surroundings files) {
        Surroundings both = after(files);
        return publications.isEmpty() ? both : new Surroundings(both.net, publications, both.tmp, both.user);
    }

    public Net network() {
        return net.isPresent() ? net.get().value() : Net.HOST;
    }

    public PrivateTmp privateTmp() {
        return tmp.isPresent() ? tmp.get().value() : PrivateTmp.NO;
    }

    public boolean ownsNetwork() {
        return network() != Net.HOST;
    }

    /** Whether the command lives in a mount namespace made for it. */
    public boolean ownsMounts() {
        return privateTmp() != PrivateTmp.NO;
    }
}
