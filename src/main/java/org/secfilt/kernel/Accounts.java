package org.secfilt.kernel;

import java.util.Optional;
import java.util.OptionalInt;

/** The users and groups of this host. Main thread. */
public interface Accounts {
    /** By name or, if it is a number, by that: getpwnam(3), getpwuid(3), getgrouplist(3). */
    Optional<Account> user(String nameOrNumber);

    /** By name, else the number itself: getgrnam(3). */
    OptionalInt group(String nameOrNumber);
}
