package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Sockaddr;
import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.FileChange;
import org.secfilt.kernel.FileChanges;
import org.secfilt.kernel.FileTarget;
import org.secfilt.kernel.OpenDescriptor;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.SyscallStop;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;
import org.secfilt.kernel.WaitEvent;
import org.secfilt.plan.VaultRange;

/**
 * A kernel with scripted tracees. Each makes its calls in order; what a call would do to the world is written down in {@link #acted}.
 * Memory may be hostile: once read it changes, as a second thread would change it. A tracee can be made to die
 * just before the n-th call of the tracer on this kernel.
 */
final class FakeKernel extends TracersKernel implements Ptrace, Tracees, Affinity, FileChanges {
    static final int VAULT_FD = 33;
    /** Numbers from here on, but for one, are those of processes outside of the run. */
    static final int OUTSIDE = 4000;
    static final int NUMBER_OF_NOBODY = 5000;
    /** Where what is mapped without a hint comes to lie. */
    static final long ELSEWHERE = 0x7f00_0000_0000L;
    private static final int I386 = 0x40000003; // linux/audit.h AUDIT_ARCH_I386
    private static final Arch ARCH = Arch.X86_64;
    private static final VaultRange RANGE = VaultRange.of(ARCH);

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
    /** The tracee whose mount namespace was declared the sandbox's. */
    int trustedMounts;
    /** The processor that all tracees are on. */
    int processor;
    Whose ownGroup = Whose.OURS;
    boolean listening;
    boolean bound;
    /** What sockets are named, before they listen and after. */
    Optional<Sockaddr> localWhenListening = Optional.empty();
    Sockaddr local = new Sockaddr.Inet(org.secfilt.abi.IpAddress.parse("0.0.0.0"), 0);

    /** Of every socket: AF_*, and whether its connection can be taken from it. */
    int domain = 1;
    /** What calls on copies answer; success where it is empty. */
    Optional<Integer> onCopies = Optional.empty();
    /** What a connect or bind that a tracee makes answers. */
    int connected;
    boolean labelled;
    /** The thread that each clone makes, if any; memory waits for it, and cannot be read while its first stop is unanswered. */
    int thread;
    boolean disconnects = true;
    Set<OpenDescriptor.Steering> steerings = Set.of();
    /** A filter that the tracee has itself answers all calls with EACCES, when they are made again. */
    boolean ownFilterRefuses;
    /** Those of the tracee's own. */
    boolean marksStay;
    /** Whether every number is of somebody whom we trace. */
    boolean ours;
    private boolean rung;
    boolean ourUser = true;
    /** What a recvmsg answers. */
    int received = 4;
    /** What a recvmsg puts where the control data is to go. */
    byte[] handed = new byte[0];
    /** Run while a recvmsg is under way, as another thread would. */
    Runnable meanwhile = () -> { };

    private final Thread tracer = Thread.currentThread();
    private final Map<Integer, FakeTask> tasks = new LinkedHashMap<>();
    private final TreeMap<Long, byte[]> memory = new TreeMap<>();
    private final Map<Long, byte[]> changes = new TreeMap<>();
    final FakeVault vault = new FakeVault(RANGE.lengthBytes());
    private int victim = -1;
    private int stepsToLive = Integer.MAX_VALUE;
    int steps;
    final List<String> permitted = new ArrayList<>();
    int permitResult;

    /** Who answers notified calls; null where none are notified of. */
    NotifiedCalls notified;
    /** Whether there will be somebody, from the first stop on. */
    boolean notifies;

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

    private static boolean stopped(FakeTask task) {
        return task.state == FakeTask.State.SECCOMP_STOP
                || task.state == FakeTask.State.ENTER_STOP
                || task.state == FakeTask.State.EXIT_STOP
                || task.state == FakeTask.State.SIGNAL_STOP
                || task.state == FakeTask.State.EVENT_STOP;
    }

