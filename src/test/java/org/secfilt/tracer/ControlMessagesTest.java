package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlMessagesTest {
    private static final int HEADER = 16;

    /** @param data 32-bit words */
    private static byte[] message(int level, int type, int... data) {
        ByteBuffer out = ByteBuffer.allocate((HEADER + 4 * data.length + 7) & ~7).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(HEADER + 4L * data.length).putInt(level).putInt(type);
        for (int word : data) {
            out.putInt(word);
        }
        return out.array();
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 5, HARMLESS", // SCM_RIGHTS
        "0, 7, 1, SOURCE_ROUTE", "41, 57, 1, SOURCE_ROUTE", "41, 5, 1, SOURCE_ROUTE", "1, 36, 7, SOURCE_ROUTE",
        "41, 3, 1, SOURCE_ROUTE", "41, 4, 1, SOURCE_ROUTE", "41, 54, 0, SOURCE_ROUTE", "41, 55, 0, SOURCE_ROUTE", "41, 59, 0, SOURCE_ROUTE",
        "0, 59, 0, HARMLESS", "41, 52, 64, HARMLESS", "41, 67, 0, HARMLESS", "41, 11, 1, HARMLESS",
        "0, 8, 0, HARMLESS", "0, 8, 1, HARMLESS", "0, 8, 2, INTERFACE", "0, 8, -1, INTERFACE",
        "41, 8, 2, HARMLESS", "0, 50, 2, HARMLESS",
    })
    void a_message_that_leads_elsewhere_is_found_behind_another(int level, int type, int word, ControlMessages.Kind kind) {
        byte[] first = message(1, 1, 3);
        byte[] second = message(level, type, word, 0, 0);
        byte[] both = ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
        assertEquals(kind, ControlMessages.kind(both, both.length));
    }

    @ParameterizedTest
    @CsvSource({"50, 0, HARMLESS", "50, 1, HARMLESS", "50, 3, INTERFACE", "2, 3, INTERFACE"})
    void the_index_of_an_ipv6_message_comes_after_its_address(int type, int index, ControlMessages.Kind kind) {
        byte[] message = message(41, type, 7, 7, 7, 7, index);
        assertEquals(kind, ControlMessages.kind(message, message.length));
    }

    @ParameterizedTest
    @CsvSource({"15", "-1", "100"})
    void a_length_that_the_kernel_would_not_take_is_malformed(long length) {
        byte[] message = message(1, 1, 3, 4);
        ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        assertEquals(ControlMessages.Kind.MALFORMED, ControlMessages.kind(message, message.length));
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "15"})
    void less_than_a_header_is_no_message(int length) {
        assertEquals(ControlMessages.Kind.HARMLESS, ControlMessages.kind(new byte[16], length));
    }
}
