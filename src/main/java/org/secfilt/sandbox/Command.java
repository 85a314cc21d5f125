package org.secfilt.sandbox;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;

/**
 * What to run, in the bytes the user gave.
 *
 * @param argv all of the stub's arguments: the command's are the rest of them, used in place
 * @param first the index of the command's name
 * @param environment of the stub, {@code NAME=value} each
 * @param meant what the user may have meant, to be told if there is no such command; empty if it can only have been a command
 */
public record Command(List<ByteString> argv, int first, List<ByteString> environment, String meant) {
    private static final ByteString PATH = ByteString.of("PATH=");

    public Command {
        argv = List.copyOf(argv);
        environment = List.copyOf(environment);
    }

    /** The value of PATH. */
    Optional<ByteString> path() {
        for (ByteString variable : environment) {
            if (variable.startsWith(PATH)) {
                byte[] bytes = variable.toBytes();
                return Optional.of(ByteString.of(bytes, PATH.length(), bytes.length));
            }
        }
        return Optional.empty();
    }

    ByteString name() {
        return argv.get(first);
    }

    List<ByteString> arguments() {
        return argv.subList(first + 1, argv.size());
    }
}
