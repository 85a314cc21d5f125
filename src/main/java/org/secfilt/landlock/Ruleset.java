package org.secfilt.landlock;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.kernel.NamedFile;
import org.secfilt.plan.LandlockDomain;

/** What a domain handles, and a rule for each file at which some of that is allowed. */
public record Ruleset(LandlockDomain domain, List<Rule> rules) {
    private static final ByteString ROOT = ByteString.of("/");
    // struct landlock_ruleset_attr: handled_access_fs, handled_access_net, scoped
    private static final int ATTRIBUTE_BYTES = 24;
    private static final int FIRST_ATTRIBUTE_BYTES = 8;
    /** struct landlock_path_beneath_attr is packed: allowed_access, parent_fd. */
    private static final int RULE_BYTES = 12;

    public Ruleset {
        rules = List.copyOf(rules);
    }

    /** LANDLOCK_RULE_PATH_BENEATH. */
    public record Rule(ByteString path, long rights) {
        /** @param fd what the file will be open as */
        public byte[] encode(int fd) {
            return bytes(RULE_BYTES).putLong(rights).putInt(fd).array();
        }
    }

    /** @param writable where files may be written; none for a domain that leaves files alone */
    public static Ruleset of(LandlockDomain domain, List<NamedFile> writable) {
        List<Rule> rules = new ArrayList<>();
        if (domain.allowedBelowRoot() != 0) {
            rules.add(new Rule(ROOT, domain.allowedBelowRoot()));
        }
        for (NamedFile file : writable) {
            rules.add(new Rule(file.path(), file.directory() ? domain.directoryRights() : domain.fileRights()));
        }
        return new Ruleset(domain, rules);
    }

    /** struct landlock_ruleset_attr, no longer than need be: older kernels refuse more than they know. */
    public byte[] attribute() {
        ByteBuffer attribute = bytes(domain.scoped() == 0 ? FIRST_ATTRIBUTE_BYTES : ATTRIBUTE_BYTES);
        attribute.putLong(domain.handledAccessFs());
        return domain.scoped() == 0 ? attribute.array() : attribute.putLong(0).putLong(domain.scoped()).array();
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    }
}
