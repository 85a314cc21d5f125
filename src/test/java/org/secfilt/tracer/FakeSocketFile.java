package org.secfilt.tracer;

import java.util.List;
import org.secfilt.kernel.Tracees;

record FakeSocketFile(byte[] path, List<byte[]> boundNames, boolean looked, boolean asCaller) implements Tracees.SocketFile {
    @Override
    public void close() {}
}
