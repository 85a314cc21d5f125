package org.secfilt.sandbox;

import java.util.Optional;
import org.secfilt.kernel.FrontEnd;

/** A stub that exits when the log of its run is complete, and open no more: whoever waits for its end finds the file so. */
final class LoggedFrontEnd implements FrontEnd {
    private final FrontEnd stub;
    private final RunLog log;

    LoggedFrontEnd(FrontEnd stub, RunLog log) {
        this.stub = stub;
        this.log = log;
    }

    @Override
    public int pid() {
        return stub.pid();
    }

    @Override
    public void outlive() {
        stub.outlive();
    }

    @Override
    public void exit(int code) {
        log.flush();
        log.letGo();
        stub.exit(code);
    }

    @Override
    public void launch(byte[] script) {
        stub.launch(script);
    }

    @Override
    public Optional<Made> makeKeeper() {
        return stub.makeKeeper();
    }

    @Override
    public boolean isGone() {
        return stub.isGone();
    }

    @Override
    public Optional<FailedStep> awaitExec() {
        return stub.awaitExec();
    }
}
