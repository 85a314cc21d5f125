package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;

/**
 * What the kernel remembers of flows of one family, in this network namespace. As long as packets of a flow come, it asks no rule of the table nat
 * again: where the first one went, or did not go, all go. One thread only.
 */
abstract class Flows {
    // linux/netfilter/nfnetlink.h, linux/netfilter/nfnetlink_conntrack.h
    private static final int IPCTNL_MSG_CT_NEW = 1 << 8;
    private static final int IPCTNL_MSG_CT_GET = 1 << 8 | 1;
    private static final int IPCTNL_MSG_CT_DELETE = 1 << 8 | 2;
    private static final int CTA_TUPLE_ORIG = 1;
    private static final int CTA_TUPLE_REPLY = 2;
    private static final int CTA_ID = 12;
    private static final int CTA_ZONE = 18;
    private static final int CTA_TUPLE_IP = 1;
    private static final int CTA_TUPLE_PROTO = 2;
    private static final int CTA_IP_V4_SRC = 1;
    private static final int CTA_IP_V4_DST = 2;
    private static final int CTA_IP_V6_SRC = 3;
    private static final int CTA_IP_V6_DST = 4;
    private static final int CTA_PROTO_DST_PORT = 3;
    /** struct nfgenmsg, between the header and the attributes. */
    private static final int FAMILY_BYTES = 4;
    /** No part of the kernel's answer is longer. // net/netlink/af_netlink.c netlink_dump() */
    private static final int BUFFER_BYTES = 32 << 10;
    /** So many replies are a million flows, more than a kernel keeps by itself: they come faster than they are read. */
    private static final int MAX_REPLIES = 10_000;
    /** So many are named at a time, a megabyte of Java's memory: a command may have begun as many as the kernel keeps. */
    private static final int PASS_FLOWS = 8192;
    private static final int MAX_PASSES = 128;

