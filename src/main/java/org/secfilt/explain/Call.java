package org.secfilt.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.secfilt.abi.Arch;
import org.secfilt.abi.Constants;
import org.secfilt.abi.Printable;
import org.secfilt.abi.SeccompData;
import org.secfilt.abi.SyscallTable;
import org.secfilt.policy.Suggestion;

/**
 * A system call as a user writes it: a name or number, and arguments that are numbers, names of constants, or several of these with
 * {@code |} between them.
 *
 * @param arguments six at most
 */
public record Call(Abi abi, String name, int nr, List<Long> arguments) {
    /** By which of a machine's entries the call comes. A filter sees the entry's architecture, not the program's. */
    public enum Abi {
        /** The architecture that the filter is for. */
        OWN,
        /** {@code int 0x80} or a 32-bit program. */
        I386,
        /** x86-64 with pointers of 32 bits. */
        X32
    }

    /** What {@code ptr} stands for: an address as a program's heap has it, in no place that the filter guards. */
    private static final long POINTER = 0x5555_5555_a000L;
    /** A number of whatever size, as {@link #number} reads those of 64 bits. */
    private static final Pattern NUMBER = Pattern.compile("-?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)");
    /** AUDIT_ARCH_I386 // linux/audit.h */
    private static final int AUDIT_I386 = 0x40000003;

    /** What a 32-bit program makes sockets by; a filter refuses all of its calls alike. // asm/unistd_32.h */
    private static final Map<String, Integer> I386 = Map.ofEntries(
            Map.entry("socketcall", 102), Map.entry("socket", 359), Map.entry("socketpair", 360), Map.entry("bind", 361), Map.entry("connect", 362),
            Map.entry("listen", 363), Map.entry("setsockopt", 366), Map.entry("sendto", 369), Map.entry("sendmsg", 370), Map.entry("recvmsg", 372),
            Map.entry("sendmmsg", 345), Map.entry("getppid", 64), Map.entry("ptrace", 26), Map.entry("execve", 11), Map.entry("clone", 120),
            Map.entry("exit", 1), Map.entry("exit_group", 252), Map.entry("open", 5), Map.entry("read", 3), Map.entry("write", 4));

    public Call {
        arguments = List.copyOf(arguments);
    }

    /** @throws IllegalArgumentException saying what is wrong with the first word that cannot be read, and what to write */
    public static Call parse(Arch arch, Abi abi, List<String> words) {
        if (words.isEmpty()) {
            throw new IllegalArgumentException("no system call given; write one such as: socket AF_INET SOCK_RAW 1");
        }
        if (words.size() > 1 + SeccompData.ARGUMENTS) {
            throw new IllegalArgumentException("a system call has 6 arguments at most, and got " + (words.size() - 1));
        }
        SyscallTable syscalls = SyscallTable.of(arch);
        String call = bare(words.get(0));
        int nr = abi == Abi.I386 ? nrOfI386(call) : nr(syscalls, call, arch);
        String name = abi == Abi.I386 ? nameOfI386(nr) : syscalls.name(nr).orElse("call " + Integer.toUnsignedString(nr));
        List<Long> arguments = new ArrayList<>();
        if (words.size() > 1) {
            Constants constants = Constants.load();
            for (String word : words.subList(1, words.size())) {
                arguments.add(argument(constants, word));
            }
        }
        return new Call(abi, name, abi == Abi.X32 ? nr | Arch.X32_SYSCALL_BIT : nr, arguments);
    }

    /** Those that are left out are 0. */
    long argument(int index) {
        return index < arguments.size() ? arguments.get(index) : 0;
    }

    /** What a filter of this architecture sees. */
    byte[] data(Arch arch) {
        long[] values = new long[arguments.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = arguments.get(i);
        }
        return SeccompData.encode(nr, abi == Abi.I386 ? AUDIT_I386 : arch.audit(), 0, values);
    }

    /** {@code socket(0x2, 0x3, 0x1)}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(name).append('(');
        for (int i = 0; i < arguments.size(); i++) {
            text.append(i == 0 ? "" : ", ").append("0x").append(Long.toHexString(arguments.get(i)));
        }
        return text.append(')').toString();
    }

    /** The C headers' names are such: SYS_socket, __NR_socket. // asm/unistd.h, sys/syscall.h */
    private static String bare(String word) {
        return word.startsWith("SYS_") ? word.substring("SYS_".length()) : word.startsWith("__NR_") ? word.substring("__NR_".length()) : word;
    }

