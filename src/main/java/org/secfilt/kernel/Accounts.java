package org.secfilt.kernel;

import java.util.Optional;
import java.util.OptionalInt;

/** The users and groups of this host. Main thread. */
public interface Accounts {
    /** The last number of a user or group. */
    long LAST_NUMBER = 0xffff_fffeL;
    /** Of that number. */
    int MOST_DIGITS = 10;

    /** By name or, if it is a number, by that: getpwnam(3), getpwuid(3), getgrouplist(3). */
    Optional<Account> user(String nameOrNumber);

    /** By name, else the number itself: getgrnam(3). */
    OptionalInt group(String nameOrNumber);

    /** The number that a text of digits is, which the kernel takes for a user or group, unsigned; 2^32-1 stands for "none" there. */
    static OptionalInt number(String text) {
        long number = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9' || i == MOST_DIGITS) {
                return OptionalInt.empty();
            }
            number = number * 10 + text.charAt(i) - '0';
        }
        return text.isEmpty() || number > LAST_NUMBER ? OptionalInt.empty() : OptionalInt.of((int) number);
    }
}
