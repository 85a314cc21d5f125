package org.secfilt.abi;

import java.util.Optional;

/**
 * An error number of a system call, with its name and its text. // asm-generic/errno.h
 *
 * <p>Every {@code int} has one: a number that Linux gives no name is named {@code E} and its digits, and its text is
 * "Unknown error N", as strerror(3) says.
 */
public final class Errno {
    public static final Errno EPERM = new Errno(1);
    public static final Errno ENOENT = new Errno(2);
    public static final Errno ESRCH = new Errno(3);
    public static final Errno EINTR = new Errno(4);
    public static final Errno EIO = new Errno(5);
    public static final Errno ENXIO = new Errno(6);
    public static final Errno E2BIG = new Errno(7);
    public static final Errno ENOEXEC = new Errno(8);
    public static final Errno EBADF = new Errno(9);
    public static final Errno ECHILD = new Errno(10);
    public static final Errno EAGAIN = new Errno(11);
    public static final Errno ENOMEM = new Errno(12);
    public static final Errno EACCES = new Errno(13);
    public static final Errno EFAULT = new Errno(14);
    public static final Errno EBUSY = new Errno(16);
    public static final Errno EEXIST = new Errno(17);
    public static final Errno ENODEV = new Errno(19);
    public static final Errno ENOTDIR = new Errno(20);
    public static final Errno EISDIR = new Errno(21);
    public static final Errno EINVAL = new Errno(22);
    public static final Errno ENFILE = new Errno(23);
    public static final Errno EMFILE = new Errno(24);
    public static final Errno ENOTTY = new Errno(25);
    public static final Errno ENOSPC = new Errno(28);
    public static final Errno ESPIPE = new Errno(29);
    public static final Errno EROFS = new Errno(30);
    public static final Errno EPIPE = new Errno(32);
    public static final Errno ERANGE = new Errno(34);
    public static final Errno ENAMETOOLONG = new Errno(36);
    public static final Errno ENOSYS = new Errno(38);
    public static final Errno ELOOP = new Errno(40);
    public static final Errno EOVERFLOW = new Errno(75);
    public static final Errno ENOTSOCK = new Errno(88);
    public static final Errno EDESTADDRREQ = new Errno(89);
    public static final Errno EMSGSIZE = new Errno(90);
    public static final Errno EPROTOTYPE = new Errno(91);
    public static final Errno ENOPROTOOPT = new Errno(92);
    public static final Errno EPROTONOSUPPORT = new Errno(93);
    public static final Errno ESOCKTNOSUPPORT = new Errno(94);
    public static final Errno EOPNOTSUPP = new Errno(95);
    public static final Errno EAFNOSUPPORT = new Errno(97);
    public static final Errno EADDRINUSE = new Errno(98);
    public static final Errno EADDRNOTAVAIL = new Errno(99);
    public static final Errno ENETUNREACH = new Errno(101);
    public static final Errno ECONNRESET = new Errno(104);
    public static final Errno ENOBUFS = new Errno(105);
    public static final Errno EISCONN = new Errno(106);
    public static final Errno ENOTCONN = new Errno(107);
    public static final Errno ETIMEDOUT = new Errno(110);
    public static final Errno ECONNREFUSED = new Errno(111);
    public static final Errno EHOSTUNREACH = new Errno(113);
    public static final Errno EALREADY = new Errno(114);
    public static final Errno EINPROGRESS = new Errno(115);
    public static final Errno ECANCELED = new Errno(125);

    private final int number;

    private Errno(int number) {
        this.number = number;
    }

    public static Errno of(int number) {
        return new Errno(number);
    }

