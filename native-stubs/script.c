/* The interpreter of launch scripts.
 *
 * A script is a list of system calls. It knows no call by name: what no_new_privs, seccomp or execve mean
 * is the supervisor's business, which composes the steps and tests them.
 *
 *   LAUNCH: u32 type=2, u32 steps, u32 relocations, u32 dataBytes, then
 *     steps        u64 nr, 6 x { u64 kind, u64 value }
 *     relocations  u64 offset, u64 kind, u64 value      before the run the u64 at data+offset := operand
 *     data         bytes
 *   EXIT:   u32 type=1, u32 code
 *   KEEPER: u32 type=3, u32 pid                         of the supervisor
 *   text    in whose stead a java says what it has to say until it is the supervisor: none of its bytes begins a message
 *   reply:  u32 step, u32 errno                         to LAUNCH: a step failed; the next message follows
 *           u32 pid, u32 fd                             to KEEPER: its process, and the supervisor's end of its socket; or 0, errno
 */
#include "stub.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

enum { ARGUMENTS = 6, MAX_STEPS = 4096, MAX_RELOCATIONS = 1 << 20, MAX_DATA = 64 << 20, MAX_ERRNO = 4095 };

enum kind { IMMEDIATE = 0, DATA = 1, RESULT = 2, ARGV = 3, ENVP = 4 };

struct operand { uint64_t kind, value; };
struct step { uint64_t nr; struct operand arguments[ARGUMENTS]; };
struct relocation { uint64_t offset; struct operand operand; };
struct header { uint32_t steps, relocations, data; };

struct script {
    const struct step *steps;
    const struct relocation *relocations;
    char *data;
    long *results; /* of the steps done so far */
    struct header size;
    char **argv;
};

/* False at end-of-file or an error: the supervisor is gone. */
static bool read_fully(int socket, void *buffer, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = read(socket, (char *)buffer + done, length - done);
        if (count > 0)
            done += (size_t)count;
        else if (count == 0 || errno != EINTR)
            return false;
    }
    return true;
}

/* The kernel's own return value, -4095..-1 for an error: glibc's syscall(3) would fold it into errno, and
 * then a legitimate result of -1 could not be told from a failure. */
static long run(uint64_t nr, const uint64_t a[ARGUMENTS])
{
#if defined __x86_64__
    long result;
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#else
    long result = syscall((long)nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 ? -(long)errno : result;
#endif
}

/* Looks an operand up; false if it points outside the script. `done` steps have results. */
static bool resolve(const struct script *script, struct operand operand, uint32_t done, uint64_t *value)
{
    switch ((enum kind)operand.kind) {
    case IMMEDIATE:
        *value = operand.value;
        return true;
    case DATA:
        *value = (uintptr_t)script->data + operand.value;
        return operand.value <= script->size.data;
    case RESULT:
        if (operand.value >= done)
            return false;
        *value = (uint64_t)script->results[operand.value];
        return true;
    case ARGV: /* beyond the last argument there is nothing to point at, its NULL is the last */
        for (uint64_t i = 0; i < operand.value; i++)
            if (script->argv[i] == NULL)
                return false;
        *value = (uintptr_t)(script->argv + operand.value);
        return true;
    case ENVP:
        *value = (uintptr_t)environ;
        return true;
    }
    return false;
}

static bool relocate(const struct script *script)
{
    for (uint32_t i = 0; i < script->size.relocations; i++) {
        const struct relocation *relocation = &script->relocations[i];
        uint64_t value;
        if (script->size.data < sizeof value || relocation->offset > script->size.data - sizeof value)
            return false;
        if (!resolve(script, relocation->operand, 0, &value))
            return false;
        memcpy(script->data + relocation->offset, &value, sizeof value);
    }
    return true;
}

/* Runs all steps in order. Returns only when one failed, or when the last was no execve: then `reply` names
 * the step after the last with errno 0. */
static void play(const struct script *script, uint32_t reply[2])
{
    reply[0] = 0;
    reply[1] = EINVAL;
    if (!relocate(script))
        return;
    for (uint32_t i = 0; i < script->size.steps; i++) {
        uint64_t values[ARGUMENTS];
        reply[0] = i;
        reply[1] = EINVAL;
        for (int a = 0; a < ARGUMENTS; a++)
            if (!resolve(script, script->steps[i].arguments[a], i, &values[a]))
                return;
        long result = run(script->steps[i].nr, values);
        if (result < 0 && result >= -MAX_ERRNO) {
            reply[1] = (uint32_t)-result;
            return;
        }
        script->results[i] = result;
    }
    reply[0] = script->size.steps;
    reply[1] = 0;
}

/* Reads the rest of a LAUNCH message and plays it. False if the supervisor is gone or sent nonsense. */
static bool launch(int socket, char **argv, uint32_t reply[2])
{
    struct script script = { .argv = argv };
    struct header *size = &script.size;
    if (!read_fully(socket, size, sizeof *size))
        return false;
    if (size->steps > MAX_STEPS || size->relocations > MAX_RELOCATIONS || size->data > MAX_DATA)
        return false;
    size_t steps = size->steps * sizeof(struct step);
    size_t relocations = size->relocations * sizeof(struct relocation);
    size_t results = size->steps * sizeof(long);
    size_t total = results + steps + relocations + size->data;
    /* Never unmapped: a step may have left a pointer into it with the kernel, and execve drops it anyway. */
    char *memory = mmap(NULL, total + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || !read_fully(socket, memory + results, total - results))
        return false;
    script.results = (long *)(void *)memory;
    script.steps = (const struct step *)(const void *)(memory + results);
    script.relocations = (const struct relocation *)(const void *)(memory + results + steps);
    script.data = memory + results + steps + relocations;
    play(&script, reply);
    return true;
}

static void answer_keeper(char **argv, uint32_t supervisor, uint32_t reply[2])
{
    int end = -1;
    int pid = make_keeper(argv, (pid_t)supervisor, &end);
    reply[0] = pid > 0 ? (uint32_t)pid : 0;
    reply[1] = (uint32_t)(pid > 0 ? end : -pid);
}

/* Reads the type of the next message: little-endian, so that its first byte tells it from text. */
static bool read_type(int socket, uint32_t *type)
{
    unsigned char *bytes = (unsigned char *)type;
    while (read_fully(socket, bytes, 1)) {
        if (bytes[0] >= MESSAGE_EXIT && bytes[0] <= MESSAGE_KEEPER) {
            pass_on_words();
            return read_fully(socket, bytes + 1, sizeof *type - 1);
        }
        overhear((char)bytes[0]);
    }
    return false;
}

int obey(int socket, char **argv)
{
    uint32_t word, reply[2];
    while (read_type(socket, &word)) {
        if (word == MESSAGE_EXIT && read_fully(socket, &word, sizeof word))
            return (int)word;
        if (word == MESSAGE_KEEPER && read_fully(socket, &word, sizeof word))
            answer_keeper(argv, word, reply);
        else if (word != MESSAGE_LAUNCH || !launch(socket, argv, reply))
            break;
        /* write, not send: whatever filter stands by now, it lets write pass. Should the supervisor be dead,
         * SIGPIPE ends us, which is as it must be. */
        if (write(socket, reply, sizeof reply) != sizeof reply)
            break;
    }
    tell_of_the_end();
    return OWN_FAILURE;
}
