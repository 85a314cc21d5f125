"""Compares what a process inherits with and without secfilt: mirror.py STATE MIRROR SECFILT [OPTION...]

In a child prepared by STATE (a function below), runs MIRROR (mirror.c) as it is, then in another such child SECFILT OPTIONS
-- MIRROR, and prints what differs, or "same". All else that the two inherit is the same: parent, group, session.
"""
import difflib
import os
import re
import resource
import signal
import socket
import sys

# What must differ, or is about the process and not inherited. NoNewPrivs and the filter are how secfilt works.
OWN_AFFAIR = re.compile(r"/proc/self/status (Pid|Tgid|NSpid|NStgid|NSpgid|NSsid|Ngid|FDSize|TracerPid|NoNewPrivs|Seccomp|Seccomp_filters"
                        r"|Vm\w+|Rss\w+|HugetlbPages|\w*ctxt_switches|x86_\w+|CoreDumping|SigQ):")
CAPABILITIES = re.compile(r"/proc/self/status Cap(Prm|Eff|Bnd|Amb):")

def plain(run):
    pass


def umask(run):
    os.umask(0o137)


def nice(run):
    os.nice(7)


def limits(run):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, 16 << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 128 << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (100, 200))
    resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 4 << 30))


def every_limit(run):
    for number, (soft, hard) in {
            resource.RLIMIT_AS: (3 << 30, 5 << 30), resource.RLIMIT_CORE: (0, 4096), resource.RLIMIT_CPU: (101, 202),
            resource.RLIMIT_DATA: (1 << 30, 2 << 30), resource.RLIMIT_FSIZE: (1 << 20, 1 << 30), 10: (500, 600),  # LOCKS
            resource.RLIMIT_MEMLOCK: (4096, 8192), resource.RLIMIT_MSGQUEUE: (1000, 2000), resource.RLIMIT_NICE: (0, 0),
            resource.RLIMIT_NOFILE: (64, 128), resource.RLIMIT_NPROC: (900, 1000), resource.RLIMIT_RSS: (1 << 29, 1 << 30),
            resource.RLIMIT_RTPRIO: (0, 0), resource.RLIMIT_RTTIME: (100000, 200000), resource.RLIMIT_SIGPENDING: (10, 20),
            resource.RLIMIT_STACK: (2 << 20, 4 << 20)}.items():
        resource.setrlimit(number, (soft, hard))


def few_descriptors(run):
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 4096))


def ignored_signals(run):
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTERM, signal.SIGUSR1,
                   signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN, signal.SIGRTMIN + 5):
        signal.signal(number, signal.SIG_IGN)


def ignored_child_signal(run):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def blocked_signals(run):
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD, signal.SIGRTMAX])


def all_signals_blocked(run):
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())


def pending_signals(run):
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1, signal.SIGTERM])
    os.kill(os.getpid(), signal.SIGTERM)
    signal.raise_signal(signal.SIGUSR1)


def inherit(fd, at):
    os.dup2(fd, at, inheritable=True)
    if fd != at:
        os.close(fd)


def descriptors(run):
    for at in (3, 4, 7, 9, 99, 100, 101, 102, 255, 700):
        inherit(os.open("/dev/zero", os.O_RDWR), at)
    inherit(os.open("appended", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), 5)
    inherit(os.open("/etc/passwd", os.O_RDONLY), 8)
    os.lseek(8, 11, os.SEEK_SET)


def directory_descriptor(run):
    inherit(os.open("/usr", os.O_RDONLY | os.O_DIRECTORY), 6)
    inherit(os.open("/", os.O_PATH), 10)


def closed_stdin(run):
    os.close(0)


def closed_stdout(run):
    os.close(1)


def closed_stderr(run):
    os.close(2)


def closed_stdio(run):
    os.closerange(0, 3)


def only_stdin(run):
    os.closerange(1, 3)


def only_stdout(run):
    os.close(0)
    os.close(2)


def only_stderr(run):
    os.closerange(0, 2)


def nonblocking_stdio(run):
    for fd in range(3):
        pipe = os.pipe()
        os.dup2(pipe[min(fd, 1)], fd)
        os.set_blocking(fd, False)


def deleted_directory(run):
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


def unreadable_directory(run):
    if os.path.isdir("closed"):
        os.chmod("closed", 0o700)
    os.makedirs("closed/in", exist_ok=True)
    os.chdir("closed/in")
    os.chmod("..", 0)


def odd_arguments(run):
    run.arguments = [b"", b"--", b"-v", b"--help", b"\xff\xfe\xc0", b"two\nlines\n", b"\x1b[31m", b"*", b"'\"", b"", b"a=b", b""]


