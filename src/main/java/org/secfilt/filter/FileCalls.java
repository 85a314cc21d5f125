package org.secfilt.filter;

import java.util.OptionalInt;
import org.secfilt.abi.Errno;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.bpf.Assembler;
import org.secfilt.bpf.JumpOp;
import org.secfilt.bpf.Node;
import org.secfilt.plan.FileCall;
import org.secfilt.plan.Plan;

/**
 * The calls that change files past Landlock, where files are read-only.
 *
 * <table>
 * <caption>Calls</caption>
 * <tr><th>call</th><th>could</th><th>answer</th></tr>
 * <tr><td>chmod, chown, utimensat, setxattr, ...</td><td>change what is no content, by name or by a descriptor open for reading</td>
 *     <td>the tracer makes the change itself where the file may be written</td></tr>
 * <tr><td>setxattrat, removexattrat, file_setattr</td><td>the same</td><td>ENOSYS: programs fall back to the older ones</td></tr>
 * <tr><td>mount, fsopen, open_tree, mount_setattr, ... (root, or a user namespace)</td><td>show files under other paths</td>
 *     <td>EPERM, as Landlock answers to mount(2) itself</td></tr>
 * <tr><td>open_by_handle_at (root)</td><td>open without a path</td><td>EPERM</td></tr>
 * <tr><td>mq_unlink, mq_open with O_CREAT</td><td>remove and make files of mqueue, of which Landlock is not asked</td><td>EPERM</td></tr>
 * <tr><td>swapon, swapoff, quotactl, acct (root)</td><td>have the kernel write files</td><td>EPERM</td></tr>
 * <tr><td>ioctl of file systems</td><td>change attributes, make and remove subvolumes, by descriptors open for reading</td>
 *     <td>EPERM, but for those that only tell, and for clones, which need a descriptor open for writing</td></tr>
 * <tr><td>ioctl of loop devices, of ZFS, attaching UBI</td><td>put other files below a mount, have the kernel write disks and flash, by devices open
 *     for reading, with no capability that is dropped</td><td>EPERM, but for those that only tell</td></tr>
 * <tr><td>open with O_TRUNC for reading, truncate, openat2</td><td>truncate: before Landlock's ABI 3 alone</td>
 *     <td>EPERM; the tracer; ENOSYS, for its flags are in memory</td></tr>
 * </table>
 */
final class FileCalls {
    private static final String[] REFUSED = {
        "mount", "umount2", "pivot_root", "move_mount", "fsopen", "fspick", "fsconfig", "fsmount", "open_tree", "open_tree_attr",
        "mount_setattr", "open_by_handle_at", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
        "mq_unlink",
    };
    private static final String[] MISSING = {"setxattrat", "removexattrat", "file_setattr"};

    /**
     * The types, bits 8 to 15, of file systems' ioctls: ext4 and FS_IOC, xfs, btrfs, f2fs, FS_IOC_SETVERSION, FAT, ceph, bcachefs, ZFS; and of
     * loop devices and /dev/zfs. // linux/loop.h, sys/fs/zfs.h
     */
    private static final int[] TYPES = {0x6600, 0x5800, 0x9400, 0xf500, 0x7600, 0x7200, 0x9700, 0xbc00, 0x8300, 0x4c00, 0x5a00};
    /**
     * ocfs2, whose OCFS2_IOC_REFLINK makes a file by its path. The numbers of its own are below 8; digital television has others of this type.
     * // fs/ocfs2/ocfs2_ioctl.h, linux/dvb
     */
    private static final int OCFS2 = 0x6f00;
    private static final int ABOVE_OCFS2 = 0xf8;
    /** UBI_IOCATT and UBI_IOCDET, of that type too. // mtd/ubi-user.h */
    private static final int[] FLASH = {0x40186f40, 0x40046f41};
    /**
     * FS_IOC_GETFLAGS (64 and 32 bit), FS_IOC_FIEMAP, FS_IOC_FSGETXATTR, FS_IOC_GETVERSION (twice), FICLONE, FICLONERANGE,
     * BTRFS_IOC_FS_INFO, FS_IOC_GETFSLABEL, ZFS_IOC_GETDOSFLAGS, LOOP_GET_STATUS, LOOP_GET_STATUS64, LOOP_CTL_GET_FREE.
     * // linux/fs.h, linux/btrfs.h, sys/fs/zfs.h, linux/loop.h
     */
    private static final int[] HARMLESS = {
        0x80086601, 0x80046601, 0xc020660b, 0x801c581f, 0x80087601, 0x80047601, 0x40049409, 0x4020940d, 0x8400941f, 0x81009431,
        0x80088301, 0x4c03, 0x4c05, 0x4c82,
    };
    private static final int TYPE = 0xff00;
    // asm-generic/fcntl.h
    private static final int O_CREAT = 0100;
    private static final int O_TRUNC = 01000;
    private static final int O_ACCMODE = 3;
    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;

