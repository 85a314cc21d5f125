package org.secfilt.kernel;

/**
 * This network namespace, held by one of the runs that change its interfaces and rules; others wait. A lock that everybody could take, such as
 * flock(2) on /proc/self/ns/net, would let everybody hold such runs for ever: so it is a file of root's.
 */
public interface NetworkLock extends AutoCloseable {
    @Override
    void close();
}
