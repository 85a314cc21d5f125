package org.secfilt.firewall;

import java.util.Optional;
import org.secfilt.abi.Printable;

/** The name of a profile: letters, digits, and {@code . _ -}, so that it can stand in a path, a rule and a message as it is. */
public record ProfileName(String text) {
    /** A line of the listing holds it. */
    private static final int MAX_LENGTH = 48;
    /** A chain's name holds no more behind its prefix: linux/netfilter/x_tables.h XT_EXTENSION_MAXNAMELEN. */
    private static final int MAX_IN_CHAIN = 18;
    private static final String ALL = "secfilt-profiles-";
    /** So that neither "tasks" nor "cgroup.procs" meets the kernel's file of that name. */
    private static final String ONE = "profile-";

    /** @throws IllegalArgumentException if it is none */
    public ProfileName {
        boolean plain = !text.isEmpty() && !text.equals(".") && !text.equals("..");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            plain &= c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-';
        }
        if (!plain) {
            throw new IllegalArgumentException("'" + Printable.escape(text) + "' is no name of a profile; write letters, digits, '.', '_' and '-'");
        }
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("the name of a profile has at most " + MAX_LENGTH + " letters, and '" + text + "' has more");
        }
    }

    /** The cgroup that has all profiles of a network namespace below it. */
    static String parent(long cookie) {
        return ALL + cookie;
    }

    static boolean isParent(String cgroup) {
        return cgroup.startsWith(ALL) && cgroup.indexOf('/') < 0;
    }

    /** Of which network namespace's profiles a cgroup has all below it; negative if of none. */
    static long cookie(String cgroup) {
        try {
            return isParent(cgroup) ? Long.parseLong(cgroup.substring(ALL.length())) : -1;
        } catch (NumberFormatException e) {
            return -1; // somebody else's
        }
    }

    /** @param parent the path of the cgroup that has all profiles below it */
    String below(String parent) {
        return parent + "/" + ONE + text;
    }

    /** The profile that a cgroup, or one below it, belongs to; of whatever network namespace. */
    public static Optional<ProfileName> of(String cgroup) {
        int parent = cgroup.startsWith(ALL) ? 0 : cgroup.indexOf("/" + ALL) + 1;
        int slash = parent == 0 && !cgroup.startsWith(ALL) ? -1 : cgroup.indexOf('/', parent);
        if (slash < 0 || !cgroup.startsWith(ONE, slash + 1)) {
            return Optional.empty();
        }
        int end = cgroup.indexOf('/', slash + 1);
        return ofDirectory(cgroup.substring(slash + 1, end < 0 ? cgroup.length() : end));
    }

    static Optional<ProfileName> ofDirectory(String name) {
        try {
            return name.startsWith(ONE) ? Optional.of(new ProfileName(name.substring(ONE.length()))) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Its chain: by its name, or by its class where the name is too long. */
    String chain(int classid) {
        return text.length() <= MAX_IN_CHAIN ? Chain.PREFIX + "P-" + text : Chain.PREFIX + "PX-" + Integer.toHexString(classid);
    }

    /** The same where there are no classes: two names must not have one chain, and 64 bits of FNV-1a are enough for those that root gives. */
    String chain() {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return text.length() <= MAX_IN_CHAIN ? Chain.PREFIX + "P-" + text : Chain.PREFIX + "PX-" + Long.toHexString(hash);
    }

    @Override
    public String toString() {
        return text;
    }
}
