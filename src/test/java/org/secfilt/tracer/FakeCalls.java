package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Set;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Errno;
import org.secfilt.abi.Msghdr;
import org.secfilt.abi.Sockaddr;
import org.secfilt.plan.VaultRange;

/** What calls of scripted tracees do when they run: it is written down in {@link #acted}. */
abstract class FakeCalls extends FakeTracees {
    /** Where what is mapped without a hint comes to lie. */
    static final long ELSEWHERE = 0x7f00_0000_0000L;
    static final int I386 = 0x40000003; // linux/audit.h AUDIT_ARCH_I386

    /** What a connect or bind that a tracee makes answers. */
    int connected;
    /** What a sendmsg that a tracee makes answers. */
    int sent = 7;
    /** What a recvmsg answers. */
    int received = 4;
    /** What a recvmsg puts where the control data is to go. */
    byte[] handed = new byte[0];
    /** Whom no tracee may signal, by their user. */
    Set<Integer> unsignalled = Set.of();
    /** Run while a recvmsg is under way, as another thread would. */
    Runnable meanwhile = () -> { };

    void execute(FakeTask task) {
        if ((int) task.number == -1) {
            return;
        }
        if (task.audit != I386 && task.traps.contains(ARCH.syscalls().name((int) task.number).orElse(""))) {
            task.trapped = true;
            task.result = task.number;
            return;
        }
        if (task.audit != I386 && task.number == ARCH.syscalls().nr(VaultRange.CALL) && task.arguments[0] == RANGE.address() && task.arguments[1] == 0) {
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
                if (task.losses > 0) {
                    task.losses--;
                    task.result = -Errno.EBADF.number();
                } else if (task.vaultPlaceTaken) {
                    task.result = -Errno.EEXIST.number();
                } else {
                    task.mapped |= task.arguments[0] == RANGE.address() && task.arguments[4] == task.vaultFd;
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
                byte[] header = seen(task, task.arguments[1], Msghdr.BYTES);
                act(task, name, ControlMessages.longAt(header, 0), ControlMessages.intAt(header, 8), sent);
            }
            case "recvmsg", "recvmmsg" -> {
                acted.add(task.tid + ": " + name + " of " + (name.equals("recvmsg") ? 1 : task.arguments[2]));
                byte[] header = seen(task, task.arguments[1], Msghdr.BYTES);
                memory.computeIfPresent(ControlMessages.longAt(header, Msghdr.CONTROL), (at, room) -> {
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
            case "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo" -> {
                boolean inThread = name.contains("tg");
                acted.add(task.tid + ": " + name + " " + task.arguments[inThread ? 1 : 0] + " " + task.arguments[inThread ? 2 : 1]);
                task.result = unsignalled.contains((int) task.arguments[0]) ? -Errno.EPERM.number() : 0;
            }
            case "fcntl" -> {
                acted.add(task.tid + ": fcntl " + task.arguments[1] + " " + task.arguments[2]);
                task.result = 0;
            }
            case "setpriority", "ioprio_set" -> {
                acted.add(task.tid + ": " + name + " of " + task.arguments[1]);
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
        if (!task.forgeries.isEmpty()) {
            task.result = task.forgeries.remove(0);
            return;
        }
        task.result = task.vaultAnswers.isEmpty() ? VAULT_FD : task.vaultAnswers.remove(0);
        if (task.result >= 0) {
            task.vaultFd = (int) task.result;
            vault.give(task.tid, task.vaultFd);
        }
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
}
