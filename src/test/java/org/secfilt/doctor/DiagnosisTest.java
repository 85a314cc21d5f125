package org.secfilt.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.plan.HostFirewall;

class DiagnosisTest {
    private static final String ACTIONS = "/proc/sys/kernel/seccomp/actions_avail";
    private static final String YAMA = "/proc/sys/kernel/yama/ptrace_scope";

    private final Fake host = new Fake();

    /** Only root mounts, and root's run needs no mount. */
    @Test
    void an_ordinary_user_without_cgroup_mounts_is_not_told_to_mount() {
        host.root = false;
        host.set("/proc/self/mountinfo=");
        Finding finding = Probes.cgroup(host);
        assertEquals("partly version 2, not mounted: run secfilt as root, for this layer alone",
                finding.state().toString().toLowerCase(java.util.Locale.ROOT) + " " + finding.found() + ": " + finding.remedy());
        host.set("/proc/filesystems=nodev cgroup");
        assertEquals(Finding.State.NO, Probes.cgroup(host).state());
    }

    @Test
    void a_host_with_everything_holds_network_policies() {
        Diagnosis diagnosis = Diagnosis.of(host);
        assertTrue(diagnosis.holdsNetworkPolicies());
        String text = diagnosis.print(false);
        assertTrue(text.endsWith("\nsecfilt can hold network policies here\n"), text);
        assertTrue(!text.contains("no   ") && !text.contains("partly"), text);
    }

