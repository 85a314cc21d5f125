package org.secfilt.tracer;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/** The sockets that were noted last, by their cookies ({@link org.secfilt.kernel.SocketCopy#cookie}): it has no other, and forgets the oldest. */
final class RecentCookies {
    static final int MOST = 16384;

    private final Set<Long> cookies = new LinkedHashSet<>();

    boolean has(long cookie) {
        return cookies.contains(cookie);
    }

    void add(long cookie) {
        cookies.remove(cookie);
        cookies.add(cookie);
        if (cookies.size() > MOST) {
            Iterator<Long> oldest = cookies.iterator();
            oldest.next();
            oldest.remove();
        }
    }
}
