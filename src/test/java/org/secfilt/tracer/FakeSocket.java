package org.secfilt.tracer;

import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;

/** A copy of any socket on a {@link FakeKernel}, which has a kind of sockets only. */
final class FakeSocket implements SocketCopy {
    private final FakeTracees kernel;
    private final int tid;
    private final int fd;
    private Optional<Integer> protocol = Optional.empty();

    FakeSocket(FakeTracees kernel, int tid, int fd) {
        this.kernel = kernel;
        this.tid = tid;
        this.fd = fd;
    }

    @Override
    public long limitNanos(boolean receives) {
        return receives ? kernel.receiveLimitNanos : kernel.sendLimitNanos;
    }

    @Override
    public int transport() {
        boolean internet = kernel.domain == Family.INET.number() || kernel.domain == Family.INET6.number();
        return internet && Protocol.of(protocol()).isPresent() ? protocol() : NO_TRANSPORT;
    }

    @Override
    public int connect(byte[] name, int length, boolean near) {
        return act((near ? "connect near " : "connect ") + Sockaddr.decode(name, length), 0);
    }

    @Override
    public boolean corks() {
        return false;
    }

    @Override
    public long cookie() {
        return fd + 1;
    }

    @Override
    public int domain() {
        return kernel.domain;
    }

    @Override
    public long network() {
        return kernel.ourNetwork ? 1 : 2;
    }

    @Override
    public boolean isOfOurNetwork() {
        return kernel.ourNetwork;
    }

    @Override
    public int bind(byte[] name, int length) {
        return act("bind " + Sockaddr.decode(name, length), 0);
    }

    @Override
    public int send(byte[] payload, int length, int flags, byte[] name, int nameLength) {
        String to = nameLength == 0 ? "nowhere" : Sockaddr.decode(name, nameLength).toString();
        return act("send " + new String(payload, 0, length, java.nio.charset.StandardCharsets.ISO_8859_1) + " " + to, length);
    }

    /** On the copy: told apart from what tracees do. */
    private int act(String what, int result) {
        if (kernel.onCopiesFirst.isPresent()) {
            int first = kernel.onCopiesFirst.get();
            kernel.onCopiesFirst = Optional.empty();
            return first;
        }
        if (kernel.onCopies.isEmpty()) {
            kernel.acted.add(tid + ": copy: " + what);
        }
        return kernel.onCopies.orElse(result);
    }

        @Override
        public int number() {
            return kernel.domain == Family.UNIX.number() ? 0 : protocol();
        }

        @Override
        public int protocol() {
            if (protocol.isEmpty()) {
                protocol = Optional.of(kernel.protocols.isEmpty() ? kernel.protocol : kernel.protocols.remove(0));
            }
            return protocol.get();
        }

        @Override
        public OpenDescriptor describe(int number, Care care) {
            return new OpenDescriptor(number, OpenDescriptor.Kind.SOCKET, kernel.domain, 1, protocol(), kernel.peer, care == Care.NONE ? Set.of() : kernel.steerings);
        }

        @Override
        public boolean disconnect() {
            kernel.delivered.add(tid + ": disconnected " + fd);
            return kernel.disconnects;
        }

        @Override
        public Optional<Sockaddr> localAddress() {
            return Optional.of(kernel.local);
        }

        @Override
        public Optional<Sockaddr> peer() {
            return kernel.peer;
        }

        @Override
        public boolean wasConnected() {
            return kernel.wasConnected;
        }

        @Override
        public boolean connecting() {
            return kernel.connecting;
        }

        @Override
        public boolean listening() {
            return kernel.listening;
        }

        @Override
        public int bind(Sockaddr address) {
            if (kernel.bound) {
                return -Errno.EINVAL.number();
            }
            kernel.acted.add(tid + ": bind " + address);
            kernel.bound = true;
            return 0;
        }

        @Override
        public void stopListening() {
            kernel.acted.add(tid + ": listen no more");
        }

        @Override
        public int listen(int backlog) {
            kernel.acted.add(tid + ": listen " + kernel.local);
            kernel.local = kernel.localWhenListening.orElse(kernel.local);
            return 0;
        }

        @Override
        public void close() {}
}
