package org.secfilt.policy.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.policy.Suggestion;

/** The entries of one mapping by key; and the readers of single values, each of which complains and gives nothing. */
final class Fields {
    private final Map<String, Node.Entry> entries = new LinkedHashMap<>();
    private final Complaints complaints;

    /** Complains of unknown and of repeated keys. Of a repeated key the first value is read. */
    Fields(Node.Mapping mapping, Complaints complaints, String... known) {
        this.complaints = complaints;
        for (Node.Entry entry : mapping.entries()) {
            String key = entry.key().text();
            if (!List.of(known).contains(key)) {
                complaints.add(entry.key(), "unknown key " + Complaints.quote(key) + Suggestion.of(key, known));
                continue;
            }
            Node.Entry first = entries.putIfAbsent(key, entry);
            if (first != null) {
                complaints.add(entry.key(), "'" + key + "' is given twice, first in line " + first.key().line());
            }
        }
    }

    /** The key itself, be its value missing or not. */
    Optional<Node> key(String key) {
        Node.Entry entry = entries.get(key);
        return entry == null ? Optional.empty() : Optional.of(entry.key());
    }

    /** The value of a key; a missing one ({@code mode:} and nothing after it) is complained of. */
    Optional<Node> value(String key) {
        Node.Entry entry = entries.get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.value() instanceof Node.Scalar scalar && scalar.missing()) {
            complaints.addMissing(entry.key(), "'" + key + "' has no value");
            return Optional.empty();
        }
        return Optional.of(entry.value());
    }

    Optional<Node.Scalar> scalar(String key, String expected) {
        Optional<Node> value = value(key);
        return value.isPresent() ? scalar(value.get(), key, expected) : Optional.empty();
    }

    Optional<Node.Mapping> mapping(String key, String expected) {
        Optional<Node> value = value(key);
        if (value.isPresent() && !(value.get() instanceof Node.Mapping)) {
            complaints.add(value.get(), "'" + key + "' is " + expected + ", not " + value.get().kind());
        }
        return value.isPresent() && value.get() instanceof Node.Mapping mapping ? Optional.of(mapping) : Optional.empty();
    }

    /**
     * The items of a list of single values that has one at least, or the one value that stands for such a list. (An empty
     * list of addresses could be meant as none or as any.)
     */
    List<Node.Scalar> someScalars(String key, String expected) {
        Optional<Node> value = value(key);
        if (value.isPresent() && value.get() instanceof Node.Sequence sequence && sequence.items().isEmpty()) {
            complaints.addMissing(value.get(), "'" + key + "' is an empty list; leave it out, or the whole rule");
        }
        return scalars(key, expected);
    }

    /** The items of a list of single values, or the one value that stands for such a list. */
    List<Node.Scalar> scalars(String key, String expected) {
        Optional<Node> value = value(key);
        List<Node.Scalar> scalars = new ArrayList<>();
        if (value.isEmpty()) {
            return scalars;
        }
        List<Node> items = value.get() instanceof Node.Sequence sequence ? sequence.items() : List.of(value.get());
        for (Node item : items) {
            Optional<Node.Scalar> scalar = scalar(item, key, expected);
            if (scalar.isPresent()) {
                scalars.add(scalar.get());
            }
        }
        return scalars;
    }

    private Optional<Node.Scalar> scalar(Node node, String key, String expected) {
        if (node instanceof Node.Scalar scalar && !scalar.missing()) {
            return Optional.of(scalar);
        }
        String message = "'" + key + "' is " + expected + ", not " + node.kind();
        if (node instanceof Node.Scalar) {
            complaints.addMissing(node, message);
        } else {
            complaints.add(node, message);
        }
        return Optional.empty();
    }

    /** Only true and false: YAML's further words for them (yes, on, y) differ between its versions. */
    Optional<Boolean> trueOrFalse(String key) {
        Optional<Node.Scalar> scalar = scalar(key, "true or false");
        if (scalar.isEmpty()) {
            return Optional.empty();
        }
        String text = scalar.get().text();
        if (scalar.get().quoted() || !text.equals("true") && !text.equals("false")) {
            complaints.add(scalar.get(), "'" + key + "' is true or false, without quotes, not " + Complaints.quote(text));
            return Optional.empty();
        }
        return Optional.of(text.equals("true"));
    }
}
