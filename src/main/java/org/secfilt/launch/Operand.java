package org.secfilt.launch;

/**
 * One argument of a step, or the value of a relocation: what the stub has to look up, since only it knows
 * its addresses. Each case gives its two words of the encoding.
 */
public sealed interface Operand {
    /** The first word: {@code enum kind} of native-stubs/script.c. */
    long kind();

    /** The second word; its meaning depends on the kind. */
    long value();

    /** The value itself. */
    record Immediate(long value) implements Operand {
        @Override
        public long kind() {
            return 0;
        }

        @Override
        public String toString() {
            return value >= -1 && value < 4096 ? Long.toString(value) : "0x" + Long.toHexString(value);
        }
    }

    /** The address of a byte of the script's data. */
    record Data(int offset) implements Operand {
        public Data {
            if (offset < 0) {
                throw new IllegalArgumentException("data offset " + offset + " is negative");
            }
        }

        @Override
        public long kind() {
            return 1;
        }

        @Override
        public long value() {
            return offset;
        }

        @Override
        public String toString() {
            return "data+" + offset;
        }
    }

    /** What an earlier step returned, a file descriptor for one. Not for relocations, they come first. */
    record Result(int step) implements Operand {
        public Result {
            if (step < 0) {
                throw new IllegalArgumentException("step " + step + " is negative");
            }
        }

        @Override
        public long kind() {
            return 2;
        }

        @Override
        public long value() {
            return step;
        }

        @Override
        public String toString() {
            return "result of " + step;
        }
    }

    /** The address of an element of the stub's own {@code argv}: the argument vector from there on. */
    record Argv(int index) implements Operand {
        public Argv {
            if (index < 0) {
                throw new IllegalArgumentException("argv index " + index + " is negative");
            }
        }

        @Override
        public long kind() {
            return 3;
        }

        @Override
        public long value() {
            return index;
        }

        @Override
        public String toString() {
            return "&argv[" + index + "]";
        }
    }

    /** The stub's own environment, untouched. */
    record Envp() implements Operand {
        @Override
        public long kind() {
            return 4;
        }

        @Override
        public long value() {
            return 0;
        }

        @Override
        public String toString() {
            return "envp";
        }
    }
}
