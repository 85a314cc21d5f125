package org.secfilt.abi;

import java.util.Locale;

/** Ports by the names that people know them by. // services(5). For advice alone: nothing takes a name, which a host may give to another port. */
public final class ServiceName {
    private static final String[] NAMES =
            {"ftp", "ssh", "smtp", "domain", "http", "ntp", "imap", "ldap", "https", "ldaps", "imaps", "mysql", "postgresql"};
    private static final int[] PORTS = {21, 22, 25, 53, 80, 123, 143, 389, 443, 636, 993, 3306, 5432};

    private ServiceName() {}

    /** The port in digits; "" for a name that is not known here. */
    public static String port(String name) {
        for (int i = 0; i < NAMES.length; i++) {
            if (NAMES[i].equals(name.toLowerCase(Locale.ROOT))) {
                return Integer.toString(PORTS[i]);
            }
        }
        return "";
    }
}
