package org.secfilt.tracer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.secfilt.kernel.Tracees;

record FakeSocketFile(byte[] path, List<byte[]> boundNames, boolean looked, boolean asCaller) implements Tracees.SocketFile {
    @Override
    public String identity() {
        return new String(path, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {}
}
