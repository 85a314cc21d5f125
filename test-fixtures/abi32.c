/*
 * A 32-bit program of no library: abi32 sends a datagram to 10.77.2.1, port 9000 by socketcall(2) and port 9001 by sendto, which i386 has
 * had since Linux 4.3. Compile with -m32 -nostdlib -static.
 * Exit code: the errno of the first call that fails, 0 if none did.
 */
/* asm/unistd_32.h is not where -m32 looks for it. */
enum { NR_exit = 1, NR_socketcall = 102, NR_sendto = 369 };
enum { SYS_SOCKET = 1, SYS_SENDTO = 11 }; /* linux/net.h */
enum { AF_INET = 2, SOCK_DGRAM = 2 };

struct sockaddr_in {
	unsigned short family, port;
	unsigned address;
	char zero[8];
};

/* The sixth argument's register, ebp, is none the compiler gives away. */
static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	const long last[2] = { f, nr };
	long result;
	__asm__ volatile("push %%ebp\n\tmov (%%eax), %%ebp\n\tmov 4(%%eax), %%eax\n\tint $0x80\n\tpop %%ebp"
			 : "=a"(result)
			 : "a"(last), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

static long must(long result)
{
	if (result < 0)
		call(NR_exit, -result, 0, 0, 0, 0, 0);
	return result;
}

void _start(void)
{
	struct sockaddr_in to = { AF_INET, __builtin_bswap16(9000), __builtin_bswap32(0x0a4d0201), { 0 } };
	long socket[] = { AF_INET, SOCK_DGRAM, 0 };
	long s = must(call(NR_socketcall, SYS_SOCKET, (long)socket, 0, 0, 0, 0));
	long send[] = { s, (long)"attack", 6, 0, (long)&to, sizeof to };
	must(call(NR_socketcall, SYS_SENDTO, (long)send, 0, 0, 0, 0));
	to.port = __builtin_bswap16(9001);
	must(call(NR_sendto, s, (long)"attack", 6, 0, (long)&to, sizeof to));
	call(NR_exit, 0, 0, 0, 0, 0, 0);
}
