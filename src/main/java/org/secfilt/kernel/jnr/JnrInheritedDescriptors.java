package org.secfilt.kernel.jnr;

import java.io.File;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.secfilt.abi.Errno;
import org.secfilt.kernel.Care;
import org.secfilt.kernel.InheritedDescriptors;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.OpenDescriptor;

/** Inherited descriptors by /proc and pidfd_getfd(2). */
final class JnrInheritedDescriptors implements InheritedDescriptors {
    private final Proc proc = new Proc();
    private final TraceeDescriptors descriptors;
    private final Patience patience;
    private final long scratch = NativeMemory.allocate(JnrSocket.SCRATCH_BYTES);

    /** @param patience of the thread that asks */
    JnrInheritedDescriptors(Patience patience) {
        this.patience = patience;
        this.descriptors = new TraceeDescriptors(proc, patience);
    }

    @Override
    public Set<Integer> open(int pid) {
        Set<Integer> numbers = new HashSet<>();
        String[] names = new File(ProcDirectory.path(pid + "/fd")).list();
        if (names == null) {
            throw new KernelException("open(/proc/" + pid + "/fd)", Errno.EACCES.number());
        }
        for (String name : names) {
            numbers.add(Integer.parseInt(name));
        }
        return numbers;
    }

    @Override
    public List<OpenDescriptor> carriers(int pid, Set<Integer> open, Care care) {
        List<OpenDescriptor> found = new ArrayList<>();
        for (int fd : open) {
            if (fd > 2 && descriptors.isSocket(pid, fd)) {
                found.add(socket(pid, fd, care));
                continue;
            }
            Optional<OpenDescriptor> carrier = descriptors.carrier(pid, fd);
            if (carrier.isPresent() && (fd > 2 || isWayOut(carrier.get()))) { // no lambda: it would cost milliseconds
                found.add(carrier.get());
            }
        }
        return found;
    }

    @Override
    public List<OpenDescriptor> streams(int pid) {
        List<OpenDescriptor> found = new ArrayList<>();
        for (int fd = 0; fd <= 2; fd++) {
            if (descriptors.isSocket(pid, fd)) {
                found.add(socket(pid, fd, Care.NONE));
                continue;
            }
            Optional<OpenDescriptor> carrier = descriptors.carrier(pid, fd);
            if (carrier.isPresent() && !isWayOut(carrier.get())) {
                found.add(carrier.get());
            }
        }
        return found;
    }

    /** Nobody talks by such a one. */
    private static boolean isWayOut(OpenDescriptor descriptor) {
        return descriptor.kind() == OpenDescriptor.Kind.CGROUP || descriptor.kind() == OpenDescriptor.Kind.DIRECTORY;
    }

    private OpenDescriptor socket(int pid, int fd, Care care) {
        int copy = Pidfd.copy(proc, pid, fd);
        if (copy < 0) {
            throw KernelException.inWords("the sockets that are open here cannot be looked at (pidfd_getfd: " + Errno.of(-copy)
                    + "): within another secfilt, or a container that forbids that call, secfilt can hold no policy. Nothing was run");
        }
        try (JnrSocket socket = new JnrSocket(copy, scratch, patience)) {
            return socket.describe(fd, care);
        }
    }
}
