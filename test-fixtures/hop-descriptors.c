/* A thread with descriptors of its own moves its socket to the next lower number, again and again, so that whoever looks through the numbers may
   pass it over: hop-descriptors SECONDS ADDRESS PORT LATER MOVED. It sends a datagram every few milliseconds to the port, none if that is 0, and
   once there is a file of the name MOVED to the port LATER; a line tells how many of those went out, and how many were refused. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HIGHEST = 900, LOWEST = 20, HOPS_BETWEEN_LOOKS = 50 };

static const char *moved;
static double seconds;
static in_port_t later;
static struct sockaddr_in to = {.sin_family = AF_INET};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void *hop(void *unused)
{
    if (unshare(CLONE_FILES) != 0)
        exit(9);
    int at = HIGHEST;
    int first = socket(AF_INET, SOCK_DGRAM, 0);
    dup2(first, at);
    close(first);
    int sent = 0;
    int refused = 0;
    double next = 0;
    for (double end = now() + seconds; now() < end;) {
        for (int i = 0; i < HOPS_BETWEEN_LOOKS; i++) {
            int to_number = at == LOWEST ? HIGHEST : at - 1;
            dup2(at, to_number);
            close(at);
            at = to_number;
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

int main(int count, char **words)
{
    if (count != 6)
        return 2;
    seconds = atof(words[1]);
    inet_pton(AF_INET, words[2], &to.sin_addr);
    to.sin_port = htons(atoi(words[3]));
    later = htons(atoi(words[4]));
    moved = words[5];
    pthread_t thread;
    if (pthread_create(&thread, NULL, hop, NULL) != 0)
        return 9;
    pthread_join(thread, NULL);
    return 0;
}
