/*
 * A thread makes a child and ends, while the first one waits for any: left-children TRIES
 *
 * The child is another thread's then, at one moment and the next. Each lives for 20 ms.
 *
 * stdout: "COUNT waits without a child", of waits that had one
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIFE_MICROSECONDS = 20000, MOST_TURNS = 3000000, PRIME = 7919 };

static volatile int made;

static void *make(void *turns)
{
	if (fork() == 0) {
		usleep(LIFE_MICROSECONDS);
		_exit(0);
	}
	made = 1;
	for (volatile long i = 0; i < (long)turns; i++)
		;
	return NULL;
}

int main(int count, char **words)
{
	int without = 0;
	for (long i = 0; count > 1 && i < atoi(words[1]); i++) {
		pthread_t thread;
		made = 0;
		if (pthread_create(&thread, NULL, make, (void *)(i * PRIME % MOST_TURNS)))
			return 2;
		while (!made)
			;
		if (wait(NULL) < 0) {
			without++;
			while (waitpid(-1, NULL, WNOHANG) == 0)
				usleep(LIFE_MICROSECONDS / 10);
		}
		pthread_join(thread, NULL);
	}
	printf("%d waits without a child\n", without);
	return 0;
}
