package org.secfilt.policy.yaml;

import java.util.List;

/** A value of a YAML file, with its place: line and column count from 1, columns in characters. */
sealed interface Node {
    int line();

    int column();

    /** For messages: "a list". */
    String kind();

    /**
     * @param text as written, quotes removed and escapes resolved
     * @param quoted in quotes or as a block, so surely meant as text
     * @param missing nothing is written here, or {@code null} or {@code ~} is
     */
    record Scalar(String text, boolean quoted, boolean missing, int line, int column) implements Node {
        @Override
        public String kind() {
            return missing ? "nothing" : "a single value";
        }
    }

    record Sequence(List<Node> items, int line, int column) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }
    }

    record Mapping(List<Entry> entries, int line, int column) implements Node {
        public Mapping {
            entries = List.copyOf(entries);
        }

        @Override
        public String kind() {
            return "a mapping";
        }
    }

    /** A key and its value. Keys may repeat here; the schema complains of that. */
    record Entry(Scalar key, Node value) {}
}
