package org.secfilt.tracer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.secfilt.kernel.SocketFile;

record FakeSocketFile(byte[] path, List<byte[]> boundNames, boolean looked, boolean asCaller) implements SocketFile {
    @Override
    public String identity() {
        return new String(path, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {}
}
