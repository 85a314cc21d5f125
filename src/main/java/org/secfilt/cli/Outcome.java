package org.secfilt.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.firewall.ProfileName;
import org.secfilt.kernel.Cgroups;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Policy;
import org.secfilt.policy.Setting;
import org.secfilt.report.Volume;

/** What a command line asks for. */
sealed interface Outcome {
    <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException;

    interface Visitor<R> {
        R run(Run run) throws IOException, RefusedPolicyException;

        R compile(Compile compile) throws IOException, RefusedPolicyException;

        R explain(Explain explain) throws IOException, RefusedPolicyException;

        R simulate(Simulate simulate) throws IOException, RefusedPolicyException;

        R check(Check check) throws IOException;

        R doctor(Doctor doctor) throws IOException;

        R gc(Gc gc) throws IOException;

        R profile(Profile profile) throws IOException;

        R assign(Assign assign) throws IOException;

        R exit(Exit exit) throws IOException;
    }

    /**
     * @param commandIndex where the command's words begin, counted as argv is: the first word after {@code secfilt} is 1
     * @param landlock false to run as where the kernel has no Landlock
     * @param notifications false to run as where the kernel notifies too slowly
     * @param cgroups those that it may use, as where the kernel has no others
     * @param log the file for events, as the user named it
     * @param profile to be entered
     */
    record Run(Policy policy, int commandIndex, boolean supervised, Volume volume, boolean landlock, boolean notifications,
            List<Cgroups.Hierarchy> cgroups, Optional<Setting<String>> log, Optional<ProfileName> profile) implements Outcome {
        public Run {
            cgroups = List.copyOf(cgroups);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException {
            return visitor.run(this);
        }
    }

    /** @param output the file as the user named it; standard output if empty or {@code -} */
    record Compile(Policy policy, Arch arch, Format format, Optional<String> output, Volume volume) implements Outcome {
        enum Format {
            ASM,
            BIN
        }

        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException {
            return visitor.compile(this);
        }
    }

    /** @param destinations as the user wrote them */
    record Explain(Policy policy, List<String> destinations, Volume volume) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException {
            return visitor.explain(this);
        }
    }

    /**
     * @param arch of the filter
     * @param entry of the call, where it is another: {@code i386} or {@code x32}
     * @param call as the user wrote it: its name or number, its arguments
     */
    record Simulate(Policy policy, Arch arch, Optional<String> entry, List<String> call, Volume volume) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException {
            return visitor.simulate(this);
        }
    }

    /** @param files as the user named them, one at least */
    record Check(List<String> files, Volume volume) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.check(this);
        }
    }

    /** What this host can hold. */
    record Doctor() implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.doctor(this);
        }
    }

    /** What killed runs have left is removed. */
    record Gc(Volume volume) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.gc(this);
        }
    }

    /**
     * Lasting profiles.
     *
     * @param name empty for the list of all
     * @param file the definition, if the user names one
     * @param group who may enter, if not root alone
     * @param below the cgroup of version 2 to make it in, if not the root
     * @param force processes in it do not keep it from being removed
     */
    record Profile(Action action, Optional<ProfileName> name, Optional<String> file, Optional<String> group, boolean inverted,
            Optional<String> below, boolean force, List<Cgroups.Hierarchy> cgroups, Volume volume) implements Outcome {
        enum Action {
            INSTALL,
            LIST,
            SHOW,
            REMOVE
        }

        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.profile(this);
        }
    }

    /** Processes move into a profile; out of theirs if it is empty. */
    record Assign(Optional<ProfileName> profile, List<Integer> pids, List<Cgroups.Hierarchy> cgroups) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.assign(this);
        }
    }

    /** Nothing is run: it was help, or a mistake. */
    record Exit(int code, String out, String err) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.exit(this);
        }
    }
}
