#!/usr/bin/python3
"""Runs TAP programs, some at a time, keeps each one's log, and adds up what they say.

    tests/run.py [--under DIR] [--jobs N] [--logs DIR] [--timeout SECONDS] PROGRAM...

Relative programs are found under DIR. Python runs under /usr/bin/python3, others as they are;
`PROGRAM:arg:arg` passes arguments.
A program that dies, hangs, or runs fewer tests than it planned counts as one failed test more. Closes
with the line `N passed, N failed`; exit status 0 when none failed and at least one passed.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

PYTHON = "/usr/bin/python3"
TAIL_LINES = 40


def count_tap(text):
    """(passed, failed) of a TAP stream; a broken plan or a bail-out is one failure more."""
    passed = len(re.findall(r"^ok\b", text, re.M))
    failed = len(re.findall(r"^not ok\b", text, re.M))
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    broken = plan is None or int(plan.group(1)) != passed + failed or "\nBail out!" in text
    return passed, failed + (1 if broken else 0)


def _command(program, under):
    path, *arguments = program.split(":")
    path = os.path.abspath(os.path.join(under, path))
    return ([PYTHON, "-B"] if path.endswith(".py") else []) + [path, *arguments]


def _run(program, options):
    name = "-".join(os.path.basename(p) for p in program.split(":"))
    log = os.path.join(options.logs, name + ".log")
    started = time.monotonic()
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(
            _command(program, options.under), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(options.timeout)
        except subprocess.TimeoutExpired:
            status = "timed out"
        finally:
            _end_group(process)
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    passed, failed = count_tap(text)
    if status != 0 and failed == 0:
        failed = 1
    return name, log, passed, failed, status, time.monotonic() - started, text


def _end_group(process):
    """Whatever the program started ends with it: its session is its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _report(result):
    name, log, passed, failed, status, seconds, text = result
    word = "ok  " if not failed else "FAIL"
    print(f"  {word} {name}: {passed} passed, {failed} failed ({seconds:.1f} s)", flush=True)
    for line in text.splitlines():
        if line.startswith("# figure:"):
            print("       " + line[2:], flush=True)
    if failed:
        print(f"       exit {status}; the end of {log}:")
        shown = [line for line in text.splitlines() if line.startswith("not ok")]
        for line in shown + ["..."] + text.splitlines()[-TAIL_LINES:]:
            print("       | " + line)
        sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--under", default=".")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--logs", default="logs")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    os.makedirs(options.logs, exist_ok=True)
    passed = failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda p: _run(p, options), options.programs):
            _report(result)
            passed, failed = passed + result[2], failed + result[3]
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(0 if failed == 0 and passed > 0 else 1)


if __name__ == "__main__":
    main()
