package org.secfilt.verdict;

/** What a call does with its address. */
public enum Action {
    CONNECT,
    BIND,
    /** sendto, sendmsg, sendmmsg that name a destination. */
    SEND
}
