package org.secfilt.sandbox;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.secfilt.abi.ByteString;
import org.secfilt.bpf.Program;
import org.secfilt.kernel.InheritedDescriptor;
import org.secfilt.launch.Launch;
import org.secfilt.launch.LaunchScript;
import org.secfilt.launch.Operand;
import org.secfilt.plan.Capability;
import org.secfilt.plan.LandlockDomain;
import org.secfilt.plan.Plan;

/** The launch scripts of a run: what the stub does to itself before it becomes the command. */
final class Scripts {
    // linux/seccomp.h
    private static final int SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;

    private final Plan plan;
    private final Command command;
    private final ByteString file;
    private final boolean yama;
    /** The stub's permitted set, one bit a capability. */
    private final long capabilities;

    Scripts(Plan plan, Command command, ByteString file, boolean yama, long capabilities) {
        this.plan = plan;
        this.command = command;
        this.file = file;
        this.yama = yama;
        this.capabilities = capabilities;
    }

    /** Nothing is restricted. */
    LaunchScript plain() {
        Launch launch = launch();
        return launch.execute(file, command.first());
    }

    /** The stub is under its filter already and gets the file that the kernel would not execute. */
    LaunchScript byShell() {
        return new Launch(plan.arch().syscalls()).executeByShell(file, command.arguments());
    }

    LaunchScript supervised(Program filter, List<InheritedDescriptor> closed) {
        Launch launch = launch();
        launch.noNewPrivileges();
        for (InheritedDescriptor descriptor : closed) {
            launch.close(descriptor.fd());
        }
        dropCapabilities(launch);
        if (plan.landlock().isPresent()) {
            enter(launch, plan.landlock().get());
        }
        launch.filter(filter.encode(ByteOrder.nativeOrder()), SECCOMP_FILTER_FLAG_NEW_LISTENER);
        // The vault guard sends this to the tracer: the stop at which it takes the listener, and the proof that filter and tracer work.
        launch.call("munmap(vault)", "munmap",
                new Operand.Immediate(plan.vault().address()), new Operand.Immediate(plan.vault().lengthBytes()));
        return launch.execute(file, command.first());
    }

    private Launch launch() {
        Launch launch = new Launch(plan.arch().syscalls());
        if (yama) {
            launch.forgetPtracer();
        }
        return launch;
    }

    /** The bounding set too, so that no execve(2) by root brings them back. */
    private void dropCapabilities(Launch launch) {
        if (plan.droppedCapabilities().isEmpty()) {
            return;
        }
        long kept = capabilities;
        for (Capability capability : plan.droppedCapabilities()) {
            long bit = 1L << capability.number();
            if ((capabilities & bit) != 0) {
                launch.dropFromBoundingSet(capability.number());
                kept &= ~bit;
            }
        }
        launch.clearAmbientCapabilities();
        launch.setCapabilities(kept, kept, 0);
    }

    /** landlock(7): a domain, and where it must handle a file right, the rule that allows that right everywhere. */
    private static void enter(Launch launch, LandlockDomain domain) {
        byte[] attribute = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder())
                .putLong(domain.handledAccessFs()).putLong(0).putLong(domain.scoped()).array();
        int known = domain.scoped() == 0 ? 8 : attribute.length; // what older kernels know of it
        launch.restrictSelf(Arrays.copyOf(attribute, known), List.of());
    }
}
