package org.secfilt.tracer;

import java.util.Arrays;
import java.util.Optional;
import org.secfilt.abi.Protocol;
import org.secfilt.abi.Sockaddr;
import org.secfilt.verdict.Action;
import org.secfilt.verdict.Judge;
import org.secfilt.verdict.Verdict;

/**
 * The address that was named last, and the verdict on it. Programs name the same address over and over; to decode and judge it again each
 * time takes a tenth of what a stop takes, and makes most of its garbage. A verdict follows from these bytes, the action and the protocol
 * alone.
 */
final class LastAddress {
    private final Judge judge;
    private final byte[] name = new byte[Sockaddr.MAX_LENGTH];
    private int length = -1;
    private Optional<Sockaddr> decoded = Optional.empty();
    private Action action;
    private int protocol;
    private Optional<Verdict> verdict = Optional.empty();

    LastAddress(Judge judge) {
        this.judge = judge;
    }

    /** What the call names, decoded. */
    Optional<Sockaddr> read(AddressCall call) {
        if (length != call.nameLength || !Arrays.equals(name, 0, length, call.name, 0, length)) {
            length = call.nameLength;
            System.arraycopy(call.name, 0, name, 0, length);
            decoded = Optional.of(Sockaddr.decode(name, length));
            verdict = Optional.empty();
        }
        return decoded;
    }

    /** On what was read last. */
    Verdict judge(Action byAction, int ofProtocol) {
        if (verdict.isEmpty() || action != byAction || protocol != ofProtocol) {
            action = byAction;
            protocol = ofProtocol;
            verdict = Optional.of(judge.judge(action, decoded.orElseThrow(), Protocol.ofPackets(protocol)));
        }
        return verdict.get();
    }
}
