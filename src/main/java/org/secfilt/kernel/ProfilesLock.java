package org.secfilt.kernel;

/**
 * The profiles of this host, of all network namespaces, held by one of those that change them; others wait. Which is the last one, so that the
 * mount made for all goes with it, is seen only while no other comes or goes.
 */
public interface ProfilesLock extends AutoCloseable {
    @Override
    void close();
}
