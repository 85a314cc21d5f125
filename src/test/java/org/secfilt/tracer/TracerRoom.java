package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Cidr;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.abi.SocketKind;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Vault;
import org.secfilt.plan.Host;
import org.secfilt.plan.HostFirewall;
import org.secfilt.plan.Plan;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Access;
import org.secfilt.policy.FileAccess;
import org.secfilt.policy.Inherit;
import org.secfilt.policy.Match;
import org.secfilt.policy.Mode;
import org.secfilt.policy.Origin;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Rule;
import org.secfilt.verdict.Verdict;

/** A supervisor on a kernel of our own, where every interleaving can be had and every death. */
abstract class TracerRoom {
    protected static final int TID = 7;
    protected static final long V = 0x552a00000000L;
    protected static final long EPERM = -Errno.EPERM.number();
    protected static final byte[] ALLOWED = address("10.0.0.1", 80);
    protected static final byte[] FORBIDDEN = address("10.9.9.9", 80);

    protected final FakeKernel kernel = new FakeKernel();
    protected final List<String> reported = new ArrayList<>();
    List<ByteString> writable = List.of();
    Optional<Keeper> keeper = Optional.empty();
    protected FileAccess files = FileAccess.OPEN;
    Optional<Protocol> protocol = Optional.empty();
    protected boolean hearsOfAllowed;
    boolean firewalled;
    /** Whether the filter has the supervisor notified of judged calls. */
    protected boolean notifies;
    /** Whether the command inherits internet sockets. */
    protected boolean outsiders;
    Optional<String> rawSocketDenial = Optional.empty();
    Optional<Integer> violationExit = Optional.empty();

    /** How often a call's socket is looked at before the call stops, where it was notified of first: for the verdict, and on the copy. */
    protected int looksBefore() {
        return notifies ? 2 : 0;
    }

    protected static byte[] address(String ip, int port) {
        return new Sockaddr.Inet(IpAddress.parse(ip), port).encode();
    }

    protected Plan plan() {
        Access connect = new Access(
                Mode.DENY,
                Origin.flag("--allowed-netmask"),
                List.of(new Rule(
                        new Match.Inet(List.of(Cidr.parse("10.0.0.0/24"), Cidr.parse("127.0.0.0/8")), List.of(), protocol),
                        Optional.empty(),
                        Origin.flag("--allowed-netmask=10.0.0.0/24"))),
                List.of());
        Access unix = new Access(
                Mode.ALLOW,
                Origin.DEFAULT,
                List.of(),
                List.of(new Rule(new Match.UnixPath("/run/docker.sock"), Optional.empty(), Origin.file("ci.yaml", 3, 7))));
        Policy policy = new Policy(Optional.empty(), connect, connect, unix, Optional.empty(), Errno.EPERM, Inherit.CLOSE,
                Policy.OPEN.firewall(), violationExit, Policy.OPEN.surroundings(), files);
        try {
            return Plan.of(policy, new Host(Arch.X86_64, files.readOnly().isPresent() ? 2 : 0, false,
                    firewalled ? new HostFirewall(Optional.empty(), true) : HostFirewall.NONE));
        } catch (RefusedPolicyException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs the scripted tracees to their end; the first is the command, past its execve. */
    protected void run() {
        Plan plan = plan();
        Vault vault = kernel.vault(plan.vault().address(), plan.vault().lengthBytes());
        Tracer tracer = new Tracer(kernel, vault, keeper, plan, watch(), TID, notifies, outsiders, writable);
        kernel.notifies = notifies;
        tracer.seize();
        tracer.run();
        assertEquals(Set.of(), kernel.vault.expected(), "vault calls still awaited");
        assertTrue(tracer.isIdle(), "slots or tasks left over");
    }

    Watch watch() {
        return new Recorder();
    }

    protected void runWith(Deed... deeds) {
        command(deeds);
        run();
    }

    /** The ready stop comes first, as the launch script has it. */
    FakeTask command(Deed... deeds) {
        Deed[] all = new Deed[deeds.length + 1];
        all[0] = Deed.call("munmap", V, 4 << 20);
        System.arraycopy(deeds, 0, all, 1, deeds.length);
        return kernel.task(TID, all);
    }

    protected static Deed connect(long address) {
        return Deed.call("connect", 3, address, 16);
    }

    protected static byte[] message(long name, int length) {
        return ByteBuffer.allocate(Msghdr.BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(name)
                .putInt(length)
                .array();
    }

    protected List<String> named(String call) {
        List<String> found = new ArrayList<>();
        for (String act : kernel.acted) {
            if (act.contains(": " + call)) {
                found.add(act);
            }
        }
        return found;
    }

    private final class Recorder implements Watch {
        @Override
        public void killing() {}

        @Override
        public int ready(NotifiedCalls notified) {
            reported.add("ready");
            if (notifies) {
                notified.prepare();
                kernel.notified = notified;
            }
            return 0;
        }

        @Override
        public void executed() {
            reported.add("executed");
        }

        @Override
        public boolean denied(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
            reported.add(call + destination.map(d -> " " + d).orElse(""));
            return true;
        }

        @Override
        public boolean waitsForProcesses() {
            return false;
        }

        @Override
        public boolean looksAtSockets() {
            return false;
        }

        @Override
        public void connecting(int tid, Sockaddr destination, SocketKind socket) {}

        @Override
        public boolean ending(int process) {
            return false;
        }

        @Override
        public void deniedAfterwards(int tid, String call, Optional<Sockaddr> destination, SocketKind socket, Verdict.Deny why) {
            denied(tid, call, destination, socket, why);
        }

        @Override
        public void deniedFile(int tid, String call, ByteString path, Verdict.Deny why) {
            reported.add(call + " " + path + ": " + why.why());
        }

        @Override
        public Optional<String> rawSocket() {
            return rawSocketDenial;
        }

        @Override
        public boolean hearsOfAllowed() {
            return hearsOfAllowed;
        }

        @Override
        public void allowed(int tid, String call, Optional<Sockaddr> destination, SocketKind socket) {
            reported.add("allowed " + call + destination.map(d -> " " + d).orElse(""));
        }

        @Override
        public void initEnding() {
            throw new AssertionError("no process 1 here");
        }

        @Override
        public void commandEnded(boolean killed, int status, boolean alone) {
            reported.add("command ended");
        }
    }
}
