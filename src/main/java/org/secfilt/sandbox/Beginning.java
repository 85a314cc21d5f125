package org.secfilt.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.secfilt.abi.ByteString;

/** What a file begins with that the kernel would not execute: shells run it as their script, unless it is a binary file. */
final class Beginning {
    /** As much as bash looks at. */
    private static final int BYTES = 80;
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'}; // elf.h

    private final byte[] bytes;

    private Beginning(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Of the file as the process sees it. One that we cannot read begins with nothing: the shell will say why. */
    static Beginning of(ByteString file, int pid) {
        try {
            Path path = Path.of("/proc/" + pid + (file.length() > 0 && file.at(0) == '/' ? "/root" : "/cwd/") + new String(file.toBytes()));
            if (!Files.isRegularFile(path)) {
                return of(new byte[0]);
            }
            try (InputStream in = Files.newInputStream(path)) {
                return of(in.readNBytes(BYTES));
            }
        } catch (IOException | InvalidPathException e) {
            return of(new byte[0]);
        }
    }

    static Beginning of(byte[] bytes) {
        return new Beginning(bytes);
    }

    /** An executable file of some machine, or a zero byte in the first line. */
    boolean isBinary() {
        if (ByteString.of(bytes).startsWith(ByteString.of(ELF))) {
            return true;
        }
        for (byte b : bytes) {
            if (b == 0 || b == '\n') {
                return b == 0;
            }
        }
        return false;
    }
}
