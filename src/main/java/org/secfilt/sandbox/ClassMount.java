package org.secfilt.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.secfilt.firewall.FirewallException;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Programs;

/**
 * A mount of net_cls for users who may enter a profile but may not mount. It is made where the eldest process lives that started this one, for
 * {@code ip netns exec} and its kind give each command mounts of its own.
 */
public final class ClassMount {
    private static final String DIRECTORY = "/run/secfilt";
    private static final String POINT = DIRECTORY + "/net_cls";
    private static final List<String> DIRECTORIES = List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin");
    /** More ancestors than this are none. */
    private static final int MAX_ANCESTORS = 1000;

    private final Programs programs;
    private final Cgroups cgroups;
    private final int pid;
    private final List<String> shown = new ArrayList<>();

    ClassMount(Programs programs, Cgroups cgroups, int pid) {
        this.programs = programs;
        this.cgroups = cgroups;
        this.pid = pid;
    }

    private static boolean isIn(String process) {
        for (String line : lines("/proc/" + process + "/mounts")) {
            if (line.contains(" " + POINT + " cgroup ")) {
                return true;
            }
        }
        return false;
    }

    /** Makes it where there is none in sight. */
    public void show() throws FirewallException {
        if (cgroups.hierarchy() == Cgroups.Hierarchy.UNIFIED) {
            return; // who may enter has to be given more than a mount
        }
        String eldest = eldest();
        boolean there = false;
        for (String line : lines("/proc/" + eldest + "/mounts")) {
            String[] fields = line.split(" ");
            there |= fields.length > 3 && fields[2].equals("cgroup") && ("," + fields[3] + ",").contains(",net_cls,");
        }
        String mount = "mkdir -p " + POINT + " && mount -t cgroup -o nosuid,nodev,noexec," + cgroups.classControllers() + " none " + POINT;
        if (!there) {
            shown.add(eldest);
            inMountsOf(eldest, mount);
        }
        if (!cgroups.inSight()) {
            shown.add(Integer.toString(pid));
            inMountsOf(Integer.toString(pid), mount);
        }
    }

    /** Removes what {@link #show} has made, though that had failed. */
    public void hideAgain() throws FirewallException {
        hide(shown);
    }

    /** Removes it, if it is there. */
    public void hide() throws FirewallException {
        hide(List.of(Integer.toString(pid), eldest()));
    }

    private void hide(List<String> processes) throws FirewallException {
        for (String process : processes) {
            if (isIn(process)) {
                inMountsOf(process, "umount -l " + POINT + " && rmdir " + POINT + " && rmdir --ignore-fail-on-non-empty " + DIRECTORY);
            }
        }
    }

    /** The process's first ancestor whose mounts can be entered. */
    private String eldest() {
        String eldest = Integer.toString(pid);
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        for (int i = 0; i < MAX_ANCESTORS && process.isPresent(); i++) {
            String name = Long.toString(process.get().pid());
            try {
                Files.readSymbolicLink(Path.of("/proc", name, "ns", "mnt"));
                eldest = name;
            } catch (IOException e) {
                return eldest;
            }
            process = process.get().parent();
        }
        return eldest;
    }

    private void inMountsOf(String process, String script) throws FirewallException {
        Optional<String> nsenter = programs.find("nsenter", DIRECTORIES);
        if (nsenter.isEmpty()) {
            throw new FirewallException(script + ": the program nsenter is missing");
        }
        List<String> words = new ArrayList<>(List.of("--mount=/proc/" + process + "/ns/mnt", "--", "/bin/sh", "-c", script));
        try {
            Programs.Ended ended = programs.run(List.of(new Programs.Start(nsenter.get(), words, ""))).get(0);
            if (ended.status() != 0) {
                throw new FirewallException(script + ": " + ended.said().strip());
            }
        } catch (KernelException e) {
            throw new FirewallException(e.getMessage());
        }
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }
}
