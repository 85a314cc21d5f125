/* Connects to a server that binds anew all the time, by a rename over the old name:
 *
 *   rebind DIRECTORY CONNECTS MICROSECONDS   a child binds DIRECTORY/new and renames it to DIRECTORY/name, then closes the server before; it
 *                                            pauses so long in between
 *
 * stdout: how many connects there were of each kind.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_un name = { .sun_family = AF_UNIX };
static struct sockaddr_un new = { .sun_family = AF_UNIX };

static void must(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(2);
    }
}

static void serve(int pause)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int before = -1;;) {
        int server = socket(AF_UNIX, SOCK_STREAM, 0);
        must(bind(server, (struct sockaddr *)&new, sizeof new) == 0 && listen(server, 200) == 0, "bind");
        must(rename(new.sun_path, name.sun_path) == 0, "rename");
        if (before >= 0)
            close(before);
        before = server;
        usleep(pause);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    snprintf(name.sun_path, sizeof name.sun_path, "%s/name", argv[1]);
    snprintf(new.sun_path, sizeof new.sun_path, "%s/new", argv[1]);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0)
        serve(atoi(argv[3]));
    while (access(name.sun_path, F_OK) != 0)
        usleep(1000);
    int connected = 0, refused = 0, other = 0;
    for (int i = 0; i < atoi(argv[2]); i++) {
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        int rc = connect(client, (struct sockaddr *)&name, sizeof name);
        if (rc == 0)
            connected++;
        else if (errno == ECONNREFUSED)
            refused++;
        else if (++other < 4)
            perror("connect");
        close(client);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("%d connected, %d refused, %d failed otherwise\n", connected, refused, other);
    return 0;
}
