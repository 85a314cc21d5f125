package org.secfilt.tracer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.secfilt.abi.Sockaddr;

/** Addresses by the cookies of sockets, of the sockets that were noted last. */
final class SocketAddresses {
    /** Of one socket. It takes a program that names ever others by the same one to reach it. */
    static final int MOST_OF_ONE = 128;
    /** Of all: what one of before was sending is on its way since, if it has no peer by now; a datagram that it has begun may wait still. */
    private static final int MOST = 16384;

    /** The oldest first. */
    private final Map<Long, List<Sockaddr>> lists = new LinkedHashMap<>();
    private int count;

    /** One more than {@link #MOST_OF_ONE} if there were more; null if the socket is not noted. */
    List<Sockaddr> of(long cookie) {
        return lists.get(cookie);
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
            remove(lists.keySet().iterator().next());
        }
    }

    void remove(long cookie) {
        List<Sockaddr> known = lists.remove(cookie);
        count -= known == null ? 0 : known.size();
    }
}
