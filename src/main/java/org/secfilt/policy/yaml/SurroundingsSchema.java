package org.secfilt.policy.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.secfilt.policy.Net;
import org.secfilt.policy.PrivateTmp;
import org.secfilt.policy.Publication;
import org.secfilt.policy.Setting;
import org.secfilt.policy.Surroundings;
import org.secfilt.policy.UserName;

/** Reads what a file says of the command's own network, /tmp and user. */
final class SurroundingsSchema {
    private static final String[] KEYS = {"net", "publish", "private-tmp", "user"};

    private final Complaints complaints;

    SurroundingsSchema(Complaints complaints) {
        this.complaints = complaints;
    }

    Surroundings read(Fields fields) {
        boolean said = false;
        for (String key : KEYS) {
            said |= fields.key(key).isPresent();
        }
        // Nearly no file says any of it, and the lambdas below cost milliseconds at their first use.
        return said ? readAll(fields) : Surroundings.EMPTY;
    }

    private Surroundings readAll(Fields fields) {
        List<Setting<Publication>> publications = new ArrayList<>();
        for (Node.Scalar word : fields.scalars("publish", "HOSTPORT:PORT, or a list of such")) {
            setting(word, Publication::parse).ifPresent(publications::add);
        }
        return new Surroundings(
                fields.scalar("net", "host, none or nat").flatMap(word -> setting(word, Net::parse)),
                publications,
                fields.scalar("private-tmp", "true, false or exec").flatMap(word -> setting(word, SurroundingsSchema::privateTmp)),
                fields.scalar("user", "NAME or NAME:GROUP").flatMap(word -> setting(word, UserName::parse)));
    }

    /** Only true and false, and exec: an option's further words for yes and no differ between YAML's versions. */
    private static PrivateTmp privateTmp(String word) {
        if (!word.equals("true") && !word.equals("false") && !word.equals("exec")) {
            throw new IllegalArgumentException("'private-tmp' is true, false or exec, not " + Complaints.quote(word));
        }
        return PrivateTmp.parse(word);
    }

    private <T> Optional<Setting<T>> setting(Node.Scalar word, Function<String, T> parse) {
        try {
            return Optional.of(new Setting<>(parse.apply(word.text()), complaints.origin(word)));
        } catch (IllegalArgumentException e) {
            complaints.add(word, e.getMessage());
            return Optional.empty();
        }
    }
}