    /** In this order stops are told. The oldest comes first where the others were slower. // kernel/ptrace.c __ptrace_link() */
    boolean newestFirst = true;

    /** Whether {@link #poll} is told of a stop, whatever the tasks do. */
    boolean stopsAtOnce;

    private static final int GONE = -Errno.ESRCH.number();

    // ---- waiting

    @Override
    public int await(WaitEvent event) {
        on(-1);
        boolean heard = rung;
        if (!heard && look(event)) {
            return 0;
        }
        heard |= rung;
        rung = false;
        if (heard) {
            return -Errno.EINTR.number();
        }
        for (FakeTask task : tasks.values()) {
            if (task.state != FakeTask.State.DEAD) {
                fail("the tracer waits for ever for " + task.tid + ", which is " + task.state + ": " + returned);
            }
        }
        return -Errno.ECHILD.number();
    }

    @Override
    public boolean poll(WaitEvent event) {
        return stopsAtOnce || look(event);
    }

    private boolean look(WaitEvent event) {
        List<Integer> order = new ArrayList<>(tasks.keySet());
        if (newestFirst) {
            Collections.reverse(order);
        }
        for (int tid : order) {
            if (awaitBriefly(tid, event)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean poll(int tid, WaitEvent event) {
        return awaitBriefly(tid, event);
    }

    @Override
    public boolean awaitBriefly(int tid, WaitEvent event) {
        FakeTask task = on(tid);
        if (notifies && notified == null && tid != tasks.keySet().iterator().next()) {
            return false; // the command is not there yet, that made it
        }
        if (task.state == FakeTask.State.RUNNING && notified != null && task.at == 0 && !task.untraced) {
            task.untraced = true; // its first stop is no deed of its own
            task.status = PTRACE_EVENT_STOP << 8 | 5;
            task.state = FakeTask.State.EVENT_STOP;
        }
        while (task.state == FakeTask.State.RUNNING) {
            advance(task);
        }
        if (task.state == FakeTask.State.ZOMBIE) {
            event.set(tid, true, 0);
        } else if (stopped(task)) {
            event.set(tid, false, status(task));
        }
        return task.state == FakeTask.State.ZOMBIE || stopped(task);
    }

    @Override
    public boolean pollEnd(int tid, WaitEvent event) {
        if (on(tid).state != FakeTask.State.ZOMBIE) {
            return false;
        }
        event.set(tid, true, 0);
        return true;
    }

    @Override
    public int pidfdTarget(int tid, int fd) {
        on(tid);
        return fd; // pidfd 8 stands for process 8
    }

    private static int status(FakeTask task) {
        return switch (task.state) {
            case SECCOMP_STOP -> PTRACE_EVENT_SECCOMP << 8 | 5;
            case EXIT_STOP, ENTER_STOP -> 0x85;
            default -> task.status;
        };
    }

    private void advance(FakeTask task) {
        if (task.at == task.deeds.size()) {
            task.state = FakeTask.State.ZOMBIE;
            return;
        }
        Deed deed = task.deeds.get(task.at++);
        if (deed.stopStatus() != 0) {
            if (!deed.call().isEmpty()) {
                task.number = ARCH.syscalls().nr(deed.call());
                task.arguments = deed.arguments().clone();
                task.result = deed.result();
            }
            task.status = deed.stopStatus();
            task.mapped &= !task.forgetsVaultAtExec;
            if (deed.stopStatus() >> 8 == PTRACE_EVENT_EXEC) {
                if (!task.tellsExec) {
                    return;
                }
                task.execsTold++;
            }
            task.state = deed.stopStatus() >> 8 == 0 ? FakeTask.State.SIGNAL_STOP : FakeTask.State.EVENT_STOP;
            return;
        }
        task.made = deed.call();
        int entry = deed.call().indexOf(':');
        int number = entry < 0 ? ARCH.syscalls().nr(deed.call()) : Integer.parseInt(deed.call().substring(entry + 1));
        task.number = deed.call().startsWith("x32") ? number | Arch.X32_SYSCALL_BIT : number;
        task.audit = deed.call().startsWith("i386") ? I386 : ARCH.audit();
        task.arguments = deed.arguments().clone();
        make(task);
    }

    /** As the filter has it. */
    private void make(FakeTask task) {
        task.restarts = false;
        task.left = false;
        boolean asks = asks(task);
        task.state = asks ? FakeTask.State.NOTIFIED : FakeTask.State.SECCOMP_STOP;
        if (asks) {
            FakeNotification notification = new FakeNotification(this, task);
            assertTrue(notified.answer(notification), task.made);
            assertTrue(task.left || task.state != FakeTask.State.NOTIFIED, "no answer to " + task.made);
        }
    }

    private boolean asks(FakeTask task) {
        String name = task.audit == I386 ? "" : ARCH.syscalls().name((int) task.number).orElse("");
        int length = (int) task.arguments[name.equals("sendto") ? 5 : 2];
        return notified != null && List.of("connect", "bind", "sendto").contains(name) && task.instructionPointer >>> 32 != RANGE.highWord()
                && (length == Sockaddr.INET_LENGTH || length == Sockaddr.INET6_LENGTH);
    }

    private static void nextSignal(FakeTask task) {
        task.status = task.signals.remove(0);
        task.state = FakeTask.State.SIGNAL_STOP;
    }

    @Override
    public void ring() {
        rung = true;
    }

    @Override
    public int interrupt(int tid) {
        FakeTask task = on(tid);
        if (task.state == FakeTask.State.ZOMBIE || task.state == FakeTask.State.DEAD) {
            return GONE;
        }
        task.interrupts = true;
        return 0;
    }

    /** Out of a stop that is of no call's: with a signal that has a handler, or with none. */
    private void goOn(FakeTask task, int signal, boolean toCall) {
        if (!task.signals.isEmpty() && !task.blocked) {
            nextSignal(task);
        } else if (task.restarts) {
            task.restarts = false;
            if (!task.becomes.isEmpty()) {
                task.made = task.becomes;
                task.number = ARCH.syscalls().nr(task.becomes);
            }
            if (toCall) {
                task.state = FakeTask.State.ENTER_STOP;
            } else {
                make(task);
            }
        } else {
            task.state = FakeTask.State.RUNNING;
        }
    }

    @Override
    public int setExitCode(int tid, SyscallStop stop, int code) {
        assertEquals(on(tid).audit == I386, stop.audit() == I386, "whose registers?");
        return setArgument(tid, 0, code);
    }

    @Override
    public int setInstructionPointer(int tid, long address) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.instructionPointer = address;
        return 0;
    }

    @Override
    public int blockSignals(int tid, long[] former) {
        former[0] = 77;
        return setBlocked(tid, true);
    }

    @Override
    public int setSignalMask(int tid, long mask) {
        assertEquals(77, mask, "another mask than was taken");
        return setBlocked(tid, false);
    }

    private int setBlocked(int tid, boolean blocked) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.blocked = blocked;
        return 0;
    }

    @Override
    public void reap(int tid) {
        FakeTask task = on(tid);
        if (task.state != FakeTask.State.ZOMBIE) {
            fail("reaped " + tid + " in " + task.state);
        }
        task.state = FakeTask.State.DEAD;
    }

    // ---- resuming

    @Override
    public int seize(int pid, int options) {
        on(pid);
        return 0;
    }

    @Override
    public int setOptions(int tid, int options) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.tellsExec = (options & PTRACE_O_TRACEEXEC) != 0;
        return 0;
    }

