"""Interactive shells on a pseudo-terminal: terminal.py SCENARIO, with the program in $SECFILT.

A scenario is a function below. It types into an interactive bash and reads what that shows; "fine" is printed at the end, or
an exception with all that was seen.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SECFILT = os.environ["SECFILT"] + " --allowed-port=1"
PATIENCE = 10
PROMPT = "<prompt>"


class Terminal:
    def __init__(self):
        self.seen = ""
        self.read_to = 0
        self.shell, self.master = pty.fork()
        if self.shell == 0:
            os.environ.update(PS1=PROMPT, PS2="", TERM="dumb", HISTFILE="/dev/null")
            os.execv("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.expect(PROMPT)
        self.enter("stty -echo")

    def type(self, text):
        os.write(self.master, text.encode())

    def enter(self, line):
        """A command that ends; what it showed."""
        self.type(line + "\n")
        return self.expect(PROMPT)

    def expect(self, pattern):
        """What is shown up to the pattern, from where the last was found."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = re.compile(pattern).search(self.seen, self.read_to)
            if found:
                text = self.seen[self.read_to:found.start()]
                self.read_to = found.end()
                return text
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("no %r in time, after:\n%s" % (pattern, self.seen))
            try:
                self.seen += os.read(self.master, 65536).decode("utf-8", "backslashreplace").replace("\r\n", "\n")
            except OSError:
                raise AssertionError("the terminal closed, no %r after:\n%s" % (pattern, self.seen))

    def foreground(self, name):
        """Waits until the foreground job is led by a program of this name; its process group."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            group = os.tcgetpgrp(self.master)
            try:
                with open("/proc/%d/comm" % group) as comm:
                    if comm.read().strip() == name:
                        return group
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError("%s did not come to the foreground, after:\n%s" % (name, self.seen))

    def same(self, expected, line):
        shown = self.enter(line)
        assert shown.strip() == expected, "%s: expected %r, got %r, after:\n%s" % (line, expected, shown, self.seen)


def ctrl_c_kills_the_command_and_not_the_shell(t):
    before = t.enter("stty -a; tty; ps -o tpgid= -p $$")
    t.type(SECFILT + " sleep 30\n")
    t.foreground("sleep")
    t.type("\x03")
    t.expect(PROMPT)
    t.same("130", "echo $?")
    after = t.enter("stty -a; tty; ps -o tpgid= -p $$")
    before, after = (text[:text.rindex("\n", 0, -1)] for text in (before, after))
    assert before == after, "%r is now %r" % (before, after)


def ctrl_c_at_once_kills_the_command(t):
    for delay in (0, 0.01, 0.02, 0.03, 0.05, 0.08):
        t.type(SECFILT + " sleep 30\n")
        t.foreground("secfilt")
        time.sleep(delay)
        t.type("\x03")
        t.expect(PROMPT)
        t.same("130", "echo $?")


def ctrl_backslash_quits(t):
    t.enter("ulimit -c 0")
    t.type(SECFILT + " sleep 30\n")
    t.foreground("sleep")
    t.type("\x1c")
    t.expect("Quit")
    t.expect(PROMPT)
    t.same("131", "echo $?")


def ctrl_z_stops_and_fg_and_bg_resume(t):
    t.type(SECFILT + " sleep 1.5\n")
    t.foreground("sleep")
    t.type("\x1a")
    t.expect("Stopped")
    t.expect(PROMPT)
    t.same("148", "echo $?")
    time.sleep(1)
    assert "Stopped" in t.enter("jobs")
    t.type("fg\n")
    t.foreground("sleep")
    t.type("\x1a")
    t.expect("Stopped")
    t.expect(PROMPT)
    t.enter("bg")
    assert "Running" in t.enter("jobs")
    shown = t.enter("wait $!; echo =$?")
    assert "Done" in shown and "=0" in shown, shown


def a_stopped_job_can_be_killed(t):
    t.type(SECFILT + " sleep 30\n")
    t.foreground("sleep")
    t.type("\x1a")
    t.expect("Stopped")
    t.expect(PROMPT)
    t.type("kill %1; fg\n")
    t.expect("Terminated")
    t.expect(PROMPT)


def a_whole_pipeline_stops_resumes_and_dies(t):
    t.type(SECFILT + " cat | " + SECFILT + " cat | cat\n")
    t.foreground("cat")
    t.type("one\n")
    t.expect("one\n")
    t.type("\x1a")
    t.expect("Stopped")
    t.expect(PROMPT)
    t.type("fg\n")
    t.foreground("cat")
    t.type("two\n")
    t.expect("two\n")
    t.type("\x03")
    t.expect(PROMPT)
    t.same("130", "echo $?")
    t.same("", "jobs")


def a_background_reader_stops_until_it_is_in_the_foreground(t):
    t.type(SECFILT + " cat &\n")
    t.expect(PROMPT)
    time.sleep(0.7)
    assert "Stopped" in t.enter("jobs"), t.seen
    t.type("fg\n")
    t.foreground("cat")
    t.type("typed\n")
    t.expect("typed\n")
    t.type("\x04")
    t.expect(PROMPT)
    t.same("0", "echo $?")


def a_background_writer_stops_under_tostop(t):
    t.enter("stty tostop")
    t.type(SECFILT + " sh -c 'sleep 0.1; echo written' &\n")
    t.expect(PROMPT)
    time.sleep(0.8)
    assert "Stopped" in t.enter("jobs"), t.seen
    t.type("fg\n")
    t.expect("written")
    t.expect(PROMPT)


def a_report_of_a_background_job_stalls_nothing_under_tostop(t):
    t.enter("stty tostop")
    t.type(SECFILT + " bash -c 'exec 2>/dev/null; (exec 3<>/dev/tcp/127.0.0.1/2); exit 5' & wait $!; echo over=$?\n")
    assert "denied connect 127.0.0.1:2" in t.expect("over=5")
    t.expect(PROMPT)


def a_shell_inside_controls_its_own_jobs(t):
    t.type(SECFILT + " bash --norc --noprofile --noediting -i\n")
    t.expect(PROMPT)
    t.type("sleep 30\n")
    t.foreground("sleep")
    t.type("\x03")
    t.expect(PROMPT)
    t.same("130", "echo $?")
    t.type("sleep 30\n")
    t.foreground("sleep")
    t.type("\x1a")
    t.expect("Stopped")
    t.expect(PROMPT)
    assert "Stopped" in t.enter("jobs")
    t.type("fg\n")
    t.foreground("sleep")
    t.type("\x1a")
    t.expect("Stopped")
    t.expect(PROMPT)
    t.enter("bg")
    assert "Running" in t.enter("jobs")
    t.enter("kill %1; wait")
    t.type("cat | cat\n")
    t.foreground("cat")
    t.type("through\n")
    t.expect("through\n")
    t.type("\x04")
    t.expect(PROMPT)
    denied = t.enter("exec 3<>/dev/tcp/127.0.0.1/2")
    assert "Operation not permitted" in denied, denied
    t.type("exit 7\n")
    t.expect(PROMPT)
    t.same("7", "echo $?")


def a_shell_inside_can_be_suspended_as_a_whole(t):
    t.type(SECFILT + " bash --norc --noprofile --noediting -i\n")
    t.expect(PROMPT)
    t.type("suspend -f\n")
    t.expect("Stopped")
    t.expect(PROMPT)
    t.enter("echo outer=$PPID")
    t.type("fg\n")
    t.foreground("bash")
    t.type("echo in=$((40+2))\n")
    t.expect("in=42")
    t.expect(PROMPT)
    t.type("exit\n")
    t.expect(PROMPT)
    t.same("0", "jobs; echo $?")


def window_sizes_reach_the_command(t):
    fcntl.ioctl(t.master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
    t.same("33 111", SECFILT + " stty size")
    t.type(SECFILT + """ /usr/bin/python3 -c 'import os, signal, time
