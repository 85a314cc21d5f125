package org.secfilt.policy;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What is written for an option by who mistypes it, or knows it by the name that other programs have for it. */
public final class OptionWords {
    private static final Pattern MASKS = Pattern.compile(
            "allow(ed)?(-(nets?|networks?|(net)?masks?|ips?|hosts?|addrs?|address(es)?|cidrs?|subnets?|connect|outbound))?");
    private static final Pattern NET = Pattern.compile("network(-mode)?|netns");
    private static final Pattern NO_NET = Pattern.compile("(no|unshare|without|disable)-net(work)?(ing)?|net(work)?-none|offline");
    private static final Pattern DENIES = Pattern.compile("(den(y|ied)|block(ed)?|forbid(den)?|reject(ed)?|disallow(ed)?)(-.*)?");

    private static final String DASHES = "--";
    /** So much of a name says nothing of what is allowed: without it, a grant of another kind is not near. */
    private static final Pattern ALLOWS = Pattern.compile("(--)?allow(ed)?-.+");

    private OptionWords() {}

    /** "; did you mean '--net'?", or what to write in its place; "" if nothing is near. */
    public static String meant(String word, List<String> known) {
        String name = plain(word);
        if (DENIES.matcher(name).matches()) {
            return "; what is to be denied stands in a policy file, as in connect: {deny: [10.0.0.1]}";
        }
        String dashes = word.startsWith(DASHES) ? DASHES : "";
        if (NO_NET.matcher(name).matches() && known.contains(dashes + "net")) {
            return "; did you mean '" + dashes + "net=none'?";
        }
        String near = nearest(word, known);
        return near.isEmpty() ? "" : "; did you mean '" + near + "'?";
    }

    /** The one of the known options that is meant, or "". All have dashes, or none has. */
    public static String nearest(String word, List<String> known) {
        String dashes = word.startsWith(DASHES) ? DASHES : "";
        String name = plain(word);
        String foreign = MASKS.matcher(name).matches() ? dashes + OptionReader.ALLOWED_NETMASK : NET.matcher(name).matches() ? dashes + "net" : "";
        if (known.contains(foreign)) {
            return foreign;
        }
        if (!ALLOWS.matcher(name).matches()) {
            return Suggestion.nearest(word, known.toArray(new String[0]));
        }
        for (String candidate : known) {
            if (ALLOWS.matcher(candidate).matches() && !Suggestion.nearest(kind(name), kind(candidate)).isEmpty()) {
                return candidate;
            }
        }
        return "";
    }

    private static String plain(String word) {
        String name = word.replace('_', '-').toLowerCase(Locale.ROOT);
        return name.startsWith(DASHES) ? name.substring(DASHES.length()) : name;
    }

    /** {@code port} of {@code --allowed-port}. */
    private static String kind(String name) {
        return name.substring(name.indexOf('-', DASHES.length()) + 1);
    }
}
