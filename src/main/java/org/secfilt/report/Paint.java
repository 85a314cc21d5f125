package org.secfilt.report;

/** Colours for a terminal, or none. ECMA-48 "SGR". */
public final class Paint {
    private final boolean colour;

    public Paint(boolean colour) {
        this.colour = colour;
    }

    public String bold(String text) {
        return sgr("1", text);
    }

    public String red(String text) {
        return sgr("31", text);
    }

    public String green(String text) {
        return sgr("32", text);
    }

    private String sgr(String code, String text) {
        return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
