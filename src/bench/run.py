#!/usr/bin/env python3
"""What secfilt costs, as ratios taken in one run: python3 src/bench/run.py [--rounds N] [--only WORDS] [--tiny]

Needs a built target/secfilt, gcc and two processors that have nothing else to do; as root, with iptables, it measures the firewall too, in
a network namespace that it makes. Each row compares two commands that take turns,
N rounds of each; the ratio is the median of the rounds' ratios. Nothing is sent but over loopback. --tiny shows that all of it
runs, and measures nothing.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HOME = ROOT / "target" / "secfilt"
SECFILT = [str(HOME / "bin" / "secfilt"), "--allowed-netmask=127.0.0.0/8"]
# binds are judged only where they are restricted
BINDING = SECFILT + ["--allowed-bind=127.0.0.0/8"]
LIMIT_SECONDS = 60


def build(directory):
    for name in "workload", "reference":
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-pthread", "-o", directory / name, HERE / (name + ".c")],
                       check=True)
    (directory / "Empty.java").write_text("class Empty { public static void main(String[] none) {} }\n")
    java = (HOME / "lib" / "java-home").read_text().strip() + "/bin/java"
    subprocess.run([java + "c", "-d", directory, directory / "Empty.java"], check=True)
    flags = [line for line in (HOME / "lib" / "jvm.options").read_text().split("\n") if line and not line.startswith("#")]
    # its archive holds secfilt's classes, and is void for any other class path
    flags = [flag for flag in flags if "SharedArchiveFile" not in flag]
    return [java] + flags + ["-cp", str(directory), "Empty"]


def timed(command):
    """Milliseconds from start to end. Not by subprocess's timeout, which looks for the end after 31, 63 and 113 ms only."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=HOME / "lib")
    watchdog = threading.Timer(LIMIT_SECONDS, process.kill)
    watchdog.start()
    code = process.wait()
    spent = (time.monotonic() - begin) * 1000
    watchdog.cancel()
    if code != 0:
        sys.exit("exit code %d of %s" % (code, " ".join(command)))
    return spent


def told(command):
    """The microseconds a call that a workload prints."""
    return float(subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT_SECONDS).stdout)


def compare(measure, ours, theirs, rounds):
    """Both medians, and the median of the ratios."""
    pairs = []
    for _ in range(rounds):
        pairs.append((measure(ours), measure(theirs)))
    mine, other = zip(*pairs)
    ratios = sorted(m / o for m, o in pairs)
    return statistics.median(mine), statistics.median(other), statistics.median(ratios), ratios


def row(what, unit, measured, reach):
    mine, other, ratio, ratios = measured
    print("%-46s %9.2f %9.2f %s  %5.2f  (%4.2f-%4.2f)  %5.2f  %s" % (
        what, mine, other, unit, ratio, ratios[0], ratios[-1], reach, "yes" if ratio <= reach else "NO"), flush=True)


