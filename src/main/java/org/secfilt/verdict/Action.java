package org.secfilt.verdict;

/** What a call does with its address. */
public enum Action {
    CONNECT,
    BIND,
    /** sendto, sendmsg, sendmmsg that name a destination. */
    SEND;

    /** @param call by its name in syscalls(2), one that names an address */
    public static Action of(String call) {
        return switch (call) {
            case "bind", "listen" -> BIND;
            case "connect" -> CONNECT;
            default -> SEND;
        };
    }
}
