package org.secfilt.abi;

/** A release as uname(2) tells it: {@code 6.1.0-18-amd64} is 6.1. One that cannot be read is 0.0. */
public record KernelRelease(int major, int minor) {
    public static KernelRelease parse(String release) {
        int point = number(release, 0);
        int end = point < release.length() && release.charAt(point) == '.' ? number(release, point + 1) : point;
        return point > 0 && end > point + 1
                ? new KernelRelease(Integer.parseInt(release, 0, point, 10), Integer.parseInt(release, point + 1, end, 10))
                : new KernelRelease(0, 0);
    }

    /** Behind the digits from here on, four at most. */
    private static int number(String text, int from) {
        int end = from;
        while (end < text.length() && end < from + 4 && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        return end;
    }

    public boolean isAtLeast(int major, int minor) {
        return this.major > major || this.major == major && this.minor >= minor;
    }
}