    private final Plan plan;
    private final Assembler assembler;
    private final Actions actions;

    FileCalls(Plan plan, Assembler assembler, Actions actions) {
        this.plan = plan;
        this.assembler = assembler;
        this.actions = actions;
    }

    void addTo(Dispatch dispatch, SyscallTable syscalls) {
        if (!plan.policy().restrictsFiles()) {
            return;
        }
        String by = ": " + plan.policy().files().readOnly().get();
        for (FileCall call : FileCall.values()) {
            if (plan.traces(call)) {
                add(dispatch, syscalls, call.syscall(), actions.trace(call), ": made by the tracer where files may be written" + by);
            }
        }
        for (String name : REFUSED) {
            add(dispatch, syscalls, name, actions.errno(Errno.EPERM), ": a way round Landlock" + by);
        }
        add(dispatch, syscalls, "mq_open", assembler.load(SeccompData.low(1),
                assembler.jump(JumpOp.SET, O_CREAT, actions.errno(Errno.EPERM), actions.allow())), ": no file is made of a message queue" + by);
        for (String name : MISSING) {
            add(dispatch, syscalls, name, actions.errno(Errno.ENOSYS), ": the older call is judged" + by);
        }
        if (plan.truncatesPastLandlock()) {
            add(dispatch, syscalls, "openat2", actions.errno(Errno.ENOSYS), ": it may truncate" + by);
            add(dispatch, syscalls, "open", truncating(1), ": no truncation of what is opened for reading" + by);
            add(dispatch, syscalls, "openat", truncating(2), ": no truncation of what is opened for reading" + by);
        }
    }

    private static void add(Dispatch dispatch, SyscallTable syscalls, String name, Node then, String why) {
        OptionalInt nr = syscalls.find(name);
        if (nr.isPresent()) {
            dispatch.add(nr.getAsInt(), then, name + why);
        }
    }

    /** What opens for writing Landlock sees; O_RDONLY, and 3, which is for ioctls, it does not. */
    private Node truncating(int flags) {
        Node writes = assembler.and(O_ACCMODE,
                assembler.jump(JumpOp.EQ, O_WRONLY, actions.allow(),
                        assembler.jump(JumpOp.EQ, O_RDWR, actions.allow(), actions.errno(Errno.EPERM))));
        return assembler.load(SeccompData.low(flags), assembler.jump(JumpOp.SET, O_TRUNC, writes, actions.allow()));
    }

    /** For an ioctl whose request is in A. */
    Node ioctl() {
        Node ofFileSystem = actions.errno(Errno.EPERM);
        for (int i = HARMLESS.length - 1; i >= 0; i--) {
            ofFileSystem = assembler.jump(JumpOp.EQ, HARMLESS[i], actions.allow(), ofFileSystem);
        }
        Node again = assembler.load(SeccompData.low(1), ofFileSystem);
        Node above = actions.allow();
        for (int request : FLASH) {
            above = assembler.jump(JumpOp.EQ, request, actions.errno(Errno.EPERM), above);
        }
        Node ofCluster = assembler.load(SeccompData.low(1),
                assembler.jump(JumpOp.SET, ABOVE_OCFS2, above, actions.errno(Errno.EPERM)));
        Node type = assembler.jump(JumpOp.EQ, OCFS2, ofCluster, actions.allow());
        for (int i = TYPES.length - 1; i >= 0; i--) {
            type = assembler.jump(JumpOp.EQ, TYPES[i], again, type);
        }
        return assembler.and(TYPE, type);
    }
}