signal.signal(signal.SIGWINCH, lambda *_: (os.write(1, b"(%d, %d)\\n" % os.get_terminal_size()[::-1]), os._exit(0)))
print("ready", flush=True)
while True: time.sleep(0.05)  # not input(): a signal just before its read(2) is handled only after it'\n""")
    t.expect("ready\n")
    fcntl.ioctl(t.master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 122, 0, 0))
    t.expect(r"\(44, 122\)\n")
    t.expect(PROMPT)


def reports_end_before_the_prompt(t):
    shown = t.enter("NO_COLOR=1 " + SECFILT + " bash -c 'exec 3<>/dev/tcp/127.0.0.1/2'")
    assert shown.count("secfilt: ") >= 3 and "1 call denied" in shown, shown
    assert "\x1b" not in shown, shown
    t.type("\n")
    assert t.expect(PROMPT) == "", t.seen


def colours_are_for_terminals_that_are_known(t):
    denial = SECFILT + " bash -c 'exec 3<>/dev/tcp/127.0.0.1/2'"
    explain = os.environ["SECFILT"] + " explain -q --allowed-port=1 tcp 127.0.0.1:2"
    for setting, colours in (("TERM=xterm", True), ("TERM=dumb", False), ("TERM=", False), ("-u TERM", False), ("TERM=xterm NO_COLOR=1", False)):
        for words in (denial, explain):
            shown = t.enter("env %s %s" % (setting, words))
            assert "denied" in shown and ("\x1b" in shown) == colours, (setting, words, shown)


