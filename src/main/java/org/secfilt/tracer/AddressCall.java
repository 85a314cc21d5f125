package org.secfilt.tracer;

import java.util.Arrays;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.TraceeMemory;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Action;

/**
 * The socket address of a call that stands still, copied out of the tracee once. Reused from call to call; one thread only.
 *
 * <p>Lengths are read as net/socket.c does (move_addr_to_kernel, __copy_msghdr): more than 128 bytes of name is EINVAL, or cut to 128 in a
 * message header; a NULL name is none. What the kernel refuses it may refuse itself, for it looks at other things first: at the
 * descriptor, at the payload. But where memory could not be read it must not be tried again: the call gets {@link #NOWHERE}.
 */
final class AddressCall {
    private static final int MSG_FASTOPEN = 0x20000000; // linux/socket.h
    private static final int FAMILY_BYTES = 2;
    /** Where the address stands in a sockaddr_in6, and the 0xffff in one that stands for an IPv4 address. */
    private static final int IPV6 = 8;
    private static final int IPV6_BYTES = 16;
    private static final int MAPPED = 10;
    /** Of an internet address: the shortest name that has a port. */
    static final int PORT_END = 4;
    /** An address of the kernel's own: to read there is EFAULT, whatever a process maps. */
    static final long NOWHERE = -4096;

    private final TraceeMemory memory;
    final byte[] name = new byte[Sockaddr.MAX_LENGTH];
    int nameLength;
    final byte[] header = new byte[Msghdr.BYTES];
    final byte[] control = new byte[Slots.CONTROL_BYTES];
    int controlLength;
    /** The call names an address. A send that names none goes where an earlier call was judged. */
    boolean named;
    /** The argument itself cannot be read, or has a length at which the kernel reads nothing: it will refuse the call. */
    boolean refused;
    private boolean nameUnreadable;
    private boolean controlUnreadable;

    AddressCall(TraceeMemory memory) {
        this.memory = memory;
    }

    static Action action(TracedCall call) {
        return call == TracedCall.CONNECT ? Action.CONNECT : call == TracedCall.BIND ? Action.BIND : Action.SEND;
    }

    static boolean hasHeader(TracedCall call) {
        return call == TracedCall.SENDMSG || call == TracedCall.SENDMMSG;
    }

    /** The argument that points at the address or message header. */
    static int pointer(TracedCall call) {
        return call == TracedCall.SENDTO ? 4 : 1;
    }

    /** Whether a call that sends is to connect a TCP socket at the same time, whatever its socket is. */
    static boolean isFastOpen(SyscallStop stop, TracedCall call) {
        return (stop.argument(call == TracedCall.SENDMSG ? 2 : 3) & MSG_FASTOPEN) != 0;
    }

    /** Where the message of this number is in an array of struct mmsghdr. */
    static long message(long array, int number) {
        return array + (long) number * Msghdr.MMSGHDR_BYTES;
    }

    /** A further message of a sendmmsg(2). @return as {@link #read} */
    int readMessage(int tid, long array, int number) {
        forget();
        return readHeader(tid, message(array, number));
    }

    private void forget() {
        controlLength = 0;
        refused = false;
        nameUnreadable = false;
        controlUnreadable = false;
    }

    /** @return 0, or the negative error number to answer in the kernel's place: EPERM for a process that made itself unreadable */
    int read(int tid, TracedCall call, SyscallStop stop) {
        forget();
        if (hasHeader(call)) {
            return readHeader(tid, stop.argument(1));
        }
        int pointer = pointer(call);
        long address = stop.argument(pointer);
        int length = (int) stop.argument(pointer + 1);
        refused = length < 0 || length > Sockaddr.MAX_LENGTH;
        // The kernel copies nothing where there is no length, so nothing can change under it.
        named = !refused && length > 0;
        int rc = readName(tid, address, length);
        refused |= nameUnreadable;
        return rc;
    }

    private int readHeader(int tid, long address) {
        int got = memory.read(tid, address, header, Msghdr.BYTES);
        if (got != Msghdr.BYTES) {
            refused = true;
            return error(got);
        }
        long nameAddress = word(Msghdr.NAME);
        int length = (int) word(Msghdr.NAMELEN);
        named = nameAddress != 0 && length > 0;
        int rc = readName(tid, nameAddress, Math.min(length, Sockaddr.MAX_LENGTH));
        return rc < 0 ? rc : readControl(tid);
    }

    private int readName(int tid, long address, int length) {
        nameLength = named ? length : 0;
        if (!named) {
            return 0;
        }
        int got = memory.read(tid, address, name, length);
        nameUnreadable = got != length;
        return nameUnreadable ? error(got) : 0;
    }

    /** Where the header in the vault says that the name is, if it can be read at {@code copy}. */
    long namePointer(long copy) {
        return nameUnreadable ? NOWHERE : word(Msghdr.NAME) == 0 ? 0 : copy;
    }

    /** Likewise for control data. */
    long controlPointer(long copy) {
        return controlUnreadable ? NOWHERE : controlLength == 0 ? 0 : copy;
    }

