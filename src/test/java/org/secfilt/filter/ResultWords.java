package org.secfilt.filter;

/** A filter's result in the words of the truth tables: {@code allow}, {@code trace connect}, {@code EPERM}, {@code listener}. */
final class ResultWords {
    private ResultWords() {}

    static String print(int value) {
        FilterResult result = FilterResult.of(value);
        if (result.allows()) {
            return "allow";
        }
        if (result.errno().isPresent()) {
            return result.errno().get().name();
        }
        String words = result.toString();
        return words.equals("USER_NOTIF") ? "listener" : words.replaceFirst("^TRACE\\((.*)\\)$", "trace $1");
    }
}