@contextlib.contextmanager
def own_network():
    """Words that run a command in a network namespace with loopback alone."""
    name = "secfilt-bench-%d" % time.monotonic_ns()
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield ["nsenter", "--net=/run/netns/" + name]
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def memory(command, ready):
    """The supervisor's greatest memory in MiB when the command has said that it is ready."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline().strip() != ready:
            sys.exit("no word of " + " ".join(command))
        tracer = status(process.pid, "TracerPid")
        return int(status(tracer, "VmHWM").split()[0]) / 1024
    finally:
        process.stdin.close()
        process.wait(LIMIT_SECONDS)


def status(pid, key):
    for line in open("/proc/%s/status" % pid):
        if line.startswith(key + ":"):
            return line.split(":", 1)[1].strip()
    sys.exit("no %s of %s" % (key, pid))


def limit_row(what, unit, value, reach):
    print("%-46s %9.2f %9s %s  %-5s  %-11s  %5g  %s" % (what, value, "", unit, "", "", reach, "yes" if value <= reach else "NO"), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--only", default="", help="the rows whose names hold this")
    options.add_argument("--tiny", action="store_true")
    given = options.parse_args()
    if not (HOME / "bin" / "secfilt").exists():
        sys.exit("there is no target/secfilt: run ./secfilt --version")
    rounds = 1 if given.tiny else given.rounds
    directory = pathlib.Path(tempfile.mkdtemp(prefix="secfilt-bench"))
    try:
        rows(directory, rounds, given)
    finally:
        shutil.rmtree(directory)


def rows(directory, rounds, given):
    empty = build(directory)
    workload, reference = str(directory / "workload"), str(directory / "reference")

    def wanted(name):
        return given.only in name

    def work(kind, count, *processor):
        return [workload, kind, str(count // 1000 + 1 if given.tiny else count), *processor]

    def beside(mode, *words):
        return [reference, mode, *words]

    print("%d processors, Linux %s, %d rounds" % (os.cpu_count(), os.uname().release, rounds))
    print("%-46s %9s %9s %s  %5s  %-11s  %5s" % ("what", "secfilt", "other", "  ", "ratio", "", "reach"))
    true = SECFILT + ["true"]
    if wanted("start-up"):
        measured = compare(timed, true, empty, rounds * 2)
        limit_row("start-up of true", "ms", measured[0], 120)
        row("start-up of true / an empty Java program", "ms", measured, 3)
    if wanted("start-up with YAML"):
        yaml = [SECFILT[0], "--policy", str(HOME / "policies" / "ci-job.yaml"), "true"]
        mine, other, _, _ = compare(timed, yaml, true, rounds * 2)
        limit_row("start-up with YAML, more than without", "ms", mine - other, 40)
    if wanted("firewall"):
        if os.geteuid() == 0 and shutil.which("iptables-restore"):
            with own_network() as inside, own_network() as other:
                firewall_rows(inside, other, rounds, work, beside)
        else:
            print("the firewall is not measured: it takes root and iptables")
    for kind, count in ("getppid", 1000000), ("open", 200000), ("read", 500000), ("write", 500000), ("send", 200000), \
            ("recv", 100000), ("stream", 400):
        if wanted("allowed " + kind):
            row("allowed " + kind + " / under RET_ALLOW", "us" if kind != "stream" else "us/MiB",
                compare(told, SECFILT + work(kind, count, "0"), beside("allow", *work(kind, count, "0")), rounds), 1.02)
        # packets that the firewall judges cost more than the filter; root alone has it
        name = "allowed " + kind + ", firewall off"
        if kind in ("send", "recv") and wanted(name):
            row(name + " / under RET_ALLOW", "us",
                compare(told, SECFILT + ["--firewall=off"] + work(kind, count, "0"), beside("allow", *work(kind, count, "0")), rounds), 1.02)
    for kind, reach in ("connect", 1.2), ("sendto", 1.2), ("sendmsg", 1.2), ("bind", 1.2):
        for place in "0", "1", "":
            name = "judged %s, %s" % (kind, "on processor " + place if place else "anywhere")
            if wanted(name):
                row(name + " / C vault", "us", compare(told, (BINDING if kind == "bind" else SECFILT) + work(kind, 20000, *([place] if place else [])),
                                                       beside("vault", "-p", "0", *work(kind, 20000)), rounds), reach)
    if wanted("TCP connect and close"):
        row("TCP connect and close / native", "us", compare(told, SECFILT + work("tcp", 5000), work("tcp", 5000), rounds), 1.9)
    for kind in "exec", "thread":
        if wanted("2000 x " + kind):
            row("2000 x %s / C tracer" % kind, "us", compare(told, SECFILT + work(kind, 2000), beside("trace", *work(kind, 2000)), rounds), 1.1)
    if wanted("64 threads"):
        row("64 threads connecting / one", "us", compare(told, SECFILT + work("crowd", 192000), SECFILT + work("connect", 192000), rounds), 1)
    if wanted("memory"):
        shell = SECFILT + ["sh", "-c", "echo ready; read none"]
        limit_row("memory of the supervisor", "MiB", memory(shell, "ready"), 64)
        limit_row("memory, 1000 processes connecting", "MiB", memory(SECFILT + [workload, "thousand", "1"], "all are there"), 64)


def copy_rules(alone, inside, other):
    """The rules of a run become those of all that sends in the other network."""
    run = subprocess.Popen(alone + ["sh", "-c", "echo ready; read none"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        run.stdout.readline()
        for program in "iptables", "ip6tables":
            rules = subprocess.run(inside + [program + "-save"], check=True, stdout=subprocess.PIPE, text=True).stdout
            rules = re.sub(r'-m cgroup --path \S+ ', "", rules)
            subprocess.run(other + [program + "-restore"], check=True, input=rules, text=True)
    finally:
        run.stdin.close()
        run.wait(LIMIT_SECONDS)


def firewall_rows(inside, other, rounds, work, beside):
    judged = inside + SECFILT + ["--firewall=require"]
    alone = judged + ["--no-supervisor"]
    mine, without, _, _ = compare(timed, judged + ["true"], inside + SECFILT + ["--firewall=off", "true"], rounds * 2)
    limit_row("start-up with firewall, more than without", "ms", mine - without, 60)
    copy_rules(alone, inside, other)
    for kind, count in ("connect", 200000), ("sendto", 200000), ("exec", 2000):
        row("firewall alone, %s / native, same rules" % kind, "us",
            compare(told, alone + work(kind, count, "0"), other + beside("allow", *work(kind, count, "0")), rounds), 1.02)


if __name__ == "__main__":
    main()
