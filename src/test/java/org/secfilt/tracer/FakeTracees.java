package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.IpAddress;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.SocketCopy;
import org.secfilt.kernel.SocketFile;
import org.secfilt.kernel.SocketPaths;
import org.secfilt.kernel.TraceeMemory;
import org.secfilt.kernel.TraceeNumbers;
import org.secfilt.kernel.TraceeRights;
import org.secfilt.kernel.TraceeSockets;
import org.secfilt.kernel.TraceeStatus;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;
import org.secfilt.plan.VaultRange;

/**
 * What can be read of scripted tracees, and of their sockets. Memory may be hostile: once read it changes, as a second thread would change it. A
 * tracee can be made to die just before the n-th call of the tracer on this kernel.
 */
abstract class FakeTracees extends TracersKernel
        implements Tracees, TraceeMemory, TraceeStatus, TraceeNumbers, TraceeSockets, SocketPaths, TraceeRights {
    static final int VAULT_FD = 33;
    /** Numbers from here on, but for one, are those of processes outside of the run. */
    static final int OUTSIDE = 4000;
    static final int NUMBER_OF_NOBODY = 5000;
    static final Arch ARCH = Arch.X86_64;
    static final VaultRange RANGE = VaultRange.of(ARCH);

    /** What the kernel did for tracees: "7: connect 10.0.0.1:80". */
    final List<String> acted = new ArrayList<>();
    /** What tracees saw their calls return: "7: connect -1". */
    final List<String> returned = new ArrayList<>();
    /** Signals delivered, group-stops listened to: "7: signal 2". */
    final List<String> delivered = new ArrayList<>();
    List<byte[]> boundNames = List.of();
    /** Where a path leads; empty: to itself. */
    Optional<byte[]> leadsTo = Optional.empty();
    boolean namesLooked = true;
    Optional<Sockaddr> peer = Optional.empty();
    /** What sockets are, look after look; {@link #protocol} when the list is used up. */
    final List<Integer> protocols = new ArrayList<>();
    int protocol = 6;
    /** All wait in their calls. */
    boolean sleeps;
    /** Whether a descriptor's link says so. */
    boolean sockets = true;
    /** Signals that every process ignores. */
    Set<Integer> ignored = Set.of();
    /** Of every socket that receives, or sends. */
    long receiveLimitNanos;
    long sendLimitNanos;
    /** The tracee whose mount namespace was declared the sandbox's. */
    int trustedMounts;
    /** The processor that all tracees are on. */
    int processor;
    Whose ownGroup = Whose.OURS;
    int ownGroupNumber = 70;
    boolean listening;
    boolean bound;
    /** What sockets are named, before they listen and after. */
    Optional<Sockaddr> localWhenListening = Optional.empty();
    Sockaddr local = new Sockaddr.Inet(IpAddress.parse("0.0.0.0"), 0);
    /** Of every socket: AF_*, and whether its connection can be taken from it. */
    int domain = 1;
    /** What calls on copies answer; success where it is empty. */
    Optional<Integer> onCopies = Optional.empty();
    boolean connecting;
    boolean wasConnected;
    /** What the first call on a copy answers, once; then {@link #onCopies}. */
    Optional<Integer> onCopiesFirst = Optional.empty();
    boolean labelled;
    boolean familyMatters;
    boolean privileged;
    int unprivileged = 1024;
    /** What it is once it was asked for, if it changes then. */
    int unprivilegedLater;
    boolean ourNetwork = true;
    /** The thread that each clone makes, if any; memory waits for it, and cannot be read while its first stop is unanswered. */
    int thread;
    /** Of every process. */
    List<Integer> threads = List.of();
    boolean disconnects = true;
    Set<OpenDescriptor.Steering> steerings = Set.of();
    /** Whether every number is of somebody whom we trace. */
    boolean ours;
    boolean ourUser = true;
    final Thread tracer = Thread.currentThread();
    final Map<Integer, FakeTask> tasks = new LinkedHashMap<>();
    final TreeMap<Long, byte[]> memory = new TreeMap<>();
    private final Map<Long, byte[]> changes = new TreeMap<>();
    final FakeVault vault = new FakeVault(RANGE.lengthBytes());
    private int victim = -1;
    private int stepsToLive = Integer.MAX_VALUE;
    int steps;

    FakeTask task(int tid, Deed... deeds) {
        FakeTask task = new FakeTask(tid, List.of(deeds));
        tasks.put(tid, task);
        return task;
    }

    void remember(long address, byte[] bytes) {
        memory.put(address, bytes.clone());
    }

    /** Memory that turns into other bytes once it was read. */
    void remember(long address, byte[] bytes, byte[] afterwards) {
        remember(address, bytes);
        changes.put(address, afterwards);
    }

    byte[] memoryAt(long address) {
        return memory.get(address).clone();
    }

    void forgetMemory(long address) {
        memory.remove(address);
    }

    /** The tracee dies just before the tracer's call number {@code step}, counted from 1. */
    void killBefore(int step, int tid) {
        stepsToLive = step;
        victim = tid;
    }

    FakeTask on(int tid) {
        assertSame(tracer, Thread.currentThread(), "off the tracer thread");
        steps++;
        if (--stepsToLive == 0 && tasks.get(victim).state != FakeTask.State.DEAD) {
            tasks.get(victim).state = FakeTask.State.ZOMBIE;
        }
        FakeTask task = tasks.get(tid);
        return task == null ? new FakeTask(tid, List.of()) : task;
    }

    @Override
    public TraceeMemory memory() {
        return this;
    }

    @Override
    public TraceeStatus status() {
        return this;
    }

    @Override
    public TraceeNumbers numbers() {
        return this;
    }

    @Override
    public TraceeSockets sockets() {
        return this;
    }

    @Override
    public SocketPaths socketPaths() {
        return this;
    }

    @Override
    public TraceeRights rights() {
        return this;
    }

    @Override
    public int pidfdTarget(int tid, int fd) {
        on(tid);
        return fd; // pidfd 8 stands for process 8
    }

    @Override
    public boolean isProcess(int tid) {
        return !on(tid).thread;
    }

    @Override
    public boolean isRunning(int tid) {
        return on(tid).state != FakeTask.State.DEAD && !sleeps;
    }

    @Override
    public boolean isForced(int tid, int signal) {
        return on(tid).trapped;
    }

    @Override
    public String link(int tid, int fd) {
        on(tid);
        return "";
    }

    @Override
    public List<Integer> descriptors(int tid) {
        on(tid);
        return List.of();
    }

    @Override
    public boolean isSocket(int tid, int fd) {
        on(tid);
        return sockets;
    }

    @Override
    public boolean catches(int tid, int signal) {
        on(tid);
        return false;
    }

    @Override
    public boolean ignores(int tid, int signal) {
        on(tid);
        return ignored.contains(signal);
    }

    @Override
    public boolean isOurs(int tid) {
        on(tid);
        return ours;
    }

    /** Argument registers of a task, to see that they were put back. */
    long[] arguments(int tid) {
        return tasks.get(tid).arguments;
    }

    @Override
    public int read(int tid, long address, byte[] into, int length) {
        on(tid);
        FakeTask awaited = tasks.get(thread);
        if (awaited != null && (awaited.at == 0 || awaited.at == 1 && awaited.state == FakeTask.State.EVENT_STOP)) {
            fail("the tracer waits for ever for " + thread);
        }
        Map.Entry<Long, byte[]> region = memory.floorEntry(address);
        if (region == null || address - region.getKey() >= region.getValue().length) {
            return -Errno.EFAULT.number();
        }
        int from = (int) (address - region.getKey());
        int count = Math.min(length, region.getValue().length - from);
        System.arraycopy(region.getValue(), from, into, 0, count);
        byte[] afterwards = changes.getOrDefault(region.getKey(), region.getValue());
        System.arraycopy(afterwards, 0, region.getValue(), 0, Math.min(afterwards.length, region.getValue().length));
        return count;
    }

    @Override
    public int writeInt(int tid, long address, int value) {
        on(tid);
        delivered.add(tid + ": wrote " + value + " at 0x" + Long.toHexString(address));
        return 4;
    }

    @Override
    public byte[] comm(int tid) {
        return new byte[0];
    }

    @Override
    public int parent(int tid) {
        on(tid);
        return 1;
    }

    @Override
    public byte[] executable(int tid) {
        on(tid);
        return new byte[0];
    }

    @Override
    public List<Integer> children(int tgid) {
        return List.of();
    }

    @Override
    public List<Integer> threads(int tgid) {
        return threads;
    }

    @Override
    public int tgid(int tid) {
        return tid;
    }

    @Override
    public Whose process(int tid, int number) {
        on(tid);
        return number == NUMBER_OF_NOBODY ? Whose.NOBODYS : number >= OUTSIDE ? Whose.OTHERS : Whose.OURS;
    }

    @Override
    public Whose group(int tid, int number) {
        return process(tid, number);
    }

    @Override
    public OwnGroup ownGroup(int tid) {
        on(tid);
        return new OwnGroup(ownGroupNumber, ownGroup);
    }

    @Override
    public Optional<SocketCopy> copy(int tid, int fd) {
        on(tid);
        return Optional.of(new FakeSocket(this, tid, fd));
    }

    @Override
    public int error(int tid, int fd) {
        return -Errno.ENOTSOCK.number();
    }

    @Override
    public boolean hasOurUser(int tid) {
        return ourUser;
    }

    @Override
    public boolean hasOurLabel(int tid) {
        return !labelled;
    }

    @Override
    public boolean familyMatters() {
        return familyMatters;
    }

    @Override
    public boolean mayBindPrivilegedPorts(int tid) {
        return privileged;
    }

    @Override
    public int firstUnprivilegedPort() {
        int now = unprivileged;
        unprivileged = unprivilegedLater == 0 ? unprivileged : unprivilegedLater;
        return now;
    }

    @Override
    public Optional<OpenDescriptor> carrier(int tid, int fd) {
        return Optional.empty();
    }

    @Override
    public int write(int tid, long address, byte[] from, int length) {
        on(tid);
        Map.Entry<Long, byte[]> region = memory.floorEntry(address);
        int at = region == null ? 0 : (int) Math.min(address - region.getKey(), Integer.MAX_VALUE);
        if (region == null || region.getValue().length - at < length) {
            return -Errno.EFAULT.number();
        }
        System.arraycopy(from, 0, region.getValue(), at, length);
        return length;
    }

    @Override
    public int processor(int tid) {
        return processor;
    }

    @Override
    public int vaultMapping(int tid, Vault vault) {
        FakeTask task = on(tid);
        return task.vaultPlaceTaken ? -1 : task.mapped ? 1 : 0;
    }

    @Override
    public void trustMounts(int tid) {
        on(tid);
        trustedMounts = tid;
    }

    @Override
    public Optional<SocketFile> follow(int tid, byte[] path, boolean names) {
        return Optional.of(new FakeSocketFile(leadsTo.orElse(path), names ? boundNames : List.of(), !names || namesLooked, true));
    }
}
