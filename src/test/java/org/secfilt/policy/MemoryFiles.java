package org.secfilt.policy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Files of a test, by name. A name {@code ./x} is the file {@code x}. */
public class MemoryFiles implements Opener {
    private final Map<String, byte[]> files = new HashMap<>();

    public MemoryFiles with(String name, String text) {
        return with(name, text.getBytes(StandardCharsets.UTF_8));
    }

    public MemoryFiles with(String name, byte[] bytes) {
        files.put(name, bytes);
        return this;
    }

    @Override
    public byte[] read(String name, int limitBytes) throws IOException {
        byte[] bytes = files.get(identity(name));
        if (bytes == null) {
            throw new IOException("No such file or directory");
        }
        return Arrays.copyOf(bytes, Math.min(bytes.length, limitBytes));
    }

    @Override
    public String identity(String name) {
        return name.startsWith("./") ? name.substring(2) : name;
    }
}
