package org.secfilt.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.secfilt.plan.Capability;
import org.secfilt.plan.Plan;
import org.secfilt.plan.SocketOptions;

/**
 * The calls that take a capability whatever they are told, of those that root's command runs without; not such as some ways of calling them do
 * without. capabilities(7)
 */
final class CapabilityCalls {
    private static final int IPPROTO_TCP = 6; // linux/in.h
    private static final Map<String, Capability> CALLS = Map.ofEntries(
            Map.entry("init_module", Capability.SYS_MODULE), Map.entry("finit_module", Capability.SYS_MODULE),
            Map.entry("delete_module", Capability.SYS_MODULE), Map.entry("kexec_load", Capability.SYS_BOOT),
            Map.entry("kexec_file_load", Capability.SYS_BOOT), Map.entry("reboot", Capability.SYS_BOOT),
            Map.entry("open_by_handle_at", Capability.DAC_READ_SEARCH), Map.entry("umount2", Capability.SYS_ADMIN),
            Map.entry("swapon", Capability.SYS_ADMIN), Map.entry("swapoff", Capability.SYS_ADMIN),
            Map.entry("pivot_root", Capability.SYS_ADMIN), Map.entry("sethostname", Capability.SYS_ADMIN),
            Map.entry("setdomainname", Capability.SYS_ADMIN));

    /** @param raw whether CAP_NET_RAW does as well as CAP_NET_ADMIN */
    private record Row(int level, boolean raw, int... options) {}

    private static final Row[] ROWS = {
        new Row(SocketOptions.SOL_SOCKET, false, 32, 33), // SO_SNDBUFFORCE, SO_RCVBUFFORCE // asm-generic/socket.h
        new Row(SocketOptions.SOL_SOCKET, true, 36), // SO_MARK
        new Row(SocketOptions.IPPROTO_IP, false, 16, 17, 64), // IP_IPSEC_POLICY, IP_XFRM_POLICY, IPT_SO_SET_REPLACE // linux/in.h
        new Row(SocketOptions.IPPROTO_IPV6, false, 34, 35, 64), // IPV6_IPSEC_POLICY, IPV6_XFRM_POLICY, IP6T_SO_SET_REPLACE // linux/in6.h
        new Row(IPPROTO_TCP, false, 19), // TCP_REPAIR // linux/tcp.h
    };

    private CapabilityCalls() {}

    /** What becomes of a call that the filter allows; empty if no capability that is dropped decides. */
    static Optional<String> words(Plan plan, Call call) {
        List<Capability> enough = enough(call);
        return enough.isEmpty() || !plan.droppedCapabilities().containsAll(enough) ? Optional.empty()
                : Optional.of("the filter lets it through, and the kernel refuses it for want of CAP_" + enough.get(0)
                        + ", without which root's command runs");
    }

    /** Each of them is enough alone; none if it takes none. */
    private static List<Capability> enough(Call call) {
        List<Capability> enough = new ArrayList<>();
        if (CALLS.containsKey(call.name())) {
            enough.add(CALLS.get(call.name()));
        }
        for (Row row : call.name().equals("setsockopt") ? ROWS : new Row[0]) {
            for (int option : row.options) {
                if (row.level == (int) call.argument(1) && option == (int) call.argument(2)) {
                    enough.add(Capability.NET_ADMIN);
                    enough.addAll(row.raw ? List.of(Capability.NET_RAW) : List.of());
                }
            }
        }
        return enough;
    }
}
