package org.secfilt.launch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.SyscallTable;

/**
 * Composes a launch script, a system call a method, in the order of the calls here. Ends with one of the
 * {@code execute} methods. Which steps a run has, and in which order, is for the sandbox to say, in its {@code Scripts};
 * {@link #filter} comes late, since it judges whatever follows it.
 */
public final class Launch {
    // linux/prctl.h
    private static final int PR_CAPBSET_DROP = 24;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_CAP_AMBIENT = 47;
    private static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
    private static final int PR_SET_PTRACER = 0x59616d61;
    // linux/seccomp.h
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    // linux/capability.h
    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    // linux/bpf_common.h
    private static final int BPF_MAXINSNS = 4096;
    /** {@code sizeof(struct sock_filter)}. */
    private static final int INSTRUCTION_BYTES = 8;

    private static final ByteString SHELL = ByteString.of("/bin/sh");

    private final SyscallTable numbers;
    private final List<Step> steps = new ArrayList<>();
    private final List<Relocation> relocations = new ArrayList<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private Operand environment = new Operand.Envp();

    /** @param numbers of the architecture the stub runs on, which is ours */
    public Launch(SyscallTable numbers) {
        this.numbers = numbers;
    }

    /** Without this an ordinary user may not install a filter: prctl(2) "PR_SET_NO_NEW_PRIVS". Stays for ever. */
    public Launch noNewPrivileges() {
        call("prctl(PR_SET_NO_NEW_PRIVS)", "prctl", value(PR_SET_NO_NEW_PRIVS), value(1));
        return this;
    }

    /** Takes back the stub's leave for anybody to trace it. EINVAL where there is no Yama: check with the host. */
    public Launch forgetPtracer() {
        call("prctl(PR_SET_PTRACER)", "prctl", value(PR_SET_PTRACER), value(0));
        return this;
    }

    /** So that not even a root's execve brings it back. EPERM without CAP_SETPCAP. */
    public Launch dropFromBoundingSet(int capability) {
        call("prctl(PR_CAPBSET_DROP, " + capability + ")", "prctl", value(PR_CAPBSET_DROP), value(capability));
        return this;
    }

    /** So that no capability survives the execve of an ordinary user: capabilities(7) "ambient". */
    public Launch clearAmbientCapabilities() {
        call("prctl(PR_CAP_AMBIENT_CLEAR_ALL)", "prctl", value(PR_CAP_AMBIENT), value(PR_CAP_AMBIENT_CLEAR_ALL));
        return this;
    }

    /**
     * Sets this thread's three sets, one bit a capability: capset(2). EPERM if one is to be gained.
     */
    public Launch setCapabilities(long effective, long permitted, long inheritable) {
        ByteBuffer header = bytes(8).putInt(LINUX_CAPABILITY_VERSION_3).putInt(0);
        ByteBuffer sets = bytes(24);
        sets.putInt((int) effective).putInt((int) permitted).putInt((int) inheritable);
        sets.putInt((int) (effective >>> 32)).putInt((int) (permitted >>> 32)).putInt((int) (inheritable >>> 32));
        call("capset", "capset", data(header.array()), data(sets.array()));
        return this;
    }

    /**
     * Becomes another user: setgroups(2), setresgid(2), setresuid(2). EPERM without CAP_SETGID and CAP_SETUID. From root it takes all
     * capabilities away: capabilities(7) "Effect of user ID changes".
     *
     * @param groups the supplementary groups
     */
    public Launch becomeUser(int uid, int gid, int[] groups) {
        ByteBuffer list = bytes(groups.length * Integer.BYTES);
        for (int group : groups) {
            list.putInt(group);
        }
        call("setgroups", "setgroups", value(groups.length), data(list.array()));
        call("setresgid(" + gid + ")", "setresgid", value(gid), value(gid), value(gid));
        call("setresuid(" + uid + ")", "setresuid", value(uid), value(uid), value(uid));
        return this;
    }

    /** Closes a descriptor that the command must not have. */
    public Launch close(int fd) {
        call("close(" + fd + ")", "close", value(fd));
        return this;
    }

