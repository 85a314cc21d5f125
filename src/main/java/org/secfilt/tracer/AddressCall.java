package org.secfilt.tracer;

import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.plan.TracedCall;
import org.secfilt.verdict.Action;

/**
 * The socket address of a stopped call, copied out of the tracee once. Reused from call to call; tracer thread only.
 *
 * <p>Lengths are checked as net/socket.c does (move_addr_to_kernel, __copy_msghdr): more than 128 bytes of name is EINVAL, or
 * cut to 128 in a message header; a NULL name is none.
 */
final class AddressCall {
    // struct msghdr on 64-bit: name 0, namelen 8 (int), iov 16, iovlen 24, control 32, controllen 40, flags 48 (int)
    static final int MSGHDR_BYTES = 56;
    static final int MSG_NAME = 0;
    static final int MSG_NAMELEN = 8;
    static final int MSG_CONTROL = 32;
    private static final int MSG_CONTROLLEN = 40;

    private static final int FAMILY_BYTES = 2;

    private final Tracees tracees;
    final byte[] name = new byte[Sockaddr.MAX_LENGTH];
    int nameLength;
    final byte[] header = new byte[MSGHDR_BYTES];
    final byte[] control = new byte[Slots.CONTROL_BYTES];
    int controlLength;
    /** The call names an address. A send that names none goes where an earlier call was judged. */
    boolean named;

    AddressCall(Tracees tracees) {
        this.tracees = tracees;
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

    /** @return 0, or the negative error number to answer in the kernel's place */
    int read(int tid, TracedCall call, SyscallStop stop) {
        controlLength = 0;
        if (hasHeader(call)) {
            return readHeader(tid, stop.argument(1));
        }
        int pointer = pointer(call);
        long address = stop.argument(pointer);
        int length = (int) stop.argument(pointer + 1);
        if (length < 0 || length > Sockaddr.MAX_LENGTH) {
            return -Errno.EINVAL.number();
        }
        // The kernel copies nothing then, so nothing can change under it: connect and bind answer EINVAL, a send has no address.
        named = length > 0 && !(call == TracedCall.SENDTO && address == 0);
        return readName(tid, address, length);
    }

    private int readHeader(int tid, long address) {
        int got = tracees.read(tid, address, header, MSGHDR_BYTES);
        if (got != MSGHDR_BYTES) {
            return error(got);
        }
        long nameAddress = word(MSG_NAME);
        int length = (int) word(MSG_NAMELEN);
        if (length < 0) {
            return -Errno.EINVAL.number();
        }
        named = nameAddress != 0 && length > 0;
        int rc = readName(tid, nameAddress, Math.min(length, Sockaddr.MAX_LENGTH));
        return rc < 0 ? rc : readControl(tid);
    }

    private int readName(int tid, long address, int length) {
        nameLength = named ? length : 0;
        if (!named) {
            return 0;
        }
        int got = tracees.read(tid, address, name, length);
        return got == length ? 0 : error(got);
    }

    private int readControl(int tid) {
        long length = word(MSG_CONTROLLEN);
        if (length == 0) {
            return 0;
        }
        if (length < 0 || length > control.length) {
            return -Errno.ENOBUFS.number(); // as the kernel does above net.core.optmem_max
        }
        int got = tracees.read(tid, word(MSG_CONTROL), control, (int) length);
        if (got != length) {
            return error(got);
        }
        controlLength = (int) length;
        return 0;
    }

    /** Puts another address in the place of the tracee's; the family, which may be AF_UNSPEC, and bytes behind the address stay. */
    void rewrite(Sockaddr other) {
        byte[] bytes;
        if (other instanceof Sockaddr.Inet inet) {
            bytes = inet.encode();
        } else if (other instanceof Sockaddr.Inet6 inet6) {
            bytes = inet6.encode();
        } else if (other instanceof Sockaddr.UnixPath path) {
            bytes = path.encode();
            nameLength = bytes.length;
        } else {
            throw new IllegalArgumentException("no verdict rewrites to " + other);
        }
        System.arraycopy(bytes, FAMILY_BYTES, name, FAMILY_BYTES, Math.min(bytes.length, nameLength) - FAMILY_BYTES);
    }

    /** A native-order word of the header. */
    private long word(int offset) {
        return ControlMessages.longAt(header, offset);
    }

    /** Part of it readable is EFAULT to the kernel too. EPERM: the process made itself unreadable. */
    private static int error(int got) {
        return got < 0 ? got : -Errno.EFAULT.number();
    }
}
