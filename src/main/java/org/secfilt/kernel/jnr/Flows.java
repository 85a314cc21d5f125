package org.secfilt.kernel.jnr;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Family;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Protocol;

/**
 * What the kernel remembers of flows to one port, in this network namespace. As long as packets of a flow come, it asks no rule of the table nat
 * again: where the first one went, or did not go, all go. One thread only.
 */
final class Flows {
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
    private static final int CTA_PROTO_NUM = 1;
    private static final int CTA_PROTO_DST_PORT = 3;
    /** struct nfgenmsg, between the header and the attributes. */
    private static final int FAMILY_BYTES = 4;
    /** No part of the kernel's answer is longer. // net/netlink/af_netlink.c netlink_dump() */
    private static final int BUFFER_BYTES = 32 << 10;
    /** So many replies are a million flows, more than a kernel keeps by itself: they come faster than they are read. */
    private static final int MAX_REPLIES = 10_000;

    private final Protocol protocol;
    private final int port;
    private final List<Cidr> to;
    private final List<Cidr> leading;
    private final List<Cidr> except;
    private final boolean v4;
    private final byte family;
    private final long buffer = NativeMemory.allocate(BUFFER_BYTES);
    private final List<byte[]> deletions = new ArrayList<>();

    /** As {@link org.secfilt.kernel.Networks#forgetFlows}. */
    Flows(Protocol protocol, int port, List<Cidr> to, List<Cidr> leading, List<Cidr> except) {
        this.protocol = protocol;
        this.port = port;
        this.to = to;
        this.leading = leading;
        this.except = except;
        this.v4 = leading.get(0).first().isV4();
        this.family = (byte) (v4 ? Family.INET : Family.INET6).number();
    }

    /** All are looked for first: who deletes while the kernel tells makes it pass over some. */
    void forget() {
        int fd = Netlink.open(Netlink.NETFILTER);
        if (fd < 0) {
            return;
        }
        boolean more = send(fd, message(IPCTNL_MSG_CT_GET, Netlink.REQUEST_DUMP, new byte[0]));
        for (int i = 0; i < MAX_REPLIES && more; i++) {
            more = look(receive(fd));
        }
        for (byte[] deletion : deletions) {
            if (send(fd, deletion)) {
                receive(fd); // ENOENT: it ended by itself meanwhile
            }
        }
        Libc.CLOSE.call(fd);
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
        if (sent.isEmpty() || answered.isEmpty()) {
            return false;
        }
        byte[] ports = attribute(sent.get(), CTA_TUPLE_PROTO).orElse(new byte[0]);
        Optional<byte[]> number = attribute(ports, CTA_PROTO_NUM);
        Optional<byte[]> sentTo = attribute(ports, CTA_PROTO_DST_PORT);
        if (number.isEmpty() || sentTo.isEmpty() || number.get()[0] != protocol.number()
                || ByteBuffer.wrap(sentTo.get()).getShort() != (short) port) {
            return false;
        }
        Optional<IpAddress> target = address(sent.get(), CTA_IP_V4_DST, CTA_IP_V6_DST);
        Optional<IpAddress> answerer = address(answered.get(), CTA_IP_V4_SRC, CTA_IP_V6_SRC);
        return target.isPresent() && answerer.isPresent() && isAmong(to, target.get())
                && isAmong(leading, answerer.get()) && !isAmong(except, answerer.get());
    }

    private static boolean isAmong(List<Cidr> networks, IpAddress address) {
        for (Cidr cidr : networks) {
            if (cidr.contains(address)) {
                return true;
            }
        }
        return false;
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
