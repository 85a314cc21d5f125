package org.secfilt.policy.yaml;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Printable;
import org.secfilt.policy.SourceText;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Makes a tree of a YAML text. After a fault in the syntax the tree holds what was read before it. */
final class YamlReader {
    /** The schema needs five; a file that nests thousands deep is out to overflow a stack. */
    private static final int MAX_DEPTH = 16;

    private final SourceText source;
    private final Complaints complaints;
    private final YAMLParser parser;
    private boolean broken;

    private YamlReader(SourceText source, Complaints complaints, YAMLParser parser) {
        this.source = source;
        this.complaints = complaints;
        this.parser = parser;
    }

    /** Empty if the file holds no value at all, which is complained of. */
    static Optional<Node> read(SourceText source, Complaints complaints) {
        try (YAMLParser parser = new YAMLFactory().createParser(new StringReader(source.text()))) {
            return new YamlReader(source, complaints, parser).document();
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private Optional<Node> document() {
        JsonToken token = next();
        if (token == null) {
            if (!broken) {
                complaints.add(1, 1, "the file is empty; a policy begins with version: 1");
            }
            return Optional.empty();
        }
        Node root = node(token, 0);
        if (!broken && next() != null) {
            JsonLocation place = parser.currentTokenLocation();
            complaints.add(place.getLineNr(), place.getColumnNr(), "a second document begins here; a policy is one document");
        }
        return Optional.of(root);
    }

    private Node node(JsonToken token, int depth) {
        JsonLocation place = parser.currentTokenLocation();
        int line = place.getLineNr();
        int column = place.getColumnNr();
        refuseDecoration(line, column);
        if (depth == MAX_DEPTH) {
            complaints.add(line, column, "nested deeper than " + MAX_DEPTH + " levels");
            breakOff();
            return new Node.Sequence(List.of(), line, column);
        }
        if (token == JsonToken.START_OBJECT) {
            return new Node.Mapping(entries(depth), line, column);
        }
        if (token == JsonToken.START_ARRAY) {
            return new Node.Sequence(items(depth), line, column);
        }
        return scalar(token == JsonToken.VALUE_NULL, line, column);
    }

    private List<Node> items(int depth) {
        List<Node> items = new ArrayList<>();
        for (JsonToken token = next(); token != null && token != JsonToken.END_ARRAY; token = next()) {
            items.add(node(token, depth + 1));
        }
        return items;
    }

    private List<Node.Entry> entries(int depth) {
        List<Node.Entry> entries = new ArrayList<>();
        for (JsonToken token = next(); token != null && token != JsonToken.END_OBJECT; token = next()) {
            JsonLocation place = parser.currentTokenLocation();
            refuseDecoration(place.getLineNr(), place.getColumnNr());
            Node.Scalar key = scalar(false, place.getLineNr(), place.getColumnNr());
            JsonToken value = next();
            if (value != null) {
                entries.add(new Node.Entry(key, node(value, depth + 1)));
            }
        }
        return entries;
    }

    private Node.Scalar scalar(boolean isNull, int line, int column) {
        int first = source.characterAt(line, column);
        boolean quoted = first == '"' || first == '\'' || first == '|' || first == '>';
        try {
            return new Node.Scalar(parser.getText(), quoted, isNull && !quoted, line, column);
        } catch (IOException e) {
            throw new IllegalStateException("the text was read already", e);
        }
    }

    /** A plain scalar cannot begin with these characters, so what begins with one is decorated. */
    private void refuseDecoration(int line, int column) {
        switch (source.characterAt(line, column)) {
            case '&' -> complaints.add(line, column, "an anchor has no place in a policy; to share rules, include a file");
            case '*' -> complaints.addLast(line, column,
                    "an alias has no place in a policy; write the value itself, a text that begins with * in quotes");
            case '!' -> complaints.addLast(line, column, "a tag has no place in a policy; write the value alone");
            default -> { }
        }
    }

    /** The next token; null at the end and after a fault. */
    private JsonToken next() {
        if (broken) {
            return null;
        }
        try {
            return parser.nextToken();
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof MarkedYAMLException marked) {
                complainOf(marked);
            } else {
                JsonLocation place = e.getLocation() == null ? parser.currentLocation() : e.getLocation();
                complainOf(place, e.getOriginalMessage());
            }
        } catch (IOException | RuntimeException e) {
            // No text may end us, not even one that finds a fault in the parser.
            complainOf(parser.currentLocation(), String.valueOf(e.getMessage()));
        }
        breakOff();
        return null;
    }

    private void breakOff() {
        broken = true;
        complaints.truncate();
    }

    private void complainOf(JsonLocation place, String message) {
        String words = message.startsWith("Expected a field name") ? "a key must be a single word" : firstLine(message);
        complaints.add(Math.max(1, place.getLineNr()), Math.max(1, place.getColumnNr()), words);
    }

    private void complainOf(MarkedYAMLException e) {
        String problem = e.getProblem() == null ? "" : e.getProblem();
        String opened = e.getContextMark() == null ? "" : unclosed(problem, e.getProblemMark());
        Mark mark = opened.isEmpty() ? e.getProblemMark() : e.getContextMark();
        int line = mark == null ? 1 : mark.getLine() + 1;
        int column = mark == null ? 1 : mark.getColumn() + 1;
        complaints.add(line, column, opened.isEmpty() ? inWords(problem, line, column) : opened);
    }

    /** What is wrong where the parser's context begins, as it finds out further below; "" of other faults. */
    private String unclosed(String problem, Mark found) {
        if (problem.contains("unexpected end of stream")) {
            return "the quote that opens here is not closed";
        }
        if (problem.startsWith("could not find expected ':'")) {
            return "a ':' and a blank are missing behind the key; write key: value";
        }
        boolean list = problem.startsWith("expected ',' or ']'");
        if (!list && !problem.startsWith("expected ',' or '}'")) {
            return "";
        }
        boolean key = problem.endsWith("got :") && found != null && isBlank(source.characterAt(found.getLine() + 1, found.getColumn() + 2));
        return key || problem.endsWith("<stream end>") ? "the '" + (list ? "[" : "{") + "' that opens here is not closed" : "";
    }

    private static boolean isBlank(int character) {
        return character <= ' ';
    }

    private String inWords(String problem, int line, int column) {
        int character = source.characterAt(line, column);
        if (problem.startsWith("mapping values are not allowed")) {
            return "a ':' cannot stand here; is the line indented as its neighbours are, and a text that holds ': ' in quotes?";
        }
        if (problem.contains("cannot start any token")) {
            return character == '\t'
                    ? "a tab cannot stand here; indent with spaces"
                    : "a text cannot begin with " + quoted(character) + "; put it in quotes";
        }
        if (problem.startsWith("expected <block end>, but found '-'") || problem.startsWith("expected <block end>, but found '<block ")) {
            return "this is indented otherwise than what it belongs to; begin it in the same column";
        }
        if (problem.startsWith("expected <block end>, but found '?'")) {
            return "a key cannot stand among the entries of a list; indent it as the other keys of its mapping";
        }
        if (problem.startsWith("expected <block end>")) {
            return character == ']' || character == '}' ? quoted(character) + " closes nothing here; leave it out"
                    : "the value ends before this; put all of it between one pair of quotes, or this in a line of its own";
        }
        if (problem.startsWith("expected '<document start>'")) {
            return "the policy has ended above; this belongs to no document";
        }
        String hint = character == ':' ? "; an IPv6 address between [ and ] stands in quotes" : "";
        return "the syntax is wrong: " + firstLine(problem) + hint;
    }

    private static String quoted(int character) {
        return "'" + Printable.escape(new String(Character.toChars(character))) + "'";
    }

    private static String firstLine(String text) {
        int end = text.indexOf('\n');
        return Printable.escape(end < 0 ? text : text.substring(0, end));
    }
}
