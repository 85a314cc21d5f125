/* Swaps a directory of a path under calls that change the file it names:
 *
 *   rename-race IN OUT CALLS
 *
 * IN/a is in turn a directory with a file f, and a link to OUT, which has an f too; one thread exchanges the two without end, while this
 * one changes mode, times and owner of IN/a/f, so many times. stdout: how many calls succeeded, and how many were refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_bool done;

static void *swap(void *unused)
{
    while (!atomic_load(&done))
        renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE);
    return unused;
}

int main(int argc, char **argv)
{
    if (argc != 4 || chdir(argv[1]) != 0 || mkdir("a", 0755) != 0 || symlink(argv[2], "b") != 0)
        return 2;
    close(open("a/f", O_CREAT | O_WRONLY, 0644));
    pthread_t swapper;
    pthread_create(&swapper, NULL, swap, NULL);
    int succeeded = 0, refused = 0;
    struct timespec times[2] = { { 7, 0 }, { 7, 0 } };
    for (int i = 0; i < atoi(argv[3]); i++) {
        int rc = i % 3 == 0 ? chmod("a/f", 0640) : i % 3 == 1 ? utimensat(AT_FDCWD, "a/f", times, 0) : chown("a/f", getuid(), getgid());
        succeeded += rc == 0;
        refused += rc != 0 && errno == EPERM;
    }
    atomic_store(&done, true);
    pthread_join(swapper, NULL);
    printf("%d succeeded, %d refused\n", succeeded, refused);
    return 0;
}
