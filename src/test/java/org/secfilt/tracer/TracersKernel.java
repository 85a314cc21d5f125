package org.secfilt.tracer;

import org.secfilt.kernel.Accounts;
import org.secfilt.kernel.CgroupSight;
import org.secfilt.kernel.Cgroups;
import org.secfilt.kernel.FrontEnd;
import org.secfilt.kernel.InheritedDescriptors;
import org.secfilt.kernel.Keeper;
import org.secfilt.kernel.Kernel;
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
import org.secfilt.kernel.Runs;
import org.secfilt.kernel.SecurityModules;
import org.secfilt.kernel.StandardStreams;
import org.secfilt.kernel.Supervisor;
import org.secfilt.kernel.Vault;

/** The doors of a kernel at which the tracer has no business. */
abstract class TracersKernel implements Kernel {
    @Override
    public ProcessStatus processStatus() {
        throw new AssertionError("the tracer knows its tracees alone");
    }

    @Override
    public PathResolution pathResolution() {
        throw new AssertionError("the tracer follows its tracees' paths alone");
    }

    @Override
    public InheritedDescriptors inheritedDescriptors() {
        throw new AssertionError("the tracer launches nothing");
    }

    @Override
    public CgroupSight cgroupSight() {
        throw new AssertionError("the tracer knows no cgroups");
    }

    @Override
    public StandardStreams standardStreams() {
        throw new AssertionError("the tracer writes nothing");
    }

    @Override
    public SecurityModules securityModules() {
        throw new AssertionError("the tracer is told what holds");
    }

    @Override
    public Supervisor supervisor() {
        throw new AssertionError("the tracer ends nobody but its tracees");
    }

    @Override
    public Leases leases() {
        throw new AssertionError("the tracer watches no files");
    }

    @Override
    public void takeListener(int pid, int fd, Vault vault, NotifiedCalls calls) {
        throw new AssertionError("the tracer takes no listener");
    }

    @Override
    public Keeper keeper() {
        throw new AssertionError("the tracer is given its keeper");
    }

    @Override
    public Networks networks() {
        throw new AssertionError("the tracer knows no networks");
    }

    @Override
    public Accounts accounts() {
        throw new AssertionError("the tracer knows no users");
    }

    @Override
    public Cgroups cgroups(Cgroups.Hierarchy hierarchy) {
        throw new AssertionError("the tracer knows no cgroups");
    }

    @Override
    public Programs programs() {
        throw new AssertionError("the tracer runs no programs");
    }

    @Override
    public Runs runs() {
        throw new AssertionError("the tracer knows its own run alone");
    }

    @Override
    public OwnTables ownTables() {
        throw new AssertionError("the tracer moves nobody");
    }

    @Override
    public ProfilesLock lockProfiles() {
        throw new AssertionError("the tracer changes no profiles");
    }

    @Override
    public NetworkLock lockNetwork() {
        throw new AssertionError("the tracer changes no network");
    }

    @Override
    public FrontEnd frontEnd(int fd, int pid) {
        throw new AssertionError("the tracer talks to no stub");
    }

    @Override
    public LogFile logFile(int pid, String name) {
        throw new AssertionError("the tracer writes no log");
    }
}
