package org.secfilt.report;

import java.util.Optional;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Errno;

/**
 * A judged call as the log tells it.
 *
 * @param call what a report would say of it; of an allowed one, what allowed it, and no words where nothing had to
 * @param executable the file its process executes
 * @param error what it fails with; empty if it was allowed, and if what it did was denied afterwards
 */
public record LoggedCall(JudgedCall call, int tid, int parent, ByteString executable, boolean allowed, Optional<Errno> error) {}
