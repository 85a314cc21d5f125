"""Tries each way for root out of its cgroup, says where it is, and becomes a command: leave.py CGROUP2_MOUNT NETNS_FILE FD COMMAND...

stdout: a line "WAY OUTCOME" each, then "cgroup PATH". The mount is one that stands in the mount table, or "-"; the descriptor is that of a
directory or file of a cgroup that was open at the start. Standard input is /dev/null, opened outside; there somebody opens the directory of
the mount again and again.
"""
import ctypes
import errno
import os
import select
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
SYS = {"setns": 308, "clone3": 435, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "open_tree": 428, "mount_setattr": 442,
       "name_to_handle_at": 303, "open_by_handle_at": 304, "fanotify_init": 300, "fanotify_mark": 301}


def call(name, *arguments):
    result = libc.syscall(SYS[name], *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def mount(source, target, kind, flags):
    if libc.mount(source, target.encode(), kind, ctypes.c_ulong(flags), None) < 0:
        raise OSError(ctypes.get_errno(), "mount")


def join(directory):
    with open(directory + "/cgroup.procs", "w") as procs:
        procs.write("0")


def new_mount(flags):
    os.makedirs("/tmp/secfilt-leave", exist_ok=True)
    mount(b"none", "/tmp/secfilt-leave", b"cgroup2", flags)
    join("/tmp/secfilt-leave")


def fsmount():
    context = call("fsopen", b"cgroup2", 0)
    call("fsconfig", context, 6, 0, 0, 0)
    join("/proc/self/fd/%d" % call("fsmount", context, 0, 0))


def remount(point):
    mount(None, point, None, 32 | 4096)  # MS_REMOUNT | MS_BIND
    join(point)


def bound(point):
    os.makedirs("/tmp/secfilt-leave", exist_ok=True)
    mount(point.encode(), "/tmp/secfilt-leave", None, 4096)
    try:
        join("/tmp/secfilt-leave")
    finally:
        libc.umount2(b"/tmp/secfilt-leave", 2)


def cloned_tree(point):
    tree = call("open_tree", -100, point.encode(), 1)
    call("mount_setattr", tree, b"", 0x1000, struct.pack("QQQQ", 0, 1, 0, 0), 32)
    join("/proc/self/fd/%d" % tree)


def clone_into(directory):
    fd = os.open(directory, os.O_RDONLY)
    arguments = struct.pack("QQQQQQQQQQQ", 0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, fd)
    if call("clone3", arguments, len(arguments)) == 0:
        os._exit(0)


def by_descriptor(fd):
    out = os.open("cgroup.procs", os.O_WRONLY, dir_fd=fd)
    os.write(out, b"0")


def join_from(directory, point):
    """By ".." through the mounts that the directory stands in, which are those outside."""
    path = os.path.relpath(point + "/cgroup.procs", os.readlink("/proc/self/fd/%d" % directory))
    by_path = os.open(path, os.O_WRONLY, dir_fd=directory)
    os.write(by_path, b"0")


def handle(point):
    """open_by_handle_at(2) takes the mount of any descriptor: /dev/null opened outside is as good as another."""
    file, mount_id = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 8 + 128), ctypes.c_int()
    call("name_to_handle_at", -100, b"/dev", file, ctypes.byref(mount_id), 0)
    join_from(call("open_by_handle_at", 0, file, os.O_RDONLY), point)


def notification(point):
    """fanotify(7) hands over what others open, in their mounts."""
    group = call("fanotify_init", 0, os.O_RDONLY)
    # FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN | FAN_ONDIR
    call("fanotify_mark", group, 0x101, ctypes.c_uint64(0x40000020), -100, os.path.dirname(point).encode())
    for _ in range(100):
        if not select.select([group], [], [], 5)[0]:
            break
        for event in struct.iter_unpack("IBBHQii", os.read(group, 24)):
            if event[5] >= 0 and event[6] != os.getpid() and os.path.isdir("/proc/self/fd/%d" % event[5]):
                return join_from(event[5], point)
            os.close(event[5])
    raise OSError(errno.ETIMEDOUT, "nobody opens anything")


def namespace(path, kind):
    call("setns", os.open(path, os.O_RDONLY), kind)


point, netns, inherited = sys.argv[1:4]
ways = [
    ("mount", lambda: new_mount(0)),
    ("mount-with-the-old-magic", lambda: new_mount(0xC0ED0000)),
    ("fsmount", fsmount),
    ("setns", lambda: namespace(netns, 0)),
    ("setns-net", lambda: namespace(netns, 0x40000000)),
    ("setns-of-init", lambda: namespace("/proc/1/ns/net", 0x40000000)),
]
if point != "-":
    ways += [
        ("write", lambda: join(point)),
        ("remount", lambda: remount(point)),
        ("bind", lambda: bound(point)),
        ("clone-of-the-mount", lambda: cloned_tree(point)),
        ("clone-into", lambda: clone_into(point)),
        ("root-of-init", lambda: join("/proc/1/root" + point)),
        ("handle", lambda: handle(point)),
        ("notification", lambda: notification(point)),
    ]
ways.append(("descriptor", lambda: by_descriptor(int(inherited))))
for name, way in ways:
    try:
        way()
        print(name, "ok", flush=True)
    except OSError as e:
        print(name, errno.errorcode[e.errno], flush=True)
for line in open("/proc/self/cgroup"):
    if line.startswith("0::"):
        print("cgroup", line[3:].strip(), flush=True)
os.execv(sys.argv[4], sys.argv[4:])
