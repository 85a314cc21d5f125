package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.abi.KernelRelease;
import org.secfilt.kernel.Accounts;
import org.secfilt.kernel.Affinity;
import org.secfilt.kernel.CgroupSight;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.FileChanges;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.InheritedDescriptors;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Kernel;
import org.secfilt.kernel.KernelException;
import org.secfilt.kernel.Leases;
import org.secfilt.kernel.LogFile;
import org.secfilt.kernel.NetworkLock;
import org.secfilt.kernel.Networks;
import org.secfilt.kernel.NotifiedCalls;
import org.secfilt.kernel.OwnTables;
import org.secfilt.kernel.PathResolution;
import org.secfilt.kernel.ProcessStatus;
import org.secfilt.kernel.ProfilesLock;
import org.secfilt.kernel.Programs;
import org.secfilt.kernel.Ptrace;
import org.secfilt.kernel.Runs;
import org.secfilt.kernel.SecurityModules;
import org.secfilt.kernel.SignalTargets;
import org.secfilt.kernel.StandardStreams;
import org.secfilt.kernel.Supervisor;
import org.secfilt.kernel.Tracees;
import org.secfilt.kernel.Vault;

/** The running kernel. */
public final class JnrKernel implements Kernel {
    /** Of the tracer thread. */
    private final Patience patience = new Patience();
    private final Programs programs = new JnrPrograms();

    @Override
    public Ptrace ptrace() {
        return new JnrPtrace(new Proc(), patience);
    }

    @Override
    public Tracees tracees() {
        return new JnrTracees(new Proc(), patience);
    }

    @Override
    public SignalTargets signalTargets() {
        Proc proc = new Proc();
        return new JnrSignalTargets(proc, new TraceeDescriptors(proc, patience));
    }

    @Override
    public boolean notifiesAtOnce() {
        return KernelRelease.parse(System.getProperty("os.version")).isAtLeast(6, 6); // uname(2)
    }

    @Override
    public Tracees notifiedTracees() {
        Patience own = new Patience();
        if (!own.prepare()) {
            throw noThread();
        }
        return new JnrTracees(new Proc(), own);
    }

    static KernelException noThread() {
        return KernelException.inWords("no further thread can be started: is there a limit on them (ulimit -u)?");
    }

    @Override
    public FileChanges fileChanges() {
        return new JnrFileChanges(new Proc(), patience);
    }

    @Override
    public Affinity affinity() {
        return new JnrAffinity(new Proc(), patience);
    }

    @Override
    public Vault vault(long address, int lengthBytes) {
        return new JnrVault(address, lengthBytes);
    }

    @Override
    public Keeper keeper() {
        return new JnrKeeper();
    }

    @Override
    public ProcessStatus processStatus() {
        return new JnrProcessStatus();
    }

    @Override
    public PathResolution pathResolution() {
        return new JnrPathResolution(Optional.empty());
    }

    @Override
    public InheritedDescriptors inheritedDescriptors() {
        return new JnrInheritedDescriptors(patience);
    }

    @Override
    public CgroupSight cgroupSight() {
        return new JnrCgroupSight();
    }

    @Override
    public StandardStreams standardStreams() {
        return new JnrStandardStreams();
    }

    @Override
    public SecurityModules securityModules() {
        return new JnrSecurityModules();
    }

    @Override
    public Supervisor supervisor() {
        return new JnrSupervisor(patience);
    }

    @Override
    public Leases leases() {
        return new JnrLeases();
    }

    @Override
    public void takeListener(int pid, int fd, Vault vault, NotifiedCalls calls) {
        int listener = Pidfd.mustCopy(new Proc(), pid, fd);
        new JnrListener(listener, (JnrVault) vault, calls).start();
    }

    @Override
    public Networks networks() {
        return new JnrNetworks();
    }

    @Override
    public Accounts accounts() {
        return new JnrAccounts();
    }

    @Override
    public LogFile logFile(int pid, String name) {
        return JnrLogFile.open(pid, name);
    }

    @Override
    public Cgroups cgroups(Cgroups.Hierarchy hierarchy) {
        return new JnrCgroups(hierarchy);
    }

    @Override
    public Programs programs() {
        return programs;
    }

    @Override
    public Runs runs() {
        return new JnrRuns();
    }

    @Override
    public OwnTables ownTables() {
        return new JnrOwnTables(new Patience());
    }

    @Override
    public NetworkLock lockNetwork() {
        return new JnrNetworkLock();
    }

    @Override
    public ProfilesLock lockProfiles() {
        return new JnrProfilesLock();
    }

    @Override
    public FrontEnd frontEnd(int fd, int pid) {
        return new JnrFrontEnd(fd, pid);
    }
}
