package org.secfilt.kernel.jnr;

import java.io.File;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.NetworkLock;

/**
 * Two locks, each gone with its holder, however that ends: a {@link RootLock} named after the namespace, and then flock(2) on the namespace
 * itself, /proc/self/ns/net.
 *
 * <p>Whoever has another /run (a container in this network) is known by the namespace alone. But that everybody can open and hold, so nobody with
 * the file waits long for it. Where there is no such file it has to do, and who waits too long is told. native-stubs/network.c does the same.
 */
final class JnrNetworkLock implements NetworkLock {
    private static final String NAMESPACE = "/proc/self/ns/net";
    private static final String PREFIX = "secfilt-network-";
    private static final String SUFFIX = ".lock";
    private static final String WHAT = "this network's lock";
    private static final int O_RDONLY_CLOEXEC = 02000000; // fcntl.h

    private static final int PATIENCE_WITHOUT_FILE_MILLIS = 20_000;
    private static final int PATIENCE_WITH_FILE_MILLIS = 1_000;

    private final String name;
    private final RootLock file;
    private final long namespace;

    /** @throws KernelException if somebody holds it all the time */
    JnrNetworkLock() {
        namespace = Libc.must("open(" + NAMESPACE + ")", Libc.OPEN.call(NativeMemory.string(NAMESPACE), O_RDONLY_CLOEXEC, 0));
        name = PREFIX + Long.toUnsignedString(RootLock.look(namespace).inode()) + SUFFIX;
        try {
            file = new RootLock(name, WHAT);
        } catch (KernelException e) {
            Libc.CLOSE.call(namespace);
            throw e;
        }
        try {
            boolean taken = RootLock.await(namespace, file.isHeld() ? PATIENCE_WITH_FILE_MILLIS : PATIENCE_WITHOUT_FILE_MILLIS);
            if (!file.isHeld() && !taken) {
                throw RootLock.held(NAMESPACE, WHAT, PATIENCE_WITHOUT_FILE_MILLIS);
            }
        } catch (KernelException e) {
            file.close();
            Libc.CLOSE.call(namespace);
            throw e;
        }
    }

    @Override
    public void close() {
        if (file.isHeld()) {
            String[] all = new File(RootLock.RUN).list();
            for (String other : all == null ? new String[0] : all) {
                if (other.startsWith(PREFIX) && other.endsWith(SUFFIX) && !other.equals(name)) {
                    RootLock.removeIfLeft(other);
                }
            }
        }
        file.close();
        Libc.CLOSE.call(namespace);
    }
}
