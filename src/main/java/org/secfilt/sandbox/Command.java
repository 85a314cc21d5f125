package org.secfilt.sandbox;

import java.util.List;
import java.util.Optional;
import org.secfilt.abi.ByteString;

/**
 * What to run, in the bytes the user gave.
 *
 * @param argv all of the stub's arguments: the command's are the rest of them, used in place
 * @param first the index of the command's name
 * @param path the value of PATH in the stub's environment
 */
public record Command(List<ByteString> argv, int first, Optional<ByteString> path) {
    public Command {
        argv = List.copyOf(argv);
    }

    ByteString name() {
        return argv.get(first);
    }

    List<ByteString> arguments() {
        return argv.subList(first + 1, argv.size());
    }
}
