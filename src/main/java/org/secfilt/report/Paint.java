package org.secfilt.report;

/** Colours for a terminal, or none. ECMA-48 "SGR". */
final class Paint {
    private final boolean colour;

    Paint(boolean colour) {
        this.colour = colour;
    }

    String bold(String text) {
        return sgr("1", text);
    }

    String red(String text) {
        return sgr("31", text);
    }

    private String sgr(String code, String text) {
        return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