    /** By its C name, aliases included ({@code EWOULDBLOCK}, {@code ENOTSUP}, {@code EDEADLOCK}). */
    public static Optional<Errno> find(String name) {
        String sought =
                switch (name) {
                    case "EWOULDBLOCK" -> "EAGAIN";
                    case "ENOTSUP" -> "EOPNOTSUPP";
                    case "EDEADLOCK" -> "EDEADLK";
                    default -> name;
                };
        for (int i = 0; i < Table.ROWS.length; i += 2) {
            if (!sought.isEmpty() && Table.ROWS[i].equals(sought)) {
                return Optional.of(new Errno(1 + i / 2));
            }
        }
        return Optional.empty();
    }

    public int number() {
        return number;
    }

    /** The C name, {@code EPERM}. */
    public String name() {
        return isNamed() ? Table.ROWS[2 * number - 2] : "E" + number;
    }

    /** The C library's text, "Operation not permitted". */
    public String text() {
        return isNamed() ? Table.ROWS[2 * number - 1] : "Unknown error " + number;
    }

    private boolean isNamed() {
        return number > 0 && number <= Table.ROWS.length / 2 && !Table.ROWS[2 * number - 2].isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Errno && number == ((Errno) other).number;
    }

    @Override
    public int hashCode() {
        return number;
    }

    /** "EPERM (Operation not permitted)". */
    @Override
    public String toString() {
        return name() + " (" + text() + ")";
    }

