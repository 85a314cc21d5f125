package org.secfilt.abi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The system calls of one architecture, name to number and back, up to Linux 6.18. All of it comes from
 * {@code syscalls.csv}; no number is written anywhere else.
 */
public final class SyscallTable {
    /** Above every number in the table; a row beyond it is a mistake in the table. */
    private static final int NUMBERS = 512;

    private final Arch arch;
    private final Map<String, Integer> numbers = new HashMap<>(1024);
    private final String[] names = new String[NUMBERS];

    private SyscallTable(Arch arch) {
        this.arch = arch;
        parse(read());
    }

    /** Each architecture's table is read at its first use, and only then: this is on the launch path. */
    public static SyscallTable of(Arch arch) {
        return arch == Arch.X86_64 ? X8664.TABLE : Aarch64.TABLE;
    }

    private static final class X8664 {
        static final SyscallTable TABLE = new SyscallTable(Arch.X86_64);
    }

    private static final class Aarch64 {
        static final SyscallTable TABLE = new SyscallTable(Arch.AARCH64);
    }

    /** @throws IllegalArgumentException if this architecture has no such call */
    public int nr(String name) {
        Integer nr = numbers.get(name);
        if (nr == null) {
            throw new IllegalArgumentException(arch + " has no system call '" + Printable.escape(name) + "'");
        }
        return nr;
    }

    /** Empty if this architecture has no such call, as AArch64 has no {@code open}. */
    public OptionalInt find(String name) {
        Integer nr = numbers.get(name);
        return nr == null ? OptionalInt.empty() : OptionalInt.of(nr);
    }

    /** Empty for a number without a name, an x32 number among them. */
    public Optional<String> name(int nr) {
        return nr < 0 || nr >= NUMBERS ? Optional.empty() : Optional.ofNullable(names[nr]);
    }

    /** Every number this architecture has, ascending. */
    public int[] all() {
        int[] found = new int[numbers.size()];
        int count = 0;
        for (int nr = 0; nr < NUMBERS; nr++) {
            if (names[nr] != null) {
                found[count++] = nr;
            }
        }
        return Arrays.copyOf(found, count);
    }

    private static String read() {
        try (InputStream in = SyscallTable.class.getResourceAsStream("syscalls.csv")) {
            if (in == null) {
                throw new IllegalStateException("syscalls.csv is missing from the build");
            }
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException("syscalls.csv", e);
        }
    }

    /** Rows are {@code name,x86_64,aarch64}, with '-' where an architecture lacks the call. */
    private void parse(String csv) {
        int line = csv.indexOf('\n') + 1;
        while (line < csv.length()) {
            int end = csv.indexOf('\n', line);
            int first = csv.indexOf(',', line);
            int second = csv.indexOf(',', first + 1);
            int from = arch == Arch.X86_64 ? first + 1 : second + 1;
            int to = arch == Arch.X86_64 ? second : end;
            if (csv.charAt(from) != '-') {
                int nr = Integer.parseInt(csv, from, to, 10);
                String name = csv.substring(line, first);
                names[nr] = name;
                numbers.put(name, nr);
            }
            line = end + 1;
        }
    }
}
