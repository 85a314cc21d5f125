package org.secfilt.cli;

import java.io.IOException;
import java.util.Optional;
import org.secfilt.abi.Arch;
import org.secfilt.plan.RefusedPolicyException;
import org.secfilt.policy.Policy;
import org.secfilt.report.Volume;

/** What a command line asks for. */
sealed interface Outcome {
    <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException;

    interface Visitor<R> {
        R run(Run run) throws IOException, RefusedPolicyException;

        R compile(Compile compile) throws IOException, RefusedPolicyException;

        R exit(Exit exit) throws IOException;
    }

    /** @param commandIndex where the command's words begin, counted as argv is: the first word after {@code secfilt} is 1 */
    record Run(Policy policy, int commandIndex, Volume volume) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException, RefusedPolicyException {
            return visitor.run(this);
        }
    }

    /** @param output the file as the user named it; standard output if empty */
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

    /** Nothing is run: it was help, or a mistake. */
    record Exit(int code, String out, String err) implements Outcome {
        @Override
        public <R> R accept(Visitor<R> visitor) throws IOException {
            return visitor.exit(this);
        }
    }
}
