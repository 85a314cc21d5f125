package org.secfilt.kernel;

/** How much of what a socket was told before it came to the command matters. */
public enum Care {
    /** Only what it is and where it is connected to. */
    NONE,
    /** Also whether it sends elsewhere than a call says: what it has begun to send is dropped. */
    DESTINATIONS,
    /** Likewise, and by another interface than the routes say: the one of IPV6_PKTINFO is forgotten. */
    INTERFACES
}
