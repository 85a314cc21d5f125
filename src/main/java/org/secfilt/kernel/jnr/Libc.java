package org.secfilt.kernel.jnr;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import org.secfilt.kernel.KernelException;

/**
 * Functions of the C library by name, with up to six register-sized arguments. Each call returns what the function does, or the
 * negative error number where the function returns -1 and sets errno, as a bare system call would. Safe from any thread: jffi
 * saves errno per thread, before the virtual machine can touch it.
 */
final class Libc {
    private static final Invoker INVOKER = Invoker.getInstance();
    private static final Library LIBRARY = Library.getDefault();
    private static final CallContext[] CONTEXTS = new CallContext[7];

    static final Libc PTRACE = new Libc("ptrace", 4);
    static final Libc WAITID = new Libc("waitid", 4);
    static final Libc PROCESS_VM_READV = new Libc("process_vm_readv", 6);
    static final Libc PROCESS_VM_WRITEV = new Libc("process_vm_writev", 6);
    static final Libc OPEN = new Libc("open", 3);
    static final Libc CLOSE = new Libc("close", 1);
    static final Libc READ = new Libc("read", 3);
    static final Libc WRITE = new Libc("write", 3);
    static final Libc DUP2 = new Libc("dup2", 2);
    static final Libc DUP3 = new Libc("dup3", 3);
    static final Libc FCNTL = new Libc("fcntl", 3);
    static final Libc IOCTL = new Libc("ioctl", 3);
    static final Libc PIPE2 = new Libc("pipe2", 2);
    static final Libc FTRUNCATE = new Libc("ftruncate", 2);
    static final Libc MMAP = new Libc("mmap", 6);
    static final Libc STATX = new Libc("statx", 5);
    static final Libc STATFS = new Libc("statfs", 2);
    static final Libc READLINK = new Libc("readlink", 3);
    static final Libc POLL = new Libc("poll", 3);
    static final Libc FACCESSAT = new Libc("faccessat", 4);
    static final Libc PRCTL = new Libc("prctl", 5);
    static final Libc GETSOCKOPT = new Libc("getsockopt", 5);
    static final Libc SETSOCKOPT = new Libc("setsockopt", 5);
    static final Libc GETSOCKNAME = new Libc("getsockname", 3);
    static final Libc LISTEN = new Libc("listen", 2);
    static final Libc CONNECT = new Libc("connect", 3);
    static final Libc BIND = new Libc("bind", 3);
    static final Libc SENDTO = new Libc("sendto", 6);
    static final Libc SHUTDOWN = new Libc("shutdown", 2);
    static final Libc GETPEERNAME = new Libc("getpeername", 3);
    static final Libc SCHED_SETAFFINITY = new Libc("sched_setaffinity", 3);
    static final Libc SCHED_SETSCHEDULER = new Libc("sched_setscheduler", 3);
    static final Libc SCHED_GETSCHEDULER = new Libc("sched_getscheduler", 1);
    static final Libc SETPRIORITY = new Libc("setpriority", 3);
    static final Libc SCHED_GETAFFINITY = new Libc("sched_getaffinity", 3);
    static final Libc LSEEK = new Libc("lseek", 3);
    /** posix_spawn and its kind answer the error number itself. */
    static final Libc POSIX_SPAWN = new Libc("posix_spawn", 6);
    static final Libc POSIX_SPAWN_FILE_ACTIONS_INIT = new Libc("posix_spawn_file_actions_init", 1);
    static final Libc POSIX_SPAWN_FILE_ACTIONS_ADDDUP2 = new Libc("posix_spawn_file_actions_adddup2", 3);
    /** glibc 2.29, musl 1.1.24. */
    static final Libc POSIX_SPAWN_FILE_ACTIONS_ADDCHDIR = new Libc("posix_spawn_file_actions_addchdir_np", 2);
    static final Libc POSIX_SPAWN_FILE_ACTIONS_DESTROY = new Libc("posix_spawn_file_actions_destroy", 1);
    static final Libc MEMFD_CREATE = new Libc("memfd_create", 2);
    static final Libc FLOCK = new Libc("flock", 2);
    static final Libc GETPWNAM = new Libc("getpwnam", 1);
    static final Libc GETPWUID = new Libc("getpwuid", 1);
    static final Libc GETGRNAM = new Libc("getgrnam", 1);
    static final Libc GETGROUPLIST = new Libc("getgrouplist", 4);
    static final Libc SIGACTION = new Libc("sigaction", 3);
    /** glibc 2.26, musl 1.2.5. */
    static final Libc PWRITEV2 = new Libc("pwritev2", 5);
    static final Libc ABS = new Libc("abs", 1);
    /** syscall(2): the number and up to five arguments. */
    static final Libc SYSCALL = new Libc("syscall", 6);

    private final String name;
    private final CallContext context;
    /** 0 until the first call: most runs need only some of these. */
    private long address;

    private Libc(String name, int arguments) {
        this.name = name;
        this.context = context(arguments);
    }

    private static CallContext context(int arguments) {
        if (CONTEXTS[arguments] == null) {
            Type[] types = new Type[arguments];
            for (int i = 0; i < arguments; i++) {
                types[i] = Type.SLONG;
            }
            CONTEXTS[arguments] = CallContext.getCallContext(Type.SLONG, types, CallingConvention.DEFAULT, true);
        }
        return CONTEXTS[arguments];
    }

    long address() {
        if (address == 0) {
            address = LIBRARY.getSymbolAddress(name);
            if (address == 0) {
                throw new IllegalStateException("the C library has no function " + name);
            }
        }
        return address;
    }

    boolean exists() {
        return address != 0 || LIBRARY.getSymbolAddress(name) != 0;
    }

    long call(long a) {
        return answer(INVOKER.invokeN1(context, address(), a));
    }

    long call(long a, long b) {
        return answer(INVOKER.invokeN2(context, address(), a, b));
    }

    long call(long a, long b, long c) {
        return answer(INVOKER.invokeN3(context, address(), a, b, c));
    }

    long call(long a, long b, long c, long d) {
        return answer(INVOKER.invokeN4(context, address(), a, b, c, d));
    }

    long call(long a, long b, long c, long d, long e) {
        return answer(INVOKER.invokeN5(context, address(), a, b, c, d, e));
    }

    long call(long a, long b, long c, long d, long e, long f) {
        return answer(INVOKER.invokeN6(context, address(), a, b, c, d, e, f));
    }

    /** For calls that only secfilt itself can make fail. */
    static long must(String call, long result) {
        if (result < 0 && result >= -4095) {
            throw new KernelException(call, (int) -result);
        }
        return result;
    }

    /**
     * A function that returns int leaves the upper half of the register undefined, so -1 is told by the lower half; no pointer and
     * no count of ours ends in 32 one bits.
     */
    private static long answer(long result) {
        return (int) result == -1 ? -LastError.getInstance().get() : result;
    }
}