def many_arguments(run):
    run.arguments = [b"%d" % i for i in range(20000)] + [b"x" * 100000]


def odd_environment(run):
    run.environment = [b"JAVA_TOOL_OPTIONS=-Dx=y", b"_JAVA_OPTIONS=-Xmx1k", b"JDK_JAVA_OPTIONS=-bad", b"CLASSPATH=/nowhere",
                       b"LC_ALL=xx_YY.NOT-8", b"A=\xff\xfe\x01\n\x1b[31m", b"no equals sign", b"=empty name", b"TWICE=1", b"TWICE=2",
                       b"", b"EMPTY=", b"PATH=/usr/bin:/bin", b"BASH_ENV=/nowhere", b"ENV=/nowhere", b"IFS=x", b"TERM=", b"COLUMNS=-1",
                       b"NO_COLOR=", b"JAVA_HOME=/nowhere", b"TMPDIR=/nowhere", b"HOME=", b"MALLOC_ARENA_MAX=x", b"LD_BIND_NOW=1"]


def no_environment(run):
    run.environment = []


def large_environment(run):
    run.environment = [b"PATH=/usr/bin:/bin"] + [b"V%d=%d" % (i, i) for i in range(5000)] + [b"L=" + b"x" * 120000]


def largest_environment(run):
    run.environment = [b"PATH=/usr/bin:/bin"] + [b"L%d=" % i + b"x" * 120000 for i in range(15)] + [b"S=" + b"x" * 60000]


def own_session(run):
    os.setsid()


def own_group(run):
    os.setpgid(0, 0)


def pinned(run):
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])


def idle_scheduling(run):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def prctl(*arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*arguments, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def death_signal(run):
    prctl(1, signal.SIGUSR2)


def subreaper(run):
    prctl(36, 1)


def no_new_privileges(run):
    prctl(38, 1)


def timer_slack(run):
    prctl(29, 123456)


def pending_alarm(run):
    signal.alarm(100)


def fixed_addresses(run):
    import ctypes
    ctypes.CDLL(None).personality(0x0040000)


def out_of_memory_first(run):
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("700")


def inherited_sockets(run):
    one, other = socket.socketpair()
    inherit(one.detach(), 6)
    inherit(other.detach(), 7)
    inherit(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).detach(), 8)
    listener = socket.create_server(("127.0.0.1", 0))
    inherit(listener.detach(), 9)


class Run:
    """One of the two: what it runs, and what came of it."""
    def __init__(self, command, state, mirror):
        self.arguments = []
        self.environment = None
        self.command = command
        child = os.fork()
        if child == 0:
            try:
                for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                    if 32 <= number < signal.SIGRTMIN:
                        continue
                    signal.signal(number, signal.SIG_DFL)
                state(self)
                self.execute()
            except BaseException as error:
                os.write(2, b"%r\n" % error)
            finally:
                os._exit(98)
        _, status = os.waitpid(child, 0)
        with open("mirror.out", errors="surrogateescape") as file:
            self.lines = file.read().splitlines()
        os.unlink("mirror.out")
        self.lines.append("end %d" % status)
        self.lines = [re.sub(r"(pipe|socket|anon_inode):\[\d+\]", r"\1", line) for line in self.lines]

    def execute(self):
        import ctypes
        words = self.command + self.arguments
        libc = ctypes.CDLL(None, use_errno=True)
        argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
        environment = self.environment
        if environment is None:
            environment = [name + b"=" + value for name, value in os.environb.items()]
        envp = (ctypes.c_char_p * (len(environment) + 1))(*environment, None)
        libc.execve(words[0], argv, envp)
        raise OSError(ctypes.get_errno(), "execve")


def main(state, mirror, secfilt, *options):
    os.chdir(os.environ["HOME"])
    output = os.fsencode(os.path.join(os.getcwd(), "mirror.out"))
    command = [os.fsencode(mirror), output]
    bare = Run(command, globals()[state], mirror)
    under = Run([os.fsencode(word) for word in (secfilt, *options, "--")] + command, globals()[state], mirror)
    if os.path.isdir("closed"):
        os.chmod("closed", 0o700)
    root = os.geteuid() == 0
    kept = [[line for line in run.lines if not OWN_AFFAIR.match(line) and not (root and CAPABILITIES.match(line))]
            for run in (bare, under)]
    if len(kept[0]) < 40:
        print("the mirror says too little: %r" % kept[0])
    different = [line[:300] for line in difflib.unified_diff(*kept, "bare", "secfilt", n=0, lineterm="")]
    print("\n".join(different) if different else "same")


main(*sys.argv[1:])
