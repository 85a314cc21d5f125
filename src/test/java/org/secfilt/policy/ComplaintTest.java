package org.secfilt.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a complaint looks on a terminal. */
class ComplaintTest {
    private static final Object[][] EXCERPTS = {
        {"port: 1", 7, "port: 1\n      ^"},
        {"port: 1", 1, "port: 1\n^"},
        {"port: 1", 8, "port: 1\n       ^"},
        {"port: 1", 99, "port: 1\n       ^"},
        {"\tport:\t1", 8, "        port:   1\n                ^"},
        {"a\u001b[31mb", 7, "a\\x1b[31mb\n         ^"},
        {"p: C:\\x", 7, "p: C:\\x\n      ^"},
        {"\u00e9: x", 4, "\u00e9: x\n   ^"},
        {"\ud83d\ude00: x", 4, "\\xf0\\x9f\\x98\\x80: x\n                  ^"},
        {"x".repeat(300) + "Y" + "z".repeat(300), 301,
            "..." + "x".repeat(50) + "Y" + "z".repeat(49) + "...\n" + " ".repeat(53) + "^"},
        {"Y" + "z".repeat(300), 1, "Y" + "z".repeat(99) + "...\n^"},
        {"x".repeat(300) + "Y", 301, "..." + "x".repeat(99) + "Y\n" + " ".repeat(102) + "^"},
        {"x".repeat(300) + "Y", 302, "..." + "x".repeat(99) + "Y\n" + " ".repeat(103) + "^"},
        {"x".repeat(900) + "Y" + "z".repeat(900), 901,
            "..." + "x".repeat(50) + "Y" + "z".repeat(49) + "...\n" + " ".repeat(53) + "^"},
        {"\u4e2d".repeat(900) + "Y" + "\ud83d\ude00".repeat(900), 901,
            "..." + "\u4e2d".repeat(50) + "Y" + "\\xf0\\x9f\\x98\\x80".repeat(4).substring(0, 49) + "...\n" + " ".repeat(53) + "^"},
    };

    @Test
    void puts_the_caret_below_the_place_whatever_the_line_holds() {
        for (Object[] row : EXCERPTS) {
            Complaint complaint = new Complaint("f", 1, (Integer) row[1], "m", (String) row[0]);
            assertEquals("f:1:" + row[1] + ": m\n" + row[2], complaint.toString());
        }
    }

    @Test
    void a_complaint_of_a_whole_file_quotes_no_line() {
        assertEquals("a\\x0ab: Is a directory", Complaint.ofFile("a\nb", "Is a directory").toString());
    }

    @Test
    void a_line_that_shows_nothing_is_not_quoted() {
        assertEquals("f:1:1: m", new Complaint("f", 1, 1, "m", "").toString());
        assertEquals("f:2:3: m", new Complaint("f", 2, 3, "m", " \t ").toString());
    }

    @Test
    void many_complaints_end_in_a_count() {
        List<Complaint> many = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            many.add(Complaint.ofFile("f" + i, "m"));
        }
        String message = new InvalidPolicyException(many).getMessage();
        assertEquals("f49: m\nand 10 more", message.substring(message.indexOf("f49")));
    }

    @Test
    void suggests_the_nearest_word() {
        assertEquals("; did you mean 'mode'?", Suggestion.of("moed", "mode", "errno"));
        assertEquals("; did you mean 'allow-resolv'?", Suggestion.of("allow_resolve", "allow-resolv", "errno"));
        assertEquals("; did you mean 'errno'?", Suggestion.of("ERRNO", "mode", "errno"));
        assertEquals("; known here: mode, errno", Suggestion.of("x".repeat(5000), "mode", "errno"));
    }
}