    /** Names and texts from number 1 on, loaded when a message first needs one. 41 and 58 were never given out. */
    private static final class Table {
        static final String[] ROWS = {
            "EPERM", "Operation not permitted",
            "ENOENT", "No such file or directory",
            "ESRCH", "No such process",
            "EINTR", "Interrupted system call",
            "EIO", "Input/output error",
            "ENXIO", "No such device or address",
            "E2BIG", "Argument list too long",
            "ENOEXEC", "Exec format error",
            "EBADF", "Bad file descriptor",
            "ECHILD", "No child processes",
            "EAGAIN", "Resource temporarily unavailable",
            "ENOMEM", "Cannot allocate memory",
            "EACCES", "Permission denied",
            "EFAULT", "Bad address",
            "ENOTBLK", "Block device required",
            "EBUSY", "Device or resource busy",
            "EEXIST", "File exists",
            "EXDEV", "Invalid cross-device link",
            "ENODEV", "No such device",
            "ENOTDIR", "Not a directory",
            "EISDIR", "Is a directory",
            "EINVAL", "Invalid argument",
            "ENFILE", "Too many open files in system",
            "EMFILE", "Too many open files",
            "ENOTTY", "Inappropriate ioctl for device",
            "ETXTBSY", "Text file busy",
            "EFBIG", "File too large",
            "ENOSPC", "No space left on device",
            "ESPIPE", "Illegal seek",
            "EROFS", "Read-only file system",
            "EMLINK", "Too many links",
            "EPIPE", "Broken pipe",
            "EDOM", "Numerical argument out of domain",
            "ERANGE", "Numerical result out of range",
            "EDEADLK", "Resource deadlock avoided",
            "ENAMETOOLONG", "File name too long",
            "ENOLCK", "No locks available",
            "ENOSYS", "Function not implemented",
            "ENOTEMPTY", "Directory not empty",
            "ELOOP", "Too many levels of symbolic links",
            "", "",
            "ENOMSG", "No message of desired type",
            "EIDRM", "Identifier removed",
            "ECHRNG", "Channel number out of range",
            "EL2NSYNC", "Level 2 not synchronized",
            "EL3HLT", "Level 3 halted",
            "EL3RST", "Level 3 reset",
            "ELNRNG", "Link number out of range",
            "EUNATCH", "Protocol driver not attached",
            "ENOCSI", "No CSI structure available",
            "EL2HLT", "Level 2 halted",
            "EBADE", "Invalid exchange",
            "EBADR", "Invalid request descriptor",
            "EXFULL", "Exchange full",
            "ENOANO", "No anode",
            "EBADRQC", "Invalid request code",
            "EBADSLT", "Invalid slot",
            "", "",
            "EBFONT", "Bad font file format",
            "ENOSTR", "Device not a stream",
            "ENODATA", "No data available",
            "ETIME", "Timer expired",
            "ENOSR", "Out of streams resources",
            "ENONET", "Machine is not on the network",
            "ENOPKG", "Package not installed",
            "EREMOTE", "Object is remote",
            "ENOLINK", "Link has been severed",
            "EADV", "Advertise error",
            "ESRMNT", "Srmount error",
            "ECOMM", "Communication error on send",
            "EPROTO", "Protocol error",
            "EMULTIHOP", "Multihop attempted",
            "EDOTDOT", "RFS specific error",
            "EBADMSG", "Bad message",
            "EOVERFLOW", "Value too large for defined data type",
            "ENOTUNIQ", "Name not unique on network",
            "EBADFD", "File descriptor in bad state",
            "EREMCHG", "Remote address changed",
            "ELIBACC", "Can not access a needed shared library",
            "ELIBBAD", "Accessing a corrupted shared library",
            "ELIBSCN", ".lib section in a.out corrupted",
            "ELIBMAX", "Attempting to link in too many shared libraries",
            "ELIBEXEC", "Cannot exec a shared library directly",
            "EILSEQ", "Invalid or incomplete multibyte or wide character",
            "ERESTART", "Interrupted system call should be restarted",
            "ESTRPIPE", "Streams pipe error",
            "EUSERS", "Too many users",
            "ENOTSOCK", "Socket operation on non-socket",
            "EDESTADDRREQ", "Destination address required",
            "EMSGSIZE", "Message too long",
            "EPROTOTYPE", "Protocol wrong type for socket",
            "ENOPROTOOPT", "Protocol not available",
            "EPROTONOSUPPORT", "Protocol not supported",
            "ESOCKTNOSUPPORT", "Socket type not supported",
            "EOPNOTSUPP", "Operation not supported",
            "EPFNOSUPPORT", "Protocol family not supported",
            "EAFNOSUPPORT", "Address family not supported by protocol",
            "EADDRINUSE", "Address already in use",
            "EADDRNOTAVAIL", "Cannot assign requested address",
            "ENETDOWN", "Network is down",
            "ENETUNREACH", "Network is unreachable",
            "ENETRESET", "Network dropped connection on reset",
            "ECONNABORTED", "Software caused connection abort",
            "ECONNRESET", "Connection reset by peer",
            "ENOBUFS", "No buffer space available",
            "EISCONN", "Transport endpoint is already connected",
            "ENOTCONN", "Transport endpoint is not connected",
            "ESHUTDOWN", "Cannot send after transport endpoint shutdown",
            "ETOOMANYREFS", "Too many references: cannot splice",
            "ETIMEDOUT", "Connection timed out",
            "ECONNREFUSED", "Connection refused",
            "EHOSTDOWN", "Host is down",
            "EHOSTUNREACH", "No route to host",
            "EALREADY", "Operation already in progress",
            "EINPROGRESS", "Operation now in progress",
            "ESTALE", "Stale file handle",
            "EUCLEAN", "Structure needs cleaning",
            "ENOTNAM", "Not a XENIX named type file",
            "ENAVAIL", "No XENIX semaphores available",
            "EISNAM", "Is a named type file",
            "EREMOTEIO", "Remote I/O error",
            "EDQUOT", "Disk quota exceeded",
            "ENOMEDIUM", "No medium found",
            "EMEDIUMTYPE", "Wrong medium type",
            "ECANCELED", "Operation canceled",
            "ENOKEY", "Required key not available",
            "EKEYEXPIRED", "Key has expired",
            "EKEYREVOKED", "Key has been revoked",
            "EKEYREJECTED", "Key was rejected by service",
            "EOWNERDEAD", "Owner died",
            "ENOTRECOVERABLE", "State not recoverable",
            "ERFKILL", "Operation not possible due to RF-kill",
            "EHWPOISON", "Memory page has hardware error",
        };
    }
}
