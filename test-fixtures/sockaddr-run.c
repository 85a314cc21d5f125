/*
 * Hands socket addresses to the kernel and tells what it made of them.
 *
 * stdin, native byte order, repeated: u32 bind, u32 domain, u32 type, u32 length, 256 bytes of which the address is
 * the first `length`.
 * stdout, a line each: the errno of connect (or of bind), and after a bind that worked what getsockname says, in
 * hexadecimal.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	uint32_t bind, domain, type, length;
	unsigned char bytes[256];
};

int main(void)
{
	struct request r;

	while (fread(&r, 1, sizeof r, stdin) == sizeof r) {
		int fd = socket((int)r.domain, (int)r.type, 0);
		const struct sockaddr *address = (const struct sockaddr *)r.bytes;

		if (fd < 0) {
			perror("socket");
			return 1;
		}
		int answer = r.bind ? bind(fd, address, r.length) : connect(fd, address, r.length);
		printf("%d", answer == 0 ? 0 : errno);
		if (r.bind && answer == 0) {
			unsigned char name[256];
			socklen_t length = sizeof name;

			if (getsockname(fd, (struct sockaddr *)name, &length) != 0) {
				perror("getsockname");
				return 1;
			}
			putchar(' ');
			for (socklen_t i = 0; i < length; i++)
				printf("%02x", name[i]);
		}
		putchar('\n');
		close(fd);
	}
	return 0;
}