    private static int nrOfI386(String word) {
        OptionalInt number = nr(word);
        if (number.isEmpty() && !I386.containsKey(word)) {
            throw new IllegalArgumentException("'" + Printable.escape(word)
                    + "': of the calls of i386 only some are known here by name, such as socketcall; write the number");
        }
        return number.isPresent() ? number.getAsInt() : I386.get(word);
    }

    private static String nameOfI386(int nr) {
        for (Map.Entry<String, Integer> call : I386.entrySet()) {
            if (call.getValue() == nr) {
                return call.getKey();
            }
        }
        return "call " + Integer.toUnsignedString(nr);
    }

    private static OptionalInt nr(String word) {
        Optional<Long> number = number(word);
        return number.isPresent() && number.get() >= Integer.MIN_VALUE && number.get() <= 0xffff_ffffL
                ? OptionalInt.of(number.get().intValue())
                : OptionalInt.empty();
    }

    private static int nr(SyscallTable syscalls, String word, Arch arch) {
        OptionalInt named = syscalls.find(word);
        if (named.isPresent()) {
            return named.getAsInt();
        }
        OptionalInt number = nr(word);
        if (number.isPresent()) {
            return number.getAsInt();
        }
        List<String> names = new ArrayList<>();
        for (int nr : syscalls.all()) {
            names.add(syscalls.name(nr).orElseThrow());
        }
        String near = near(word, names.toArray(new String[0]));
        throw new IllegalArgumentException(arch + " has no system call '" + Printable.escape(word) + "'"
                + (near.isEmpty() ? "; write its name or its number" : "; did you mean '" + near + "'?"));
    }

    private static long argument(Constants constants, String word) {
        if (word.startsWith("/") || word.startsWith("\"")) {
            return POINTER;
        }
        long value = 0;
        for (String part : word.split("\\|", -1)) {
            value |= term(constants, part.strip(), word);
        }
        return value;
    }

    /** @param whole of which the word is one of the parts */
    private static long term(Constants constants, String word, String whole) {
        if (word.equals("NULL")) {
            return 0;
        }
        if (word.equals("ptr")) {
            return POINTER;
        }
        OptionalLong constant = constants.find(word);
        if (constant.isPresent()) {
            return constant.getAsLong();
        }
        return number(word).orElseThrow(() -> new IllegalArgumentException("argument '" + Printable.escape(whole) + "'"
                + (word.equals(whole) || word.isEmpty() ? "" : ": '" + Printable.escape(word) + "'") + mistake(constants, word, whole)));
    }

    private static String mistake(Constants constants, String word, String whole) {
        if (word.isEmpty() && !whole.isEmpty()) {
            return ": a number or a constant is missing beside |";
        }
        if (NUMBER.matcher(word).matches()) {
            return " is too large: an argument has 64 bits";
        }
        String near = near(word, constants.names());
        return " is no number and no constant known here"
                + (near.isEmpty() ? "; write its number, and ptr for a pointer" : "; did you mean '" + near + "'?");
    }

    /** The kernel's names have underscores, where those of options have dashes. */
    private static String near(String word, String[] names) {
        String[] dashed = new String[names.length];
        for (int i = 0; i < names.length; i++) {
            dashed[i] = names[i].replace('_', '-').toLowerCase(Locale.ROOT);
        }
        String near = Suggestion.nearest(word, dashed);
        for (int i = 0; i < names.length; i++) {
            if (!near.isEmpty() && dashed[i].equals(near)) {
                return names[i];
            }
        }
        return "";
    }

    /** Decimal, 0x hexadecimal, 0 octal, as in C; 64 bits, with or without a sign. */
    private static Optional<Long> number(String word) {
        boolean negative = word.startsWith("-");
        String digits = negative ? word.substring(1) : word;
        try {
            long value;
            if (digits.startsWith("0x") || digits.startsWith("0X")) {
                value = Long.parseUnsignedLong(digits.substring(2), 16);
            } else if (digits.length() > 1 && digits.startsWith("0")) {
                value = Long.parseUnsignedLong(digits, 8);
            } else {
                value = Long.parseUnsignedLong(digits);
            }
            boolean over = negative && value < 0 && value != Long.MIN_VALUE; // no register holds it
            return over || digits.startsWith("+") ? Optional.empty() : Optional.of(negative ? -value : value);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
