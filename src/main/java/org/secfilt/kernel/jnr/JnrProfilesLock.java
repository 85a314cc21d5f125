package org.secfilt.kernel.jnr;

import org.secfilt.kernel.ProfilesLock;

/** A {@link RootLock}. Who has another /run, as in a container, has another; and where there can be none, none. */
final class JnrProfilesLock implements ProfilesLock {
    private final RootLock file = new RootLock("secfilt-profiles.lock", "the lock on this host's profiles");

    @Override
    public void close() {
        file.close();
    }
}
