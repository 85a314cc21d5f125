package org.secfilt.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConstantsTest {
    private static final Constants CONSTANTS = Constants.load();

    private static final List<String> HEADERS = List.of("stdio.h", "sys/socket.h", "netinet/in.h", "linux/tcp.h", "sys/mman.h",
            "linux/mman.h", "sys/shm.h", "sched.h", "sys/prctl.h", "linux/seccomp.h", "sys/ptrace.h", "sys/ioctl.h", "linux/if_tun.h",
            "linux/sockios.h", "fcntl.h", "signal.h", "sys/mount.h", "asm/prctl.h", "linux/netlink.h", "linux/sctp.h", "linux/udp.h",
            "linux/if_packet.h", "linux/net.h", "sys/personality.h", "linux/io_uring.h", "linux/userfaultfd.h", "linux/landlock.h",
            "linux/keyctl.h", "sys/fanotify.h", "sys/wait.h", "sys/resource.h", "linux/ioprio.h", "linux/bpf.h", "linux/fs.h", "linux/fiemap.h", "linux/nsfs.h");

    /** Enumerators, which the preprocessor does not see; the headers have had them for longer than anybody looks back. */
    private static final List<String> ENUMERATED = List.of("PER_LINUX", "PER_LINUX32", "PER_LINUX32_3GB", "UNAME26", "ADDR_NO_RANDOMIZE",
            "FDPIC_FUNCPTRS", "MMAP_PAGE_ZERO", "ADDR_COMPAT_LAYOUT", "READ_IMPLIES_EXEC", "ADDR_LIMIT_32BIT", "SHORT_INODE",
            "WHOLE_SECONDS", "STICKY_TIMEOUTS", "ADDR_LIMIT_3GB", "PTRACE_PEEKTEXT", "PTRACE_PEEKDATA", "PTRACE_POKETEXT",
            "PTRACE_KILL", "PTRACE_SINGLESTEP", "PTRACE_DETACH", "PTRACE_SYSCALL", "PTRACE_SETOPTIONS",
            "PTRACE_GETEVENTMSG", "PTRACE_GETSIGINFO", "PTRACE_SETSIGINFO", "PTRACE_O_TRACESYSGOOD", "PTRACE_O_TRACEFORK",
            "PTRACE_O_TRACEVFORK", "PTRACE_O_TRACECLONE", "PTRACE_O_TRACEEXEC", "PTRACE_O_TRACEEXIT", "PTRACE_O_TRACESECCOMP",
            "PTRACE_O_EXITKILL", "P_ALL", "P_PID", "P_PGID", "IOPRIO_WHO_PROCESS", "IOPRIO_WHO_PGRP", "IOPRIO_WHO_USER",
            "F_OWNER_TID", "F_OWNER_PID", "F_OWNER_PGRP", "IORING_REGISTER_BUFFERS", "IORING_REGISTER_FILES",
            "IORING_REGISTER_EVENTFD", "BPF_MAP_CREATE", "BPF_PROG_LOAD", "BPF_PROG_ATTACH", "BPF_OBJ_GET", "BPF_OBJ_PIN");

    /** Headers older than a constant lack it; nearly all have been there for ten years. */
    @Test
    void are_those_of_the_c_headers(@TempDir Path directory) throws IOException, InterruptedException {
        StringBuilder source = new StringBuilder("#define _GNU_SOURCE\n");
        for (String header : HEADERS) {
            source.append("#include <").append(header).append(">\n");
        }
        source.append("int main(void) {\n");
        for (String name : CONSTANTS.names()) {
            source.append(ENUMERATED.contains(name) ? "#if 1" : "#ifdef " + name).append("\nprintf(\"").append(name)
                    .append(" %#llx\\n\", (unsigned long long) (long long) (").append(name).append("));\n#endif\n");
        }
        Path file = Files.writeString(directory.resolve("constants.c"), source.append("return 0;\n}\n"));
        Path program = directory.resolve("constants");
        run("cc", "-w", "-o", program.toString(), file.toString());
        List<String> wrong = new ArrayList<>();
        String[] rows = run(program.toString()).split("\n");
        for (String row : rows) {
            int blank = row.indexOf(' ');
            String name = row.substring(0, blank);
            long value = Long.parseUnsignedLong(row.substring(blank + 1).replace("0x", ""), 16);
            if (CONSTANTS.find(name).orElseThrow() != value) {
                wrong.add(row);
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(rows.length > CONSTANTS.names().length * 9 / 10, rows.length + " of " + CONSTANTS.names().length);
    }

    @Test
    void an_unknown_name_has_no_value() {
        assertEquals(OptionalLong.empty(), CONSTANTS.find("AF_NOSUCH"));
        assertEquals(OptionalLong.of(2), CONSTANTS.find("AF_INET"));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }
}