    private final boolean v4;
    private final byte family;
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);
    private final List<byte[]> deletions = new ArrayList<>();

    Flows(boolean v4) {
        this.v4 = v4;
        this.family = (byte) (v4 ? Family.INET : Family.INET6).number();
    }

    /** Whether it is to be forgotten. The tuples are nested attributes, as the kernel wrote them: of the first packet, and of an answer. */
    abstract boolean isStale(byte[] sent, byte[] answered);

    void forget() {
        for (int i = 0; i < MAX_PASSES && pass(); i++) {
            deletions.clear();
        }
    }

    /** Looks for them first: who deletes while the kernel tells makes it pass over some. @return whether there may be more */
    private boolean pass() {
        long fd = Netlink.open(Netlink.NETFILTER);
        if (fd < 0) {
            return false;
        }
        boolean more = send(fd, message(IPCTNL_MSG_CT_GET, Netlink.REQUEST_DUMP, new byte[0]));
        for (int i = 0; i < MAX_REPLIES && more && deletions.size() < PASS_FLOWS; i++) {
            more = look(receive(fd));
        }
        Libc.CLOSE.call(fd); // with what it had still to tell
        fd = Netlink.open(Netlink.NETFILTER);
        for (byte[] deletion : deletions) {
            if (send(fd, deletion)) {
                receive(fd); // ENOENT: it ended by itself meanwhile
            }
        }
        if (fd >= 0) {
            Libc.CLOSE.call(fd);
        }
        return more && fd >= 0;
    }

    private byte[] message(int type, int flags, byte[] attributes) {
        return Netlink.message(type, flags, FAMILY_BYTES + attributes.length)
                .put(family).put((byte) 0).putShort((short) 0)
                .put(attributes)
                .array();
    }

    private boolean send(long fd, byte[] message) {
        NativeMemory.IO.putByteArray(buffer, message, 0, message.length);
        return Libc.WRITE.call(fd, buffer, message.length) == message.length;
    }

    private byte[] receive(long fd) {
        byte[] reply = new byte[(int) Math.max(0, Libc.READ.call(fd, buffer, BUFFER_BYTES))];
        NativeMemory.IO.getByteArray(buffer, reply, 0, reply.length);
        return reply;
    }

    /** @return whether there are more replies to come */
    private boolean look(byte[] reply) {
        ByteBuffer in = Netlink.of(reply);
        for (int at = 0; at + Netlink.HEADER_BYTES <= reply.length; ) {
            int attributes = at + Netlink.HEADER_BYTES + FAMILY_BYTES;
            int end = Netlink.end(in, at);
            if (Netlink.type(in, at) != IPCTNL_MSG_CT_NEW || end < attributes || end > reply.length) {
                return false; // the end, or an error
            }
            byte[] flow = Arrays.copyOfRange(reply, attributes, end);
            if (isStale(flow)) {
                deletions.add(message(IPCTNL_MSG_CT_DELETE, Netlink.REQUEST_ACK, name(flow)));
            }
            at = Netlink.align(end);
        }
        return reply.length > 0;
    }

    private boolean isStale(byte[] flow) {
        Optional<byte[]> sent = attribute(flow, CTA_TUPLE_ORIG);
        Optional<byte[]> answered = attribute(flow, CTA_TUPLE_REPLY);
        return sent.isPresent() && answered.isPresent() && isStale(sent.get(), answered.get());
    }

    final Optional<IpAddress> source(byte[] tuple) {
        return address(tuple, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
    }

    final Optional<IpAddress> destination(byte[] tuple) {
        return address(tuple, CTA_IP_V4_DST, CTA_IP_V6_DST);
    }

    static boolean isAmong(List<Cidr> networks, IpAddress address) {
        for (Cidr cidr : networks) {
            if (cidr.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** What the tuple says of its protocol, and of that what is asked for: in network byte order. */
    static Optional<byte[]> ofProtocol(byte[] tuple, int attribute) {
        return attribute(attribute(tuple, CTA_TUPLE_PROTO).orElse(new byte[0]), attribute);
    }

    /** The port that it goes to; none of a protocol without ports. */
    static OptionalInt portTo(byte[] tuple) {
        Optional<byte[]> port = ofProtocol(tuple, CTA_PROTO_DST_PORT);
        return port.isPresent() ? OptionalInt.of(Short.toUnsignedInt(ByteBuffer.wrap(port.get()).getShort())) : OptionalInt.empty();
    }

    private Optional<IpAddress> address(byte[] tuple, int v4, int v6) {
        Optional<byte[]> address = attribute(attribute(tuple, CTA_TUPLE_IP).orElse(new byte[0]), this.v4 ? v4 : v6);
        return address.isPresent() ? Optional.of(IpAddress.ofBytes(address.get())) : Optional.empty();
    }

    /** What tells a flow from all others, and from one like it that begins later: as the kernel wrote it. */
    private static byte[] name(byte[] flow) {
        ByteBuffer name = ByteBuffer.allocate(flow.length);
        ByteBuffer in = Netlink.of(flow);
        for (int at = 0; Netlink.hasAttribute(in, at, flow.length); at = Netlink.align(at + Netlink.attributeBytes(in, at))) {
            int type = Netlink.attributeType(in, at);
            if (type == CTA_TUPLE_ORIG || type == CTA_ID || type == CTA_ZONE) {
                name.put(flow, at, Math.min(Netlink.align(Netlink.attributeBytes(in, at)), flow.length - at));
            }
        }
        return Arrays.copyOf(name.array(), name.position());
    }

    private static Optional<byte[]> attribute(byte[] attributes, int wanted) {
        ByteBuffer in = Netlink.of(attributes);
        for (int at = 0; Netlink.hasAttribute(in, at, attributes.length); at = Netlink.align(at + Netlink.attributeBytes(in, at))) {
            if (Netlink.attributeType(in, at) == wanted) {
                return Optional.of(Arrays.copyOfRange(attributes, at + Netlink.ATTRIBUTE_HEADER_BYTES, at + Netlink.attributeBytes(in, at)));
            }
        }
        return Optional.empty();
    }
}
