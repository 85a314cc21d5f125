package org.secfilt.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code --errno} is about, call by call, and what it is not. */
class ErrnoIT {
    @RegisterExtension
    static final NetworkRoom ROOM = new NetworkRoom();

    private static final String CALLS = """
            import ctypes, errno, os, struct
            from socket import *
            libc = ctypes.CDLL(None, use_errno=True)
            FAR = ("10.99.0.1", 9)

            def sendmmsg(s):
                name = ctypes.create_string_buffer(struct.pack("=H", AF_INET) + struct.pack("!H4s8x", 9, inet_aton(FAR[0])), 16)
                byte = ctypes.create_string_buffer(b"x")
                part = (ctypes.c_ulong * 2)(ctypes.addressof(byte), 1)
                header = (ctypes.c_ulong * 8)(ctypes.addressof(name), 16, ctypes.addressof(part), 1, 0, 0, 0, 0)
                if libc.sendmmsg(s.fileno(), header, 1, 0) < 0:
                    raise OSError(ctypes.get_errno(), "")

            CALLS = {
                "connect": lambda: socket(AF_INET).connect(FAR),
                "connect of udp": lambda: socket(AF_INET, SOCK_DGRAM).connect(FAR),
                "sendto": lambda: socket(AF_INET, SOCK_DGRAM).sendto(b"x", FAR),
                "sendmsg": lambda: socket(AF_INET, SOCK_DGRAM).sendmsg([b"x"], [], 0, FAR),
                "sendmmsg": lambda: sendmmsg(socket(AF_INET, SOCK_DGRAM)),
                "bind": lambda: socket(AF_INET).bind(("0.0.0.0", 0)),
                "listen": lambda: socket(AF_INET).listen(1),
                "unix": lambda: socket(AF_UNIX).connect("\\0nobody"),
                "family": lambda: socket(AF_VSOCK, SOCK_STREAM),
                "kind": lambda: socket(AF_INET, SOCK_RAW, 1),
                "mptcp": lambda: socket(AF_INET, SOCK_STREAM, 262),
                "option": lambda: socket(AF_INET, SOCK_DGRAM).setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b"lo"),
                "mode": lambda: os.chmod("here", 0o600),
                "write": lambda: open("here", "a"),
            }
            told = {}
            for name, call in CALLS.items():
                try:
                    call()
                    how = "done"
                except OSError as e:
                    how = errno.errorcode[e.errno]
                told.setdefault(how, []).append(name)
            print("; ".join(how + ": " + ", ".join(told[how]) for how in sorted(told)))
            """;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "EPERM | EACCES: write; EPERM: connect, connect of udp, sendto, sendmsg, sendmmsg, bind, listen, unix, family, kind, mptcp, option, mode",
        "EACCES | EACCES: connect, connect of udp, sendto, sendmsg, sendmmsg, bind, listen, unix, family, mode, write; EPERM: kind, mptcp, option",
        "ECONNREFUSED | EACCES: write; ECONNREFUSED: connect, connect of udp, sendto, sendmsg, sendmmsg, bind, listen, unix, family;"
                + " EPERM: kind, mptcp, option, mode",
    })
    void it_is_what_calls_that_name_addresses_fail_with(String error, String expected) throws IOException {
        Files.writeString(ROOM.directory().resolve("p.yaml"), "version: 1\nmode: deny\nunix: {mode: deny}\nfilesystem: {read-only: true}\n");
        Files.writeString(ROOM.directory().resolve("here"), "");
        for (String layer : new String[] {"--notifications=auto", "--notifications=off"}) {
            Outcome run = ROOM.secfilt("-q", "--firewall=off", layer, "--errno=" + error, "--policy=p.yaml", "/usr/bin/python3", "-c", CALLS)
                    .in(ROOM.directory()).run().exited(0);
            assertEquals(expected + "\n", run.stdout(), run::toString);
        }
    }
}