    @Override
    public int resume(int tid, int signal) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        if (signal != 0) {
            delivered.add(tid + ": signal " + signal);
        }
        if (task.state == FakeTask.State.SECCOMP_STOP) {
            execute(task);
            returns(task);
        } else if (task.state == FakeTask.State.EXIT_STOP && task.rewound && task.stopsWithDescriptor) {
            task.rewound = false;
            task.stopsWithDescriptor = false;
            task.status = PTRACE_EVENT_STOP << 8 | 5;
            task.state = FakeTask.State.EVENT_STOP;
        } else if (task.state == FakeTask.State.EXIT_STOP && task.rewound) {
            task.rewound = false;
            task.number = task.result;
            task.state = FakeTask.State.SECCOMP_STOP;
        } else if (task.state == FakeTask.State.EXIT_STOP) {
            returns(task);
        } else {
            goOn(task, signal, false);
        }
        return 0;
    }

    void returns(FakeTask task) {
        returned.add(task.tid + ": " + task.made + " " + task.result);
        assertFalse(task.blocked, "signals stay blocked");
        assertTrue(marksStay || task.instructionPointer == FakeTask.INSTRUCTION_POINTER, "the mark stays");
        task.left = false;
        task.interrupts = false;
        if (task.signals.isEmpty()) {
            task.state = FakeTask.State.RUNNING;
        } else {
            task.number = -1;
            nextSignal(task);
        }
    }

    @Override
    public int resumeToCall(int tid, int signal) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        if (task.state == FakeTask.State.EXIT_STOP && task.rewound) {
            task.rewound = false;
            task.number = task.result;
            task.state = FakeTask.State.ENTER_STOP;
            return 0;
        }
        if (task.state == FakeTask.State.ENTER_STOP) {
            if (ownFilterRefuses) {
                task.result = -13;
                task.state = FakeTask.State.EXIT_STOP;
            } else {
                make(task);
            }
            return 0;
        }
        if (task.state != FakeTask.State.SECCOMP_STOP) {
            goOn(task, signal, true);
            return 0;
        }
        if (asks(task)) {
            fail("the filter, asked once more, notifies of " + task.made);
        }
        execute(task);
        task.state = FakeTask.State.EXIT_STOP;
        return 0;
    }

    @Override
    public int listen(int tid) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        delivered.add(tid + ": group-stop");
        task.state = FakeTask.State.RUNNING;
        return 0;
    }

    // ---- what calls do

    private void execute(FakeTask task) {
        if ((int) task.number == -1) {
            return;
        }
        if (task.number == VaultRange.CALL_NR) {
            vaultCall(task);
            return;
        }
        if (task.audit == I386 || task.number >= Arch.X32_SYSCALL_BIT) {
            acted.add(task.tid + ": " + task.made + " " + task.arguments[0]);
            task.result = 0;
            return;
        }
        String name = ARCH.syscalls().name((int) task.number).orElseThrow();
        switch (name) {
            case "mmap" -> {
                if (task.vaultPlaceTaken) {
                    task.result = -Errno.EEXIST.number();
                } else {
                    task.mapped |= task.arguments[0] == RANGE.address() && task.arguments[4] == VAULT_FD;
                    task.result = task.arguments[0] == 0 ? ELSEWHERE : task.arguments[0];
                }
            }
            case "connect", "bind" -> act(task, name, task.arguments[1], (int) task.arguments[2], connected);
            case "sendto" -> act(task, name, task.arguments[4], (int) task.arguments[5], 5);
            case "sendmsg" -> {
                if (task.arguments[1] == AddressCall.NOWHERE) {
                    task.result = -Errno.EFAULT.number();
                    return;
                }
                byte[] header = seen(task, task.arguments[1], AddressCall.MSGHDR_BYTES);
                act(task, name, ControlMessages.longAt(header, 0), ControlMessages.intAt(header, 8), 7);
            }
            case "recvmsg", "recvmmsg" -> {
                acted.add(task.tid + ": " + name + " of " + (name.equals("recvmsg") ? 1 : task.arguments[2]));
                byte[] header = seen(task, task.arguments[1], AddressCall.MSGHDR_BYTES);
                memory.computeIfPresent(ControlMessages.longAt(header, AddressCall.MSG_CONTROL), (at, room) -> {
                    System.arraycopy(handed, 0, room, 0, handed.length);
                    return room;
                });
                meanwhile.run();
                task.result = received;
            }
            case "listen" -> {
                acted.add(task.tid + ": " + name);
                listening |= bound;
                local = localWhenListening.orElse(local);
                task.result = 0;
            }
            default -> {
                acted.add(task.tid + ": " + name);
                task.result = 0;
            }
        }
    }

    private void vaultCall(FakeTask task) {
        boolean ours = vault.expected().remove(task.tid);
        if (!ours) {
            fail("a vault call nobody expects");
        }
        task.result = task.vaultAnswers.isEmpty() ? VAULT_FD : task.vaultAnswers.remove(0);
    }

    private void act(FakeTask task, String name, long address, int length, int result) {
        if (length < 0 || length > Sockaddr.MAX_LENGTH) {
            task.result = -Errno.EINVAL.number();
            return;
        }
        if (address == AddressCall.NOWHERE) {
            task.result = -Errno.EFAULT.number();
            return;
        }
        Sockaddr to = Sockaddr.decode(address == 0 ? new byte[0] : seen(task, address, length), address == 0 ? 0 : length);
        if (to instanceof Sockaddr.Malformed malformed && !(result > 0 && length == 0)) {
            task.result = -malformed.answer().number();
            return;
        }
        String where = to instanceof Sockaddr.Malformed ? "nowhere" : to.toString();
        acted.add(task.tid + ": " + name + " " + where);
        task.result = result;
    }

    /** The bytes the kernel finds: of the vault if the task has it, else of the tracee's memory as it is by now. */
    private byte[] seen(FakeTask task, long address, int length) {
        if (RANGE.overlaps(address, length)) {
            if (!task.mapped) {
                fail("the vault is not mapped in " + task.tid);
            }
            return vault.read((int) (address - RANGE.address()), length);
        }
        byte[] bytes = new byte[length];
        read(task.tid, address, bytes, length);
        return bytes;
    }

    // ---- registers

    @Override
    public long eventMessage(int tid) {
        FakeTask task = on(tid);
        return !stopped(task) ? GONE : thread != 0 ? thread : tid;
    }

    @Override
    public int syscallInfo(int tid, SyscallStop stop) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        show(task, stop);
        return 0;
    }

    @Override
    public int noteWait(int tid) {
        on(tid).waited = true;
        return 0;
    }

    static void show(FakeTask task, SyscallStop stop) {
        stop.enter(task.audit == 0 ? ARCH.audit() : task.audit, task.instructionPointer, 0x7fff0000, task.number);
        for (int i = 0; i < 6; i++) {
            stop.setArgument(i, task.arguments[i]);
        }
        stop.exit(task.result);
    }

    @Override
    public int registers(int tid, SyscallStop stop) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        show(task, stop);
        stop.setWaited(task.waited);
        return 0;
    }

    @Override
    public int setArgument(int tid, int index, long value) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.arguments[index] = value;
        return 0;
    }

    @Override
    public int setNumber(int tid, long number) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.number = number;
        return 0;
    }

    @Override
    public int setResult(int tid, long result) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        task.result = result;
        return 0;
    }

    @Override
    public int rewind(int tid, SyscallStop stop) {
        FakeTask task = on(tid);
        if (!stopped(task)) {
            return GONE;
        }
        for (int i = 0; i < 6; i++) {
            task.arguments[i] = stop.argument(i);
        }
        task.result = stop.number();
        task.rewound = true;
        task.instructionPointer = stop.instructionPointer();
        assertEquals(FakeTask.INSTRUCTION_POINTER, task.instructionPointer);
        return 0;
    }

    @Override
    public boolean isProcess(int tid) {
        return !on(tid).thread;
    }

    @Override
    public boolean isOurs(int tid) {
        on(tid);
        return ours;
    }

    @Override
    public void kill(int tid) {
        on(tid);
        delivered.add(tid + ": killed");
        tasks.get(tid).state = FakeTask.State.ZOMBIE;
    }

    @Override
    public void killAll() {
        for (FakeTask task : tasks.values()) {
            if (task.state != FakeTask.State.ZOMBIE && task.state != FakeTask.State.DEAD && !task.untraced) {
                kill(task.tid);
            }
        }
    }

    /** Argument registers of a task, to see that they were put back. */
    long[] arguments(int tid) {
        return tasks.get(tid).arguments;
    }

    // ---- memory

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
    public List<Integer> threads(int tgid) {
        throw new AssertionError("no process 1 here");
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
        return number == 0 ? ownGroup : process(tid, number);
    }

    @Override
    public Optional<SocketCopy> socket(int tid, int fd) {
        on(tid);
        return Optional.of(new FakeSocket(this, tid, fd));
    }

    @Override
    public int socketError(int tid, int fd) {
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
    public int firstUnprivilegedPort() {
        return 1024;
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
    public Optional<SocketFile> socketFile(int tid, byte[] path) {
        return Optional.of(new FakeSocketFile(leadsTo.orElse(path), boundNames, namesLooked, true));
    }

    // ---- the kernel's doors

    @Override
    public Ptrace ptrace() {
        return this;
    }

    @Override
    public boolean notifiesAtOnce() {
        return notified != null;
    }

    @Override
    public Tracees notifiedTracees() {
        return this;
    }

    @Override
    public Tracees tracees() {
        return this;
    }

    @Override
    public FileChanges fileChanges() {
        return this;
    }

    @Override
    public int permit(int pid, byte[] path) {
        on(pid);
        permitted.add(new String(path, StandardCharsets.ISO_8859_1));
        return permitResult;
    }

    private static String longs(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 8) {
            text.append(at == 0 ? "" : " ").append(ControlMessages.longAt(bytes, at));
        }
        return text.toString();
    }

    /** A file may be changed if its path begins with a permitted one; the descriptor 5 stands for /out, any other for the first. */
    @Override
    public Outcome make(int tid, FileTarget target, FileChange change) {
        on(tid);
        String path = new String(target.path(), StandardCharsets.ISO_8859_1);
        if (path.isEmpty()) {
            path = target.descriptor() == 5 ? "/out" : permitted.get(0);
        }
        for (String allowed : permitted) {
            if (path.startsWith(allowed)) {
                String shown = change instanceof FileChange.Times times ? "Times " + times.times().map(FakeKernel::longs).orElse("now")
                        : change instanceof FileChange.SetAttribute set ? "SetAttribute " + new String(set.name(), StandardCharsets.ISO_8859_1)
                                + "=" + new String(set.value(), StandardCharsets.ISO_8859_1) + " " + set.flags()
                        : change instanceof FileChange.RemoveAttribute remove
                                ? "RemoveAttribute " + new String(remove.name(), StandardCharsets.ISO_8859_1)
                        : change.toString();
                acted.add(tid + ": " + path + (target.follow() ? "" : " itself") + (target.bare() ? " bare" : "") + " " + shown);
                return new Made(0);
            }
        }
        return new Refused(path.getBytes(StandardCharsets.ISO_8859_1), "");
    }

    @Override
    public Affinity affinity() {
        return this;
    }

    @Override
    public void pin(int processor) {}

    @Override
    public void release() {}

    @Override
    public Yielding yielding() {
        return Yielding.NEVER;
    }

    @Override
    public boolean idleProcessor() {
        return false;
    }

    @Override
    public void giveWay(boolean toAnyone) {}

    @Override
    public Vault vault(long address, int lengthBytes) {
        return vault;
    }
}