    /**
     * Installs a filter: seccomp(2). EINVAL if the kernel's checker refuses the program, EACCES without
     * {@link #noNewPrivileges} or CAP_SYS_ADMIN.
     *
     * @param program {@code struct sock_filter}s in this machine's byte order
     * @param flags {@code SECCOMP_FILTER_FLAG_*}, or 0
     */
    public Launch filter(byte[] program, int flags) {
        int instructions = program.length / INSTRUCTION_BYTES;
        if (program.length % INSTRUCTION_BYTES != 0 || instructions == 0 || instructions > BPF_MAXINSNS) {
            throw new IllegalArgumentException("a filter of " + program.length + " bytes");
        }
        Operand code = data(program);
        // struct sock_fprog: the count, padding, then the address, which only the stub knows
        Operand.Data header = data(bytes(16).putShort((short) instructions).array());
        relocations.add(new Relocation(header.offset() + 8, code));
        call("seccomp(SECCOMP_SET_MODE_FILTER)", "seccomp", value(SECCOMP_SET_MODE_FILTER), value(flags), header);
        return this;
    }

    /**
     * Ends the script by becoming the program at {@code path}, with the stub's own arguments from {@code
     * argument} on and its own environment, or that of {@link #environment}. After ENOEXEC another script may follow, of
     * {@link #executeByShell} alone: the steps before are done.
     */
    public LaunchScript execute(ByteString path, int argument) {
        call("execve", "execve", data(text(path)), new Operand.Argv(argument), environment);
        return script();
    }

    /** The command gets these variables, {@code NAME=value} each, in place of the stub's own environment. */
    public Launch environment(List<ByteString> variables) {
        environment = vector(variables);
        return this;
    }

    /** A vector of strings as execve(2) takes it, its end a NULL. */
    private Operand vector(List<ByteString> texts) {
        List<Operand> pointers = new ArrayList<>();
        for (ByteString text : texts) {
            pointers.add(data(text(text)));
        }
        return pointers(pointers);
    }

    private Operand pointers(List<Operand> pointers) {
        Operand.Data vector = data(new byte[(pointers.size() + 1) * Long.BYTES]); // the last stays NULL
        for (int index = 0; index < pointers.size(); index++) {
            relocations.add(new Relocation(vector.offset() + index * Long.BYTES, pointers.get(index)));
        }
        return vector;
    }

    /**
     * Ends the script as execvp(3) does after ENOEXEC, for a script without a {@code #!}: by /bin/sh, with
     * {@code path} as its first argument and the command's arguments, its own name left out, as the rest.
     */
    public LaunchScript executeByShell(ByteString path, List<ByteString> arguments) {
        Operand shell = data(text(SHELL));
        List<Operand> vector = new ArrayList<>();
        vector.add(shell);
        vector.add(data(text(path)));
        for (ByteString argument : arguments) {
            vector.add(data(text(argument)));
        }
        Operand argv = pointers(vector);
        call("execve(/bin/sh)", "execve", shell, argv, environment);
        return script();
    }

    /** Adds any call, and gives an operand for what it will return. The name is for messages. */
    public Operand call(String name, String systemCall, Operand... arguments) {
        steps.add(new Step(name, numbers.nr(systemCall), List.of(arguments)));
        return new Operand.Result(steps.size() - 1);
    }

    /** Adds bytes for a step to point at, aligned for any of the kernel's structs. */
    public Operand.Data data(byte[] bytes) {
        while (data.size() % Long.BYTES != 0) {
            data.write(0);
        }
        Operand.Data address = new Operand.Data(data.size());
        data.writeBytes(bytes);
        return address;
    }

    /** The script so far. Only one that ends in an execve ends in the command. */
    public LaunchScript script() {
        return new LaunchScript(steps, relocations, ByteString.of(data.toByteArray()));
    }

    private static Operand value(long value) {
        return new Operand.Immediate(value);
    }

    /** A C string. A NUL inside would silently name another file: refused. */
    private static byte[] text(ByteString text) {
        byte[] terminated = new byte[text.length() + 1];
        for (int index = 0; index < text.length(); index++) {
            if (text.at(index) == 0) {
                throw new IllegalArgumentException("a NUL inside of a path or an argument");
            }
            terminated[index] = text.at(index);
        }
        return terminated;
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    }
}
