package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.FileOwner;
import org.secfilt.kernel.SignalTargets;

/** Whom files signal, where Landlock scopes no signals. Numbers from 4000 on are outside of the run, 5000 is nobody's; the caller is 7. */
class OwnerStopTest extends TracerRoom {
    private static final int FD = 3;
    private static final long POINTER = 0x1000;
    private static final int SET = FileOwner.F_SETOWN;

    private static byte[] ints(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.nativeOrder());
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }

    /** @param ran for whom F_SETOWN did; null if none did */
    private void expect(String call, long result, boolean told, Integer ran) {
        assertEquals(ran == null ? List.of() : List.of("7: fcntl " + SET + " " + ran), named("fcntl"));
        assertEquals(List.of(), named("ioctl"));
        assertEquals(1, kernel.returned.stream().filter(("7: " + call + " " + result)::equals).count(), kernel.returned::toString);
        assertEquals(told ? List.of(call) : List.of(), reported.subList(1, reported.size() - 1), reported::toString);
    }

    private void group(boolean outside, boolean empty) {
        kernel.targets.groups.add(new SignalTargets.Group(70, SignalTargets.NONE, outside || empty ? List.of() : List.of(8), outside, empty));
    }

    @ParameterizedTest
    @CsvSource({"8, 0", "0, 0", "-2147483648, 0", "4000, -1", "5000, -3"})
    void a_process_in_a_register(int who, long result) {
        runWith(Deed.call("fcntl", FD, SET, who));
        expect("fcntl", result, result == EPERM, result == 0 ? who : null);
    }

    /** By whose number there is a process outside, that may become its. */
    @ParameterizedTest
    @CsvSource({
        "70, false, false, 0", "70, true, false, -1", "4000, false, false, -1", "4000, false, true, -1", "5000, false, false, 0", "5000, false, true, -3",
        "5000, true, false, -1", "70, false, true, 0", "1, false, false, 0",
    })
    void a_group_is_named_only_if_it_has_no_member_outside(int number, boolean outside, boolean empty, long result) {
        group(outside, empty);
        runWith(Deed.call("fcntl", FD, SET, -number));
        expect("fcntl", result, result == EPERM, result == 0 ? -number : null);
    }

    /** It runs as F_SETOWN, whose register nobody changes, and the registers are as they were afterwards. */
    @ParameterizedTest
    @CsvSource({"0x8901, 8, 0", "0x8902, 8, 0", "0x8901, -70, 0", "0x8902, 4000, -1", "0x8901, 5000, -3", "0x8901, 0, 0"})
    void what_memory_says_of_a_socket_is_judged_once(int request, int who, long result) {
        group(false, false);
        kernel.remember(POINTER, ints(who), ints(4001));
        runWith(Deed.call("ioctl", FD, request, POINTER));
        expect("ioctl", result, result == EPERM, result == 0 ? who : null);
        assertArrayEquals(new long[] {FD, request, POINTER, 0, 0, 0}, kernel.arguments(TID));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 8, 8, 0", "2, 70, -70, 0", "1, 4000, , -1", "1, 5000, , -3", "1, -8, , -3", "2, -70, , -3", "7, 8, , -22", "0, 0, 0, 0", "2, 0, 0, 0",
    })
    void what_memory_says_of_any_file_is_judged_once(int kind, int number, Integer ran, long result) {
        group(false, false);
        kernel.remember(POINTER, ints(kind, number), ints(kind, 4001));
        runWith(Deed.call("fcntl", FD, FileOwner.F_SETOWN_EX, POINTER));
        expect("fcntl", result, result == EPERM, ran);
        assertArrayEquals(new long[] {FD, FileOwner.F_SETOWN_EX, POINTER, 0, 0, 0}, kernel.arguments(TID));
    }

    /** @param owned what comes of it: EPERM of another process's thread */
    @ParameterizedTest
    @CsvSource({"8, 0, 0", "8, -1, -1", "8, -9, -9", "4000, 0, -1", "5000, 0, -3"})
    void a_thread_is_set_by_the_supervisor(int number, int owned, long result) {
        kernel.targets.owned = owned;
        kernel.remember(POINTER, ints(FileOwner.F_OWNER_TID, number));
        runWith(Deed.call("fcntl", FD, FileOwner.F_SETOWN_EX, POINTER));
        expect("fcntl", result, result == EPERM, null);
        assertEquals(number == 8 ? List.of("3 8") : List.of(), kernel.targets.owners);
    }

    @ParameterizedTest
    @CsvSource({"fcntl, 15", "ioctl, 0x8901"})
    void what_is_not_in_memory_is_a_fault(String call, int request) {
        runWith(Deed.call(call, FD, request, POINTER));
        expect(call, -14, false, null);
    }

    @Test
    void other_calls_of_their_kind_do_not_stop() {
        runWith(Deed.call("fcntl", FD, 3), Deed.call("ioctl", FD, 0x5401, POINTER));
        assertEquals(List.of(), kernel.acted);
    }
}
