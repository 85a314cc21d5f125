package org.secfilt.kernel.jnr;

/**
 * One line of /proc/PID/maps: {@code 552a00000000-552a00400000 r--s 00000000 00:01 1031 /memfd:secfilt (deleted)}. proc(5).
 *
 * @param device as the kernel prints it, hexadecimal major and minor
 * @param path as the kernel prints it; empty where there is none
 */
record MapsLine(long start, long end, String permissions, long offset, String device, long inode, String path) {
    static MapsLine decode(String line) {
        int dash = line.indexOf('-');
        int space = line.indexOf(' ', dash);
        int offset = space + 6;
        int device = line.indexOf(' ', offset) + 1;
        int inode = line.indexOf(' ', device) + 1;
        int end = line.indexOf(' ', inode);
        return new MapsLine(
                Long.parseUnsignedLong(line.substring(0, dash), 16),
                Long.parseUnsignedLong(line.substring(dash + 1, space), 16),
                line.substring(space + 1, space + 5),
                Long.parseUnsignedLong(line.substring(offset, device - 1), 16),
                line.substring(device, inode - 1),
                Long.parseUnsignedLong(end < 0 ? line.substring(inode) : line.substring(inode, end)),
                end < 0 ? "" : line.substring(end).strip());
    }
}
