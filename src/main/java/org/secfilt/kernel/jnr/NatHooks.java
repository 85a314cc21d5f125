package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Family;

/**
 * Whether this network namespace has rules that translate the addresses of packets on their way out: in chains of nf_tables, whoever made
 * them, or in the table nat of iptables-legacy. In doubt it has. Asks the kernel: iptables-save does not show what others than iptables
 * made, and makes the tables of legacy that it looks for. One thread only.
 */
final class NatHooks {
    // linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
    private static final int NFT_MSG_GETCHAIN = 10 << 8 | 4;
    private static final int NFT_MSG_NEWCHAIN = 10 << 8 | 3;
    private static final int NFTA_CHAIN_HOOK = 4;
    private static final int NFTA_HOOK_HOOKNUM = 1;
    private static final int NFTA_CHAIN_USE = 6;
    private static final int NFTA_CHAIN_TYPE = 7;
    private static final int NF_INET_LOCAL_OUT = 3;
    private static final int NFPROTO_INET = 1;
    private static final String NAT = "nat";
    /** struct nfgenmsg, between the header and the attributes. */
    private static final int FAMILY_BYTES = 4;
    /** As much as the kernel fills at once for who offers no more, and so takes no less. // linux/netlink.h NLMSG_GOODSIZE */
    private static final int BUFFER_BYTES = 16 << 10;
    /** So many replies are tens of thousands of chains: somebody makes them faster than they are read. */
    private static final int MAX_REPLIES = 1000;

    // linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 02000000;
    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_IPV6 = 41;
    private static final int IPT_SO_GET_INFO = 64;
    /** struct ipt_getinfo: a name of 32 bytes, valid_hooks, hook_entry[5], underflow[5], num_entries, size. */
    private static final int INFO_BYTES = 32 + 4 * 13;
    private static final int HOOK_ENTRY = 36;
    private static final int UNDERFLOW = 56;

    private static final int SOCKET = Arch.X86_64.syscalls().nr("socket");

    private final Proc proc;
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);

    NatHooks(Proc proc) {
        this.proc = proc;
    }

    boolean translate(Family family) {
        return chainsTranslate(family) || legacyTranslates(family);
    }

    private boolean chainsTranslate(Family family) {
        int fd = Netlink.open(Netlink.NETFILTER);
        if (fd < 0) {
            return fd != -Errno.EPROTONOSUPPORT.number(); // the kernel has no netfilter
        }
        byte[] request = Netlink.message(NFT_MSG_GETCHAIN, Netlink.REQUEST_DUMP, FAMILY_BYTES).putInt(0).array(); // of every family
        NativeMemory.IO.putByteArray(buffer, request, 0, request.length);
        Answer answer = Libc.WRITE.call(fd, buffer, request.length) == request.length ? Answer.MORE : Answer.YES;
        for (int i = 0; i < MAX_REPLIES && answer == Answer.MORE; i++) {
            answer = reply(fd, family);
        }
        Libc.CLOSE.call(fd);
        return answer != Answer.NO;
    }

    private enum Answer { YES, NO, MORE }

    private Answer reply(long fd, Family family) {
        int length = (int) Libc.READ.call(fd, buffer, BUFFER_BYTES);
        if (length <= 0) {
            return Answer.YES;
        }
        byte[] bytes = new byte[length];
        NativeMemory.IO.getByteArray(buffer, bytes, 0, length);
        ByteBuffer in = Netlink.of(bytes);
        for (int at = 0; at + Netlink.HEADER_BYTES + FAMILY_BYTES <= length; at = Netlink.align(Netlink.end(in, at))) {
            int end = Netlink.end(in, at);
            int attributes = at + Netlink.HEADER_BYTES + FAMILY_BYTES;
            int type = Netlink.type(in, at);
            if (end < attributes || end > length) {
                return Answer.YES;
            }
            if (type == Netlink.ERROR) {
                return Netlink.error(in, at) == -Errno.EINVAL.number() ? Answer.NO : Answer.YES; // EINVAL: it has no nf_tables
            }
            if ((Netlink.flags(in, at) & Netlink.DUMP_INTERRUPTED) != 0) {
                return Answer.YES; // somebody changes them at this moment
            }
            if (type == Netlink.DONE) {
                return Answer.NO;
            }
            int of = in.get(at + Netlink.HEADER_BYTES);
            if (type == NFT_MSG_NEWCHAIN && (of == NFPROTO_INET || of == family.number()) && translates(in, attributes, end)) {
                return Answer.YES;
            }
        }
        return Answer.MORE;
    }

    /** Whether this chain of type nat is hooked where packets leave, and something is in it: attributes have their numbers in network order. */
    private static boolean translates(ByteBuffer in, int from, int end) {
        boolean nat = false;
        boolean leaving = false;
        boolean used = false;
        for (int at = from; at + Netlink.ATTRIBUTE_HEADER_BYTES <= end; at = Netlink.align(at + Netlink.attributeBytes(in, at))) {
            if (!Netlink.hasAttribute(in, at, end)) {
                return true;
            }
            int type = Netlink.attributeType(in, at);
            int value = at + Netlink.ATTRIBUTE_HEADER_BYTES;
            if (type == NFTA_CHAIN_TYPE) {
                nat = text(in, value, at + Netlink.attributeBytes(in, at) - value).equals(NAT);
            } else if (type == NFTA_CHAIN_USE) {
                used = in.getInt(value) != 0;
            } else if (type == NFTA_CHAIN_HOOK) { // whose value is an attribute again
                leaving = Netlink.attributeType(in, value) != NFTA_HOOK_HOOKNUM
                        || Integer.reverseBytes(in.getInt(value + Netlink.ATTRIBUTE_HEADER_BYTES)) == NF_INET_LOCAL_OUT;
            }
        }
        return nat && leaving && used;
    }

    private static String text(ByteBuffer in, int from, int length) {
        byte[] bytes = new byte[length];
        in.get(from, bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1).replace("\0", "");
    }

    /** The table is there if it is named: asking for it would make it. Without rules of OUTPUT, what it begins with is what it ends with. */
    private boolean legacyTranslates(Family family) {
        boolean v6 = family.equals(Family.INET6);
        if (!Mounts.lines(proc.read(v6 ? "self/net/ip6_tables_names" : "self/net/ip_tables_names")).contains(NAT)) {
            return false;
        }
        long fd = Libc.SYSCALL.call(SOCKET, family.number(), SOCK_DGRAM_CLOEXEC, 0, 0, 0);
        if (fd < 0) {
            return true;
        }
        byte[] name = new byte[INFO_BYTES];
        System.arraycopy(NAT.getBytes(StandardCharsets.ISO_8859_1), 0, name, 0, NAT.length());
        NativeMemory.IO.putByteArray(buffer, name, 0, INFO_BYTES);
        NativeMemory.IO.putInt(buffer + INFO_BYTES, INFO_BYTES);
        long rc = Libc.GETSOCKOPT.call(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, IPT_SO_GET_INFO, buffer, buffer + INFO_BYTES);
        Libc.CLOSE.call(fd);
        long output = buffer + 4L * NF_INET_LOCAL_OUT;
        return rc < 0 || NativeMemory.IO.getInt(output + HOOK_ENTRY) != NativeMemory.IO.getInt(output + UNDERFLOW);
    }
}
