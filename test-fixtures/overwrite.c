/*
 * Opens a file for writing, or would truncate it to the length it has: overwrite open|nonblock|reopen|map|truncate FILE. Nothing in it is
 * changed. stdout: "could", once it can be changed; exit code 1 if it cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int reopened(const char *file)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", open(file, O_RDONLY | O_CLOEXEC));
	return open(path, O_RDWR | O_CLOEXEC);
}

static int mapped(const char *file)
{
	return mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, open(file, O_RDWR | O_CLOEXEC), 0) == MAP_FAILED ? -1 : 0;
}

static int try(const char *way, const char *file)
{
	struct stat status;
	if (strcmp(way, "open") == 0)
		return open(file, O_WRONLY | O_CLOEXEC);
	if (strcmp(way, "nonblock") == 0)
		return open(file, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (strcmp(way, "reopen") == 0)
		return reopened(file);
	if (strcmp(way, "map") == 0)
		return mapped(file);
	return stat(file, &status) < 0 ? -1 : truncate(file, status.st_size);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: overwrite open|nonblock|reopen|map|truncate FILE\n");
		return 2;
	}
	int result = try(argv[1], argv[2]);
	for (int i = 0; i < 100 && result < 0 && errno == EWOULDBLOCK; i++) { /* for a second: somebody was told */
		usleep(10000);
		result = try(argv[1], argv[2]);
	}
	if (result < 0) {
		perror(argv[2]);
		return 1;
	}
	puts("could");
	return 0;
}