    /** The length that the header in the vault gives: a negative one stays, which is EINVAL to the kernel. */
    int headerNameLength() {
        int length = (int) word(Msghdr.NAMELEN);
        return length < 0 ? length : nameLength;
    }

    /** The family stands first, in native byte order; of a name that is shorter there is none. */
    boolean isOf(Family family) {
        return nameLength >= FAMILY_BYTES && ((name[1] & 0xff) << 8 | name[0] & 0xff) == family.number();
    }

    /** A send takes AF_UNSPEC for this, udp(7). */
    void sayInet() {
        name[0] = (byte) Family.INET.number();
        name[1] = 0;
    }

    boolean isInternet() {
        return isOf(Family.INET) || isOf(Family.INET6);
    }

    /** Whether an IPv6 socket is connected over IPv4 by it: mapped ones, and :: where the socket is bound to such a one. */
    boolean leadsOverInet() {
        if (!isOf(Family.INET6)) {
            return isOf(Family.INET);
        }
        for (int i = IPV6; i < IPV6 + MAPPED; i++) {
            if (name[i] != 0) {
                return false;
            }
        }
        if (name[IPV6 + MAPPED] == -1) {
            return name[IPV6 + MAPPED + 1] == -1;
        }
        for (int i = IPV6 + MAPPED; i < IPV6 + IPV6_BYTES; i++) {
            if (name[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Behind the family, big-endian, in every internet address that is as long as that: {@link #PORT_END}. */
    int port() {
        return (name[FAMILY_BYTES] & 0xff) << 8 | name[FAMILY_BYTES + 1] & 0xff;
    }

    /** There is nothing to judge: the name that the header points at cannot be read, and the call gets none. */
    boolean isUnreadable() {
        return nameUnreadable;
    }

    /** The header's array of struct iovec, and how many there are. */
    long pieceList() {
        return word(Msghdr.IOV);
    }

    long pieces() {
        return word(Msghdr.IOVLEN);
    }

    /** The header names nothing but an address and a payload, and the kernel has no fault to find with the address. */
    boolean isPlain() {
        return !nameUnreadable && headerNameLength() >= 0 && word(Msghdr.CONTROLLEN) == 0;
    }

    private int readControl(int tid) {
        long length = word(Msghdr.CONTROLLEN);
        if (length == 0) {
            return 0;
        }
        if (length < 0 || length > control.length) {
            return -Errno.ENOBUFS.number(); // as the kernel does above net.core.optmem_max
        }
        int got = memory.read(tid, word(Msghdr.CONTROL), control, (int) length);
        controlUnreadable = got != length;
        controlLength = controlUnreadable ? 0 : (int) length;
        return controlUnreadable ? error(got) : 0;
    }

    /** The call is to be made without an address. */
    void dropName() {
        named = false;
        nameLength = 0;
        Arrays.fill(header, Msghdr.NAME, Msghdr.NAME + Long.BYTES, (byte) 0);
        Arrays.fill(header, Msghdr.NAMELEN, Msghdr.NAMELEN + Integer.BYTES, (byte) 0);
    }

    /**
     * In the place of a name that is not looked at: of a family that no socket knows, and which Landlock lets pass for that.
     *
     * @param asFamily whether the family stays: then it is port 0 of this host, where nobody can be
     */
    void nameNobody(boolean asFamily) {
        Arrays.fill(name, asFamily ? FAMILY_BYTES : 0, nameLength, asFamily ? 0 : (byte) 0xff);
    }

    /** Puts another address in the place of the tracee's; the family, which may be AF_UNSPEC, and bytes behind the address stay. */
    void rewrite(Sockaddr other) {
        byte[] bytes;
        if (other instanceof Sockaddr.Inet inet) {
            bytes = inet.encode();
        } else if (other instanceof Sockaddr.Inet6 inet6) {
            bytes = inet6.encode();
        } else if (other instanceof Sockaddr.UnixPath path) {
            // No shorter than it was: a socket of another family looks at the length first. NULs behind a path mean nothing.
            byte[] encoded = path.encode();
            bytes = Arrays.copyOf(encoded, Math.max(encoded.length, nameLength));
            nameLength = bytes.length;
        } else if (other instanceof Sockaddr.UnixUnnamed) {
            nameLength = FAMILY_BYTES;
            return;
        } else {
            throw new IllegalArgumentException("no verdict rewrites to " + other);
        }
        System.arraycopy(bytes, FAMILY_BYTES, name, FAMILY_BYTES, Math.min(bytes.length, nameLength) - FAMILY_BYTES);
    }

    /** A native-order word of the header. */
    private long word(int offset) {
        return ControlMessages.longAt(header, offset);
    }

    /** What is not there the kernel will not find either, and be it the end of it that is missing. EPERM: the process made itself unreadable. */
    private static int error(int got) {
        return got == -Errno.EPERM.number() || got == -Errno.ESRCH.number() ? got : 0;
    }
}
