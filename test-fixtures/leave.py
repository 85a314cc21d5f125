"""Tries each way for root out of its cgroup, then says where it is: leave.py CGROUP2_MOUNT NETNS_FILE [FD]

stdout: a line "WAY OUTCOME" each, then "cgroup PATH". The mount is one that stands in the mount table, or "-"; the descriptor is that of a
directory or file of a cgroup that was open at the start.
"""
import ctypes
import errno
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
SYS = {"setns": 308, "clone3": 435, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "open_tree": 428, "mount_setattr": 442}


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


def namespace(path, kind):
    call("setns", os.open(path, os.O_RDONLY), kind)


point, netns = sys.argv[1:3]
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
    ]
if len(sys.argv) > 3:
    ways.append(("descriptor", lambda: by_descriptor(int(sys.argv[3]))))
for name, way in ways:
    try:
        way()
        print(name, "ok", flush=True)
    except OSError as e:
        print(name, errno.errorcode[e.errno], flush=True)
for line in open("/proc/self/cgroup"):
    if line.startswith("0::"):
        print("cgroup", line[3:].strip())
