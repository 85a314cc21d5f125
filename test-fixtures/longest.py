"""Prints how many arguments of 1000 bytes a command line can have here, and how long one argument may be, and which errors come beyond."""
import errno
import os


def runs(arguments):
    """Whether /bin/true can be executed with these, or the name of the error."""
    child = os.fork()
    if child == 0:
        try:
            os.execve("/bin/true", arguments, {"A": "b"})
        except OSError as error:
            os._exit(error.errno)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return True if status == 0 else errno.errorcode[status]


def longest(arguments):
    least, most = 1, 1 << 18
    while most - least > 1:
        middle = (least + most) // 2
        if runs(arguments(middle)) is True:
            least = middle
        else:
            most = middle
    return least, runs(arguments(most))


print(*longest(lambda count: ["x" * 999] * count))
print(*longest(lambda length: ["true", "x" * length]))
