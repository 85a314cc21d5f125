package org.secfilt.tracer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.secfilt.abi.ByteString;
import org.secfilt.abi.Sockaddr;

class AddressCallTest {
    /** Sockets of other families look at the length before they look at the family. */
    @ParameterizedTest
    @CsvSource({"3, /here/d, 10", "4, /here/d, 10", "10, /here/d, 10", "16, /here/d, 16", "110, /here/d, 110", "110, /h, 110", "25, /a/longer/path/than/it/was, 29"})
    void a_followed_path_takes_no_fewer_bytes_than_the_name_had(int given, String followed, int length) {
        AddressCall call = new AddressCall(new FakeKernel());
        Arrays.fill(call.name, (byte) 'x');
        call.name[0] = 1;
        call.name[1] = 0;
        call.nameLength = given;
        call.rewrite(new Sockaddr.UnixPath(ByteString.of(followed)));
        assertEquals(length, call.nameLength);
        byte[] expected = Arrays.copyOf(new Sockaddr.UnixPath(ByteString.of(followed)).encode(), length);
        assertArrayEquals(expected, Arrays.copyOf(call.name, length));
    }
}
