/* A thread with descriptors of its own moves its socket to the next lower number, again and again, so that whoever looks through the numbers may
   pass it over: hop-descriptors SECONDS ADDRESS PORT LATER MOVED [MANY]. It sends a datagram every few milliseconds to the port, none if that is 0,
   and once there is a file of the name MOVED to the port LATER; a line tells how many of those went out, and how many were refused.
   With MANY, the first thread does so, by a number before so many other descriptors and one behind them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HIGHEST = 900, LOWEST = 20, HOPS_BETWEEN_LOOKS = 50 };
/* Seconds at one of the two numbers: longer than it is at both, for the move takes a turn of the kernel's for each of its two steps. */
#define STAY 40e-6

static const char *moved;
static double seconds;
static in_port_t later;
static struct sockaddr_in to = {.sin_family = AF_INET};
/* Behind the many others; 0 without. */
static int behind;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int next_number(int at)
{
    if (behind != 0)
        return at == LOWEST ? behind : LOWEST;
    return at == LOWEST ? HIGHEST : at - 1;
}

static void *hop(void *unused)
{
    if (behind == 0 && unshare(CLONE_FILES) != 0)
        exit(9);
    int at = behind == 0 ? HIGHEST : behind;
    int first = socket(AF_INET, SOCK_DGRAM, 0);
    dup2(first, at);
    close(first);
    int sent = 0;
    int refused = 0;
    double next = 0;
    for (double end = now() + seconds; now() < end;) {
        for (int i = 0; i < HOPS_BETWEEN_LOOKS; i++) {
            int to_number = next_number(at);
            dup2(at, to_number);
            close(at);
            at = to_number;
            for (double end_of_stay = now() + STAY; behind != 0 && now() < end_of_stay;)
                ;
        }
        if (now() < next)
            continue;
        next = now() + 0.005;
        if (to.sin_port != later && access(moved, F_OK) == 0)
            to.sin_port = later;
        if (to.sin_port == 0)
            continue;
        int arrived = sendto(at, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
        sent += arrived && to.sin_port == later;
        refused += !arrived && to.sin_port == later;
    }
    printf("%d sent, %s\n", sent, refused > 0 ? "others refused" : "none refused");
    return unused;
}

static void open_many(int many)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int file = open("/dev/null", O_RDONLY);
    for (int i = 0; i < many; i++)
        if (dup2(file, LOWEST + 1 + i) < 0)
            exit(9);
    behind = LOWEST + 1 + many;
}

int main(int count, char **words)
{
    if (count != 6 && count != 7)
        return 2;
    seconds = atof(words[1]);
    inet_pton(AF_INET, words[2], &to.sin_addr);
    to.sin_port = htons(atoi(words[3]));
    later = htons(atoi(words[4]));
    moved = words[5];
    if (count == 7) {
        open_many(atoi(words[6]));
        hop(NULL);
        return 0;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, hop, NULL) != 0)
        return 9;
    pthread_join(thread, NULL);
    return 0;
}
