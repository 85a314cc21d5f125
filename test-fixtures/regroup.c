/*
 * Has a call about its caller's own process group run when that is another's: regroup MILLIS PID
 *
 *   PID  of the same session, in a group outside
 *
 * A child lowers its group's priority by setpriority(2) and ioprio_set(2), which name no group, without end; its parent has the child join the
 * group of PID and leave it again. stdout: "ran N, refused N", of the child's setpriority.
 */
#include "regroup.h"
#include <sys/resource.h>
#include <sys/syscall.h>

enum { NICE = 7, IOPRIO = 2 << 13 | NICE, IOPRIO_WHO_PGRP = 2 };

static void lower(void)
{
	count(setpriority(PRIO_PGRP, 0, NICE));
	syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, IOPRIO);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: regroup MILLIS PID\n");
		return 2;
	}
	begin();
	regroup(atoi(argv[2]), millis() + atoi(argv[1]), lower);
	printf("ran %ld, refused %ld\n", calls->done, calls->refused);
	return 0;
}
