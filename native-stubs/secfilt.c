/* secfilt: starts the supervisor, then becomes the command it was asked to run. */
#include "stub.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void complain(const char *format, ...)
{
    char line[512] = "secfilt: ";
    size_t length = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    va_end(arguments);
    if (more > 0)
        length += (size_t)more < sizeof line - length - 2 ? (size_t)more : sizeof line - length - 2;
    line[length++] = '\n';
    if (write(STDERR_FILENO, line, length) < 0)
        return; /* nobody is listening: the exit code has to say it */
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], REAPER) == 0)
        return reap(argc, argv);
    /* The supervisor reads our arguments itself, from /proc/PID/cmdline. */
    /* Under Yama only an ancestor may trace us, and the supervisor is a stranger in a session of its own.
     * The launch script takes this back. Elsewhere the call fails and nothing is lost. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    int socket = start_supervisor();
    /* _exit: no handler and no buffer of ours may run here, half of us may already be the command's. */
    _exit(socket < 0 ? OWN_FAILURE : obey(socket, argv));
}
