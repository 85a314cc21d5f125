package org.secfilt.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.secfilt.abi.ByteString;

/**
 * A list of system calls for the stub to make, with the data they point at. Made by {@link Launch}.
 *
 * <pre>
 * u32 type=2, u32 steps, u32 relocations, u32 dataBytes
 * steps        u64 nr, 6 x { u64 kind, u64 value }
 * relocations  u64 offset, u64 kind, u64 value
 * data         bytes
 * </pre>
 */
public record LaunchScript(List<Step> steps, List<Relocation> relocations, ByteString data) {
    private static final int TYPE = 2;
    private static final int HEADER_BYTES = 16;
    private static final int STEP_BYTES = 8 + Step.ARGUMENTS * 16;
    private static final int RELOCATION_BYTES = 24;

    public LaunchScript {
        steps = List.copyOf(steps);
        relocations = List.copyOf(relocations);
        for (int index = 0; index < steps.size(); index++) {
            for (Operand argument : steps.get(index).arguments()) {
                if (argument instanceof Operand.Result result && result.step() >= index) {
                    throw new IllegalArgumentException("step " + index + " uses the " + result);
                }
                checkInside(argument, data.length());
            }
        }
        for (Relocation relocation : relocations) {
            checkInside(relocation.operand(), data.length());
            if (relocation.offset() > data.length() - Long.BYTES) {
                throw new IllegalArgumentException("relocation at " + relocation.offset() + " of " + data.length());
            }
        }
    }

    private static void checkInside(Operand operand, int dataBytes) {
        if (operand instanceof Operand.Data address && address.offset() > dataBytes) {
            throw new IllegalArgumentException(address + " is outside of " + dataBytes + " bytes");
        }
    }

    /** The LAUNCH message, in the byte order of this machine: the stub runs on the same one. */
    public byte[] encode() {
        ByteBuffer message = ByteBuffer.allocate(HEADER_BYTES + steps.size() * STEP_BYTES
                + relocations.size() * RELOCATION_BYTES + data.length()).order(ByteOrder.nativeOrder());
        message.putInt(TYPE).putInt(steps.size()).putInt(relocations.size()).putInt(data.length());
        for (Step step : steps) {
            message.putLong(step.nr());
            for (Operand argument : step.arguments()) {
                put(message, argument);
            }
        }
        for (Relocation relocation : relocations) {
            put(message.putLong(relocation.offset()), relocation.operand());
        }
        return message.put(data.toBytes()).array();
    }

    private static void put(ByteBuffer message, Operand operand) {
        message.putLong(operand.kind()).putLong(operand.value());
    }

    /** One step a line, in their order. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Step step : steps) {
            text.append(step).append('\n');
        }
        return text.toString();
    }
}
