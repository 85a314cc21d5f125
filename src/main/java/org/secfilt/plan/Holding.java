package org.secfilt.plan;

import org.secfilt.policy.Match;
import org.secfilt.policy.Origin;

/**
 * Which layer holds a rule, and how.
 *
 * @param subject what the rule is about, in words
 */
public record Holding(Origin origin, String subject, Layer layer, String how) {
    /** Something between a call and the network. */
    public enum Layer {
        FILTER("filter"),
        TRACER("tracer"),
        LANDLOCK("Landlock"),
        CAPABILITIES("capabilities"),
        NAMESPACES("namespaces"),
        FIREWALL("firewall");

        private final String word;

        Layer(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /**
     * What a rule is about, in words.
     *
     * @param direction connect, bind or unix
     */
    public static String subject(Match match, String direction) {
        return match.accept(new Holdings(direction));
    }

    @Override
    public String toString() {
        return origin + ": " + subject + ": " + layer + ": " + how;
    }
}
