package org.secfilt.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads a log. */
final class LoggedEvents {
    private LoggedEvents() {}

    static List<JsonNode> of(String text) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : text.lines().toList()) {
            events.add(new ObjectMapper().readTree(line));
        }
        return events;
    }

    static String kinds(List<JsonNode> events) {
        StringBuilder kinds = new StringBuilder();
        for (JsonNode event : events) {
            kinds.append(kinds.length() == 0 ? "" : " ").append(event.get("event").asText());
        }
        return kinds.toString();
    }
}
