/* The parts of the stub: the front end (secfilt.c), the supervisor's birth (orphan.c, supervisor.c, hold.c), the
 * interpreter of launch scripts (script.c), what a java says that does not become one (words.c), the keeper of sockets' files (keeper.c) and what stays where nobody supervises (reaper.c, network.c).
 * The stub becomes the command, so nothing here may change what a process hands on through execve:
 * signals, mask, limits, umask, cwd, environment, fds. */
#ifndef SECFILT_STUB_H
#define SECFILT_STUB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The exit code that says: secfilt itself failed, the command was not run. */
enum { OWN_FAILURE = 125 };

/* Message types on the socket, first word of each message from the supervisor. */
enum { MESSAGE_EXIT = 1, MESSAGE_LAUNCH = 2, MESSAGE_KEEPER = 3 };

/* Prints "secfilt: TEXT" with TEXT made as by printf, on stderr. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* Starts the supervisor as a detached grandchild; returns our end of its socket, or -1 after a complaint.
 * The grandchild that cannot become a java answers through the socket, as a supervisor would. */
int start_supervisor(void);

/* As fork(2), but that the new process is no child of ours, whoever waits, and nothing of it is to be seen in what we hand on: returns its number,
 * 0 in it, or -errno. Flags are those of clone(2). */
pid_t make_orphan(unsigned long flags);

/* In the supervisor's process, inside lib: from now on its death follows if somebody opens for writing what it runs. False after a complaint,
 * if somebody has. */
bool hold_what_runs(const char *java);

/* Keeps a byte of text that came where a message was expected: a java's, who is not the supervisor yet. */
void overhear(char byte);

/* Prints that text: the java has become the supervisor for all that. */
void pass_on_words(void);

/* Says that the supervisor ended without an answer; as its limits, where it was these, or with what it said. */
void tell_of_the_end(void);

/* Does what the supervisor says until it says EXIT (returns the code) or an execve replaces us. */
int obey(int socket, char **argv);

/* Makes the process that keeps files for the supervisor: returns its number, and our descriptor of the supervisor's end of its socket; or -errno. */
int make_keeper(char **argv, pid_t supervisor, int *socket);

/* The name by which the supervisor starts this program as what stays behind, and what that does; returns the exit code. */
#define REAPER "secfilt-reaper"
int reap(int argc, char **argv);

/* The same of a network behind the host's addresses. */
int reap_network(int argc, char **argv);

/* Has each of these programs read its rules, from a descriptor whose number follows it, and waits for all; returns whether all took them. */
bool feed(char **pairs, int count);

#endif
