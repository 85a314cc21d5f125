package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.abi.Sockaddr;

/** Addresses by the cookies of sockets: of the sockets that were noted last, and that there were some of those before. */
final class SocketAddresses {
    /** Of one socket. It takes a program that names ever others by the same one to reach it. */
    static final int MOST_OF_ONE = 128;
    /** Of all. */
    private static final int MOST = 16384;
    /** Of one of before: any. */
    private static final List<Sockaddr> FORGOTTEN = Collections.nCopies(MOST_OF_ONE + 1, new Sockaddr.Unspec(Optional.empty()));

    /** The oldest first. */
    private final Map<Long, List<Sockaddr>> lists = new LinkedHashMap<>();
    private final CookieSet forgotten = new CookieSet();
    private int count;

    /** One more than {@link #MOST_OF_ONE} if there were more; null if the socket is not noted. */
    List<Sockaddr> of(long cookie) {
        List<Sockaddr> known = lists.get(cookie);
        return known == null && forgotten.has(cookie) ? FORGOTTEN : known;
    }

    /** Of a socket that had these before. */
    void note(long cookie, List<Sockaddr> before, Sockaddr next) {
        List<Sockaddr> all = new ArrayList<>(before);
        if (all.size() <= MOST_OF_ONE && !all.contains(next)) {
            all.add(next);
        }
        remove(cookie);
        lists.put(cookie, all);
        count += all.size();
        while (count > MOST) {
            long oldest = lists.keySet().iterator().next();
            forgotten.add(oldest);
            remove(oldest);
        }
    }

    void remove(long cookie) {
        List<Sockaddr> known = lists.remove(cookie);
        count -= known == null ? 0 : known.size();
    }
}
