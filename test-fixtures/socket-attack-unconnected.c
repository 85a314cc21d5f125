/* Bytes without an address have nowhere to go. */
#include "socket-attack.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

ATTACK(splice_unconnected)
{
	int ends[2];
	PREPARE(pipe(ends));
	PREPARE(write(ends[1], "attack", 6));
	MUST(splice(ends[0], NULL, udp(), NULL, 6, 0));
}

ATTACK(sendfile_unconnected)
{
	MUST(sendfile(udp(), (int)PREPARE(open("/proc/self/exe", O_RDONLY)), NULL, 6));
}

ATTACK(sendfile_unconnected_tcp)
{
	signal(SIGPIPE, SIG_IGN);
	MUST(sendfile(tcp(), (int)PREPARE(open("/proc/self/exe", O_RDONLY)), NULL, 6));
}

ATTACK(vmsplice_to_a_socket)
{
	MUST(vmsplice(udp(), &part, 1, 0));
}

ATTACK(write_unconnected)
{
	MUST(write(udp(), "attack", 6));
}
