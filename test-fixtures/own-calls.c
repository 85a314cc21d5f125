/*
 * Runs a program whose judged calls the supervisor does not make in its place: own-calls PROGRAM ARGUMENT...
 *
 * It asks for a Landlock domain, in vain: that it asked is enough. Exit 2: the program cannot be run.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words)
{
	(void)count;
	syscall(SYS_landlock_restrict_self, -1, 0);
	execvp(words[1], words + 1);
	perror(words[1]);
	return 2;
}
