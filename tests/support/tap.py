"""tap - Test Anything Protocol for plain Python functions.

A test is a function marked with @tap.test; its name is the sentence it proves, and rows of the threat
catalogue keep their number (t17_...). Tests run in the order they are written, because a story has an
order; one that fails does not stop the others. Arguments on the command line select by part of the name.

    @tap.test
    def a_post_arrives(): ...

    if __name__ == "__main__":
        tap.main(setup, teardown)

Exit status 0 when all passed, 1 otherwise.
"""

import sys
import time
import traceback

_tests = []


class Failure(AssertionError):
    """A test that did not hold; its text is shown without a Python traceback's noise."""


def test(function):
    """Marks `function` as a test."""
    _tests.append(function)
    return function


def check(condition, text):
    """Fails the running test with `text` unless `condition` holds."""
    if not condition:
        raise Failure(text)


def equal(got, wanted, what="value"):
    """Fails unless both are equal, and shows both."""
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def note(text):
    """A line for the reader of the log; not a result."""
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def until(question, what, seconds=15.0):
    """Asks again until `question()` gives something true, and returns that; fails after `seconds`."""
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure(f"waited {seconds:g} s in vain for: {what} (last answer: {answer!r})")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def never(question, what, seconds=1.0):
    """Fails as soon as `question()` gives something true within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            raise Failure(f"must not happen: {what} ({answer!r})")
        time.sleep(0.05)


def _run_one(number, function):
    name = function.__name__.replace("_", " ")
    started = time.monotonic()
    try:
        function()
    except Failure as failure:
        print(f"not ok {number} - {name}", flush=True)
        note(failure)
        frame = traceback.extract_tb(failure.__traceback__)
        note("\n".join(f"at {f.filename}:{f.lineno} {f.line}" for f in frame if "tap.py" not in f.filename))
        return False
    except Exception:  # a broken test is a failed test
        print(f"not ok {number} - {name}", flush=True)
        note(traceback.format_exc())
        return False
    print(f"ok {number} - {name} # {time.monotonic() - started:.2f} s", flush=True)
    return True


def main(setup=None, teardown=None):
    """Runs the tests between `setup` and `teardown`, prints TAP, exits."""
    chosen = [t for t in _tests if not sys.argv[1:] or any(a in t.__name__ for a in sys.argv[1:])]
    print(f"1..{len(chosen)}", flush=True)
    passed = 0
    try:
        if setup:
            setup()
        passed = sum([_run_one(n, t) for n, t in enumerate(chosen, 1)])
    except BaseException:
        note(traceback.format_exc())
        print("Bail out! the set-up failed", flush=True)
    finally:
        if teardown:
            teardown()
    sys.exit(0 if passed == len(chosen) else 1)
