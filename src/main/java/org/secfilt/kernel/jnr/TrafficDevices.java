package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.kernel.OpenDescriptor.Kind;

/**
 * Character devices that make traffic without sockets, by their numbers: mknod(2) makes one under any name. Those whose numbers the kernel gives
 * out as it goes stand in /proc/devices and /proc/misc (proc(5)) by name.
 */
final class TrafficDevices {
    // linux/major.h, linux/miscdevice.h, linux/ppp_defs.h
    private static final int MISC_MAJOR = 10;
    private static final int PPP_MAJOR = 108;
    private static final int TUN_MINOR = 200;
    private static final int VHOST_NET_MINOR = 238;
    private static final int VHOST_VSOCK_MINOR = 241;
    /** Below are the numbers that never change: memory, terminals, disks; misc and ppp are among them. */
    private static final int FIRST_GIVEN_OUT = 231; // linux/fs.h CHRDEV_MAJOR_DYN_END is 234; InfiniBand has 231

    private TrafficDevices() {}

    /** Whether the tables have to be read for a device of this number. */
    static boolean isGivenOut(int major) {
        return major == MISC_MAJOR || major >= FIRST_GIVEN_OUT;
    }

    /**
     * @param devices the text of /proc/devices
     * @param misc the text of /proc/misc
     */
    static Optional<Kind> kind(int major, int minor, String devices, String misc) {
        if (major == PPP_MAJOR) {
            return Optional.of(Kind.DEVICE);
        }
        if (major == MISC_MAJOR) {
            return misc(minor, misc);
        }
        if (has(devices, major, "macvtap") || has(devices, major, "ipvtap")) {
            return Optional.of(Kind.TUNNEL);
        }
        return has(devices, major, "infiniband") ? Optional.of(Kind.DEVICE) : Optional.empty();
    }

    private static Optional<Kind> misc(int minor, String misc) {
        return switch (minor) {
            case TUN_MINOR, VHOST_NET_MINOR -> Optional.of(Kind.TUNNEL);
            case VHOST_VSOCK_MINOR -> Optional.of(Kind.DEVICE);
            default -> has(misc, minor, "rdma_cm") ? Optional.of(Kind.DEVICE) : Optional.empty();
        };
    }

    /** Lines are of a number and a name, {@code 231 infiniband_mad}; of block devices too, whose names are others. */
    private static boolean has(String table, int number, String prefix) {
        for (String line : table.split("\n")) {
            String[] words = line.trim().split(" +", 2);
            if (words.length == 2 && words[0].equals(Integer.toString(number)) && words[1].startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
