package org.secfilt.kernel.jnr;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.secfilt.kernel.Account;
import org.secfilt.kernel.Accounts;

/** Accounts by the C library, which asks whom nsswitch.conf(5) names. Its answers lie in static memory: main thread only. */
final class JnrAccounts implements Accounts {
    // struct passwd of pwd.h, struct group of grp.h, 64-bit
    private static final int PW_NAME = 0;
    private static final int PW_UID = 16;
    private static final int PW_GID = 20;
    private static final int PW_DIR = 32;
    private static final int GR_GID = 16;
    /** NGROUPS_MAX. // linux/limits.h */
    private static final int MOST_GROUPS = 65536;
    private static final int MAX_TEXT = 4096;

    @Override
    public Optional<Account> user(String nameOrNumber) {
        long found = Libc.GETPWNAM.call(NativeMemory.string(nameOrNumber));
        OptionalInt number = Accounts.number(nameOrNumber);
        if (found == 0 && number.isPresent()) {
            found = Libc.GETPWUID.call(number.getAsInt());
        }
        if (found == 0) {
            return Optional.empty();
        }
        // All of it is read before the next call of the C library, which uses the memory again.
        String name = text(NativeMemory.IO.getLong(found + PW_NAME));
        String home = text(NativeMemory.IO.getLong(found + PW_DIR));
        int uid = NativeMemory.IO.getInt(found + PW_UID);
        int gid = NativeMemory.IO.getInt(found + PW_GID);
        return Optional.of(new Account(name, uid, gid, groups(name, gid), home));
    }

    private static List<Integer> groups(String name, int gid) {
        long list = NativeMemory.allocate(MOST_GROUPS * Integer.BYTES);
        long count = NativeMemory.allocate(Integer.BYTES);
        NativeMemory.IO.putInt(count, MOST_GROUPS);
        Libc.GETGROUPLIST.call(NativeMemory.string(name), gid, list, count); // and then there may be more than that
        List<Integer> groups = new ArrayList<>();
        for (int i = 0; i < Math.min(NativeMemory.IO.getInt(count), MOST_GROUPS); i++) {
            groups.add(NativeMemory.IO.getInt(list + (long) i * Integer.BYTES));
        }
        return groups;
    }

    @Override
    public OptionalInt group(String nameOrNumber) {
        long found = Libc.GETGRNAM.call(NativeMemory.string(nameOrNumber));
        return found == 0 ? Accounts.number(nameOrNumber) : OptionalInt.of(NativeMemory.IO.getInt(found + GR_GID));
    }

    private static String text(long address) {
        byte[] bytes = NativeMemory.IO.getZeroTerminatedByteArray(address, MAX_TEXT);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