def a_hangup_reaches_the_command(t):
    t.type(SECFILT + " sleep 30\n")
    group = t.foreground("sleep")
    os.close(t.master)
    deadline = time.monotonic() + PATIENCE
    while os.path.exists("/proc/%d" % group) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists("/proc/%d" % group), "still there"


def a_parent_sees_stops_and_continues(t):
    for number in (signal.SIGSTOP, signal.SIGTSTP):
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.execv(os.environ["SECFILT"], ["secfilt", "--allowed-port=1", "sleep", "30"])
        wait_for(child, "sleep")
        for _ in range(3):
            os.kill(child, number)
            pid, status = os.waitpid(child, os.WUNTRACED)
            assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == number, status
            os.kill(child, signal.SIGCONT)
            pid, status = os.waitpid(child, os.WUNTRACED | os.WCONTINUED)
            assert os.WIFCONTINUED(status), status
        os.kill(child, number)
        os.waitpid(child, os.WUNTRACED)
        os.kill(child, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == 9


def threads_stop_and_continue_together(t):
    script = ("import threading, time\n"
              "def count():\n    while True:\n        time.sleep(0.01); n[0] += 1\n"
              "n = [0]\n"
              "for _ in range(4): threading.Thread(target=count, daemon=True).start()\n"
              "while True:\n    time.sleep(0.05); open('count', 'w').write(str(n[0]))\n")
    child = os.fork()
    if child == 0:
        os.execv(os.environ["SECFILT"], ["secfilt", "--allowed-port=1", "/usr/bin/python3", "-c", script])
    def read():
        try:
            return int(open("count").read() or 0)
        except OSError:
            return 0
    def moves():
        before = read()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if read() > before:  # it is empty for a moment whenever it is written
                return True
            time.sleep(0.05)
        return False
    assert moves()
    os.kill(child, signal.SIGSTOP)
    os.waitpid(child, os.WUNTRACED)
    time.sleep(0.1)
    before = read()
    time.sleep(0.3)
    assert read() == before, "runs on while stopped"
    os.kill(child, signal.SIGCONT)
    assert os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1])
    assert moves()
    os.kill(child, signal.SIGTERM)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGTERM


def wait_for(pid, name):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open("/proc/%d/comm" % pid) as comm:
            if comm.read().strip() == name:
                return
        time.sleep(0.01)
    raise AssertionError("no " + name)


scenario = globals()[sys.argv[1]]
terminal = Terminal() if not sys.argv[1].startswith(("a_parent", "threads")) else None
scenario(terminal)
if terminal and not sys.argv[1].startswith("a_hangup"):
    terminal.type("exit 0\n")
    os.close(terminal.master)
print("fine")
