package org.secfilt.kernel;

/** This network namespace, held by one of the runs that change its interfaces and rules; others wait. flock(2) on /proc/self/ns/net. */
public interface NetworkLock extends AutoCloseable {
    @Override
    void close();
}
