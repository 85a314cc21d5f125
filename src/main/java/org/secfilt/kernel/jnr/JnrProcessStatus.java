package org.secfilt.kernel.jnr;

import java.util.Optional;
import org.secfilt.kernel.ProcessStatus;

/** Status by /proc. */
final class JnrProcessStatus implements ProcessStatus {
    private final Proc proc = new Proc();

    @Override
    public long permittedCapabilities(int pid) {
        return capabilities(pid, "CapPrm");
    }

    @Override
    public long inheritableCapabilities(int pid) {
        return capabilities(pid, "CapInh");
    }

    private long capabilities(int pid, String set) {
        return JnrCredentials.capabilities(proc.status(pid), set);
    }

    @Override
    public Owner owner(int pid) {
        String status = proc.status(pid);
        return new Owner(effective(status, "Uid"), effective(status, "Gid"));
    }

    /** proc(5) "status": the real, the effective, the saved and the file system's. */
    private static int effective(String status, String name) {
        return Integer.parseUnsignedInt(Proc.field(status, name).split("\t")[1]);
    }

    @Override
    public Optional<String> tracer(int pid) {
        int tracer = proc.tracer(pid);
        return tracer == 0 ? Optional.empty() : Optional.of(proc.read(tracer, "/comm").strip() + "[" + tracer + "]");
    }
}
