package org.secfilt.abi;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The system calls of one architecture, name to number and back. All of it comes from {@link SyscallRows}; no number is written anywhere else. */
public final class SyscallTable {
    /** Above every number in the table; a row beyond it is a mistake in the table. */
    private static final int NUMBERS = 512;

    private final Arch arch;
    private final Map<String, Integer> numbers = new HashMap<>(1024);
    private final String[] names = new String[NUMBERS];

    private SyscallTable(Arch arch) {
        this.arch = arch;
        parse(SyscallRows.TEXT);
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

    private void parse(String rows) {
        int line = 0;
        while (line < rows.length()) {
            int end = rows.indexOf('\n', line);
            int first = rows.indexOf(',', line);
            int second = rows.indexOf(',', first + 1);
            int from = arch == Arch.X86_64 ? first + 1 : second + 1;
            int to = arch == Arch.X86_64 ? second : end;
            if (rows.charAt(from) != '-') {
                int nr = Integer.parseInt(rows, from, to, 10);
                String name = rows.substring(line, first);
                names[nr] = name;
                numbers.put(name, nr);
            }
            line = end + 1;
        }
    }
}