    /** What is changed about the host | the line that tells, and what it says of the enforcement or the remedy. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "processor=aarch64 | no      processor: aarch64 | the supervisor knows x86_64 alone",
                "/proc/sys/kernel/osrelease=5.10.0-8-amd64 | no      kernel: 5.10.0-8-amd64 | secfilt needs Linux 5.14 or later",
                "/proc/sys/kernel/osrelease=4.19.0 | no      kernel: 4.19.0 | install a later kernel",
                "java=11 | no      Java: release 11 | apt-get install openjdk-17-jre-headless",
                "/proc/sys/kernel/seccomp/actions_avail=user_notif | no      seccomp filter: the actions allow, errno, trace are missing | CONFIG_SECCOMP_FILTER",
                "/proc/sys/kernel/seccomp/actions_avail=kill errno allow trace | no      user notification: no action user_notif | Linux 5.0 or later",
                "/proc/sys/kernel/yama/ptrace_scope=2 | no      ptrace: yama.ptrace_scope is 2 | sysctl kernel.yama.ptrace_scope=1",
                "/proc/sys/kernel/yama/ptrace_scope=3 | no      ptrace: yama.ptrace_scope is 3 | it stays so until the next boot",
                "status=TracerPid:\t77 | no      tracers: process 77 traces this one | run secfilt outside of strace",
                "refused=waitid: EPERM | no      supervisor's calls: waitid: EPERM is the answer here | Docker: --cap-add=SYS_PTRACE",
                "trial=secfilt: seccomp: EPERM | no      trial run: secfilt: seccomp: EPERM | any policy",
            })
    void says_for_want_of_what_it_cannot(String change, String line, String more) {
        host.root = false;
        host.set(change);
        Diagnosis diagnosis = Diagnosis.of(host);
        String text = diagnosis.print(false);
        assertTrue(!diagnosis.holdsNetworkPolicies(), text);
        String what = line.substring("no      ".length(), line.indexOf(':'));
        assertTrue(("\n" + text).replaceAll("\n {22}", " ").contains("\n" + line), text);
        assertTrue(text.replaceAll("\n {22}", " ").contains(more), text);
        assertTrue(text.contains("cannot hold network policies here, for want of:\n  ") && text.strip().endsWith(what), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "landlock=0 | no      Landlock: none | landlock in the boot option lsm=",
                "landlock=1 | no      Landlock: ABI 1 | Linux 6.12 or later",
                "landlock=4 | partly  Landlock: ABI 4 | signals to processes outside by terminals (SIGIO), or without a supervisor; and mount(2) is refused to root",
                "/proc/self/mountinfo= | yes     cgroups: version 2, which secfilt mounts where nobody sees it | a group of its own",
                "landlock=0 | no      read-only files: no Landlock | a run with them is refused",
                "landlock=1 | partly  read-only files: Landlock ABI 1 | moves and links",
                "landlock=2 | yes     read-only files: Landlock ABI 2 | truncating by filter and tracer",
                "landlock=3 | yes     read-only files: Landlock ABI 3 | removing, truncating",
                "nsenter= | no      network behind this host: not installed: util-linux | --net=nat",
                "root=no | partly  network behind this host: ip, nsenter, iptables | use --net=none",
                "/proc/self/mountinfo=9 8 0:1 / /a rw - cgroup c rw,net_cls,net_prio | yes     cgroups: version 2, which secfilt mounts where nobody sees it; and net_cls | a group of its own",
                "iptables-restore= | no      iptables: iptables is missing, the other is there | apt-get install iptables",
                "ip6tables-restore= | no      iptables: ip6tables is missing, the other is there | apt-get install iptables",
                "ip6tables-restore=/usr/sbin/xtables-legacy-multi | yes     iptables: nft for IPv4, the other for IPv6 | ICMP",
                "root=no | partly  iptables: nft, for both families | changing rules is root's",
                "root=no | partly  cgroups: version 2 | making groups is root's",
                "/proc/cgroups= | partly  profiles: version 2, for this kernel has no net_cls | each stays where it was made",
                "root=no | partly  profiles: net_cls, not mounted | only root can here",
                "/proc/self/mounts=none /run/secfilt/net_cls cgroup rw,net_cls 0 0 | yes     profiles: net_cls, mounted | lasting packet rules",
                "root=no | yes     user namespaces: 1000 at most | namespaces of a run's own",
                "firewall= | yes     firewall: no other process uses this network, so it is judged as a whole | packets of every kind",
                "cgroups=none | partly  cgroups: none can be made by this process | by which the firewall knows its packets",
                "cgroups=none | no      profiles: no cgroup for them can be made by this process | run secfilt as the host's root",
                "firewall=the right to make a cgroup in / | no      firewall: for want of the right to make a cgroup in / | --net=nat",
                "network=none | partly  iptables: nft, for both families | this network belongs to another user namespace",
                "network=none | no      profiles: this network belongs to another user namespace | run secfilt as the host's root",
                "network=none | no      network behind this host: this network belongs to another user namespace | use --net=none",
                "parameters=read-only | no      network behind this host: /proc/sys is read-only | use --net=none",
                "capabilities=sys_ptrace | partly  ptrace: without CAP_SYS_PTRACE | --user with a policy is refused",
                "capabilities=sys_admin | no      network behind this host: without CAP_SYS_ADMIN | in a container, --cap-add=SYS_ADMIN",
                "capabilities=net_admin | no      network behind this host: without CAP_NET_ADMIN | in a container, --cap-add=NET_ADMIN",
                "capabilities=net_admin | partly  iptables: nft, for both families | changing rules takes CAP_NET_ADMIN",
                "capabilities=net_admin | partly  user namespaces: not needed by root | --net=none: a loopback interface takes CAP_NET_ADMIN",
                "capabilities=both | no      profiles: without CAP_NET_ADMIN and CAP_SYS_ADMIN | --cap-add=NET_ADMIN --cap-add=SYS_ADMIN",
                "capabilities=both | partly  user namespaces: 1000 at most, needed without CAP_SYS_ADMIN | the same with --user",
                "capabilities=none | no      user namespaces: user 0 without CAP_SETFCAP makes none | run secfilt as an ordinary user",
                "/etc/resolv.conf= | yes     resolver: /etc/resolv.conf names no server | allows 127.0.0.1",
                "/proc/sys/kernel/yama/ptrace_scope=1 | yes     ptrace: yama.ptrace_scope is 1 | connect, bind",
                "status=Seccomp:\t2 | yes     tracers: none; a seccomp filter is on this process already | ''",
            })
    void does_without_the_rest(String change, String line, String more) {
        host.set(change);
        Diagnosis diagnosis = Diagnosis.of(host);
        String text = diagnosis.print(false);
        assertTrue(diagnosis.holdsNetworkPolicies(), text);
        assertTrue(text.replaceAll("\n {22}", " ").contains("\n" + line), text);
        assertTrue(text.replaceAll("\n {22}", " ").contains(more.equals("''") ? "" : more), text);
    }

    @Test
    void a_sysctl_that_binds_ordinary_users_only_does_not_bind_root() {
        host.set(YAMA + "=2");
        host.root = false;
        assertTrue(!Diagnosis.of(host).holdsNetworkPolicies());
        host.root = true;
        assertEquals(Finding.State.PARTLY, Probes.ptrace(host).state());
        host.root = false;
        host.set("/proc/sys/user/max_user_namespaces=0");
        assertEquals("sysctl user.max_user_namespaces=10000", Probes.userNamespaces(host).remedy());
    }

    @Test
    void where_the_kernel_lacks_version_2_of_cgroups_it_is_net_cls_or_nothing() {
        host.set("/proc/filesystems=nodev cgroup");
        host.set("/proc/self/mountinfo=9 8 0:1 / /a rw - cgroup c rw,net_cls");
        assertEquals("net_cls of version 1", Probes.cgroup(host).found());
        host.set("/proc/self/mountinfo=");
        assertEquals(Finding.State.NO, Probes.cgroup(host).state());
    }

    @Test
    void whatever_is_wanting_says_what_goes_unenforced() {
        host.files.clear();
        host.landlock = 0;
        host.root = false;
        for (Probe probe : Probes.ALL) {
            Finding finding = probe.look(host);
            assertTrue(finding.state() == Finding.State.YES || !finding.missing().isEmpty(), finding::toString);
        }
    }

    @Test
    void fits_80_columns_and_colours_change_nothing_else() {
        host.files.remove(ACTIONS);
        host.root = false;
        host.landlock = 4;
        fits();
        host.set(ACTIONS + "=kill_process kill_thread trap errno user_notif trace log allow");
        fits();
    }

    private void fits() {
        String text = Diagnosis.of(host).print(false);
        for (String line : text.split("\n")) {
            assertTrue(line.length() <= 80, line);
            assertEquals(line.stripTrailing(), line);
        }
        assertEquals(text, Diagnosis.of(host).print(true).replaceAll("\u001b\\[[0-9]+m", ""));
    }

    private static final class Fake implements Look {
        final Map<String, String> files = new HashMap<>(Map.of(
                "/proc/sys/kernel/osrelease", "6.18.0",
                ACTIONS, "kill_process errno user_notif trace log allow",
                "/proc/self/mountinfo", "38 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw",
                "/proc/sys/user/max_user_namespaces", "1000",
                "/etc/resolv.conf", "nameserver 10.0.0.1",
                "iptables-restore", "/usr/sbin/xtables-nft-multi",
                "ip6tables-restore", "/usr/sbin/xtables-nft-multi",
                "status", "TracerPid:\t0\nSeccomp:\t0",
                "processor", "x86_64",
                "trial", ""));
        int landlock = 6;
        int java = 17;

        {
            files.put("ip", "/usr/bin/ip");
            files.put("nsenter", "/usr/bin/nsenter");
            files.put("/proc/filesystems", "nodev\tcgroup\nnodev\tcgroup2\n\text4");
            files.put("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nnet_cls\t10\t1\t1");
        }

        boolean root = true;
        boolean makesCgroups = true;
        boolean changesNetwork = true;
        boolean changesParameters = true;
        HostFirewall firewall = new HostFirewall(Optional.empty(), true);

        void set(String change) {
            int equals = change.indexOf('=');
            String name = change.substring(0, equals);
            String value = change.substring(equals + 1);
            switch (name) {
                case "landlock" -> landlock = Integer.parseInt(value);
                case "java" -> java = Integer.parseInt(value);
                case "firewall" -> firewall = value.isEmpty() ? HostFirewall.OF_NETWORK : HostFirewall.without(value);
                case "network" -> changesNetwork = !value.equals("none");
                case "parameters" -> changesParameters = !value.equals("read-only");
                case "cgroups" -> makesCgroups = !value.equals("none");
                case "capabilities" -> {
                    long[] without = {1L << 19, 1L << 21, 1L << 12, 1L << 12 | 1L << 21, -1L};
                    long held = ~without[List.of("sys_ptrace", "sys_admin", "net_admin", "both", "none").indexOf(value)] & 0x1ff_ffff_ffffL;
                    files.put("status", "TracerPid:\t0\nSeccomp:\t0\nUid:\t0\t0\t0\t0\nCapPrm:\t" + String.format("%016x", held));
                    root = held != 0;
                }
                case "root" -> root = value.equals("yes");
                default -> files.put(name, value);
            }
        }

        @Override
        public Optional<String> read(String path) {
            return Optional.ofNullable(files.get(path));
        }

        @Override
        public Optional<String> program(String name) {
            return read(name).filter(file -> !file.isEmpty());
        }

        @Override
        public int landlockAbi() {
            return landlock;
        }

        @Override
        public HostFirewall firewall() {
            return firewall;
        }

        @Override
        public boolean changesNetwork() {
            return changesNetwork;
        }

        @Override
        public boolean changesParameters() {
            return changesParameters;
        }

        @Override
        public boolean makesCgroups() {
            return makesCgroups;
        }

        @Override
        public boolean makesProfiles() {
            return makesCgroups;
        }

        @Override
        public boolean root() {
            return root;
        }

        @Override
        public String processor() {
            return files.getOrDefault("processor", "x86_64");
        }

        @Override
        public String status() {
            return files.getOrDefault("status", "");
        }

        @Override
        public int java() {
            return java;
        }

        @Override
        public Optional<String> refusedCall() {
            return read("refused");
        }

        @Override
        public String trial() {
            return files.getOrDefault("trial", "");
        }
    }
}
