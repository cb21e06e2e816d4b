#!/usr/bin/env python3
"""Runs every deliberate bug (raft-store/core/src/mutant.rs) in the laboratory that must catch it, and prints one table.

    mutants.py BIN_DIR [NAME...]

BIN_DIR holds the programs of a build with the feature `mutants`: woad, woad-simulation, woad-chaos. Which seed, scenario or
test catches which bug stands in tests/simulation/mutants.txt and tests/chaos/mutants.txt, a line each:

    NAME  SEED TICKS            WORD...     what the simulation must say
    NAME  ROW[,ROW...]          WORD...     what the fault lab must say

A bug counts as caught when the laboratory ends with exit status 1 and says the word, the fault lab in one of three tries.
The same seed or rows must pass
without the bug, or they would catch anything: they are run so first. A bug that is in neither file has survived.
Exit status 0 when all are caught.
"""

import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "raft-store/core/src/mutant.rs"
VARIABLE = "RAFT_STORE_MUTANT"
# A run that takes longer than this is broken, not slow.
LONGEST_SECONDS = 300
# A seed decides everything; with real processes a fault may miss what the bug leaves open.
TRIES = {"woad-simulation": 1, "woad-chaos": 3}


class Case:
    """One bug in one laboratory."""

    def __init__(self, name, laboratory, arguments, word):
        self.name, self.laboratory, self.arguments, self.word = name, laboratory, arguments, word

    def command(self, programs, bug):
        """What to run, and the variables it needs."""
        command = [str(programs / self.laboratory), *self.arguments]
        if not bug:
            return command, {}
        if self.laboratory == "woad-chaos":
            return [*command, "--env", f"{VARIABLE}={self.name}"], {}
        return command, {VARIABLE: self.name}


def names(source):
    """The names of all bugs."""
    return re.findall(r'^ +\w+ = "([a-z0-9-]+)",$', source, re.MULTILINE)


def lines(text):
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            yield line


def simulated(text):
    for line in lines(text):
        name, seed, ticks, word = line.split(None, 3)
        yield Case(name, "woad-simulation", ["--seed", seed, "--ticks", ticks], word)


def played(text):
    for line in lines(text):
        name, rows, word = line.split(None, 2)
        yield Case(name, "woad-chaos", ["--only", rows], word)


def run(case, programs, bug):
    command, variables = case.command(programs, bug)
    environment = {**os.environ, **variables, "WOAD_BIN_DIR": str(programs)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        return None, "took too long"
    return done.returncode, done.stdout + done.stderr


def judge(case, status, said):
    if status == 0:
        return "SURVIVED"
    if status != 1:
        return f"laboratory broken (exit {status})"
    return "caught" if case.word in said else f"failed without saying {case.word!r}"


def main(programs, wanted):
    everything = names(SOURCE.read_text())
    cases = [
        *simulated((ROOT / "tests/simulation/mutants.txt").read_text()),
        *played((ROOT / "tests/chaos/mutants.txt").read_text()),
    ]
    unknown = sorted({case.name for case in cases} - set(everything))
    if unknown:
        sys.exit(f"mutants: no such bug: {', '.join(unknown)}")
    good, bad, started = {}, 0, time.monotonic()
    print(f"{'deliberate bug':<30} {'caught by':<38} {'seconds':>7}  verdict", flush=True)
    for name in everything:
        if wanted and name not in wanted:
            continue
        own = [case for case in cases if case.name == name]
        if not own:
            bad += 1
            print(f"{name:<30} {'-':<38} {'':>7}  SURVIVED: nothing looks for it", flush=True)
        for case in own:
            what = " ".join([case.laboratory, *case.arguments])
            key = (case.laboratory, *case.arguments)
            if key not in good:
                status, said = run(case, programs, bug=False)
                good[key] = status == 0
                if status != 0:
                    print(f"without any bug, {what} ends with {status}:\n{said[-4000:]}", flush=True)
            since = time.monotonic()
            for _ in range(TRIES[case.laboratory]):
                status, said = run(case, programs, bug=True)
                if status != 0:
                    break
            verdict = judge(case, status, said) if good[key] else "proves nothing: it fails without the bug, too"
            if verdict != "caught":
                bad += 1
                print(said[-2000:], flush=True)
            print(f"{name:<30} {what:<38} {time.monotonic() - since:>7.1f}  {verdict}", flush=True)
    print(f"{len(everything)} bugs, {bad} not caught, {time.monotonic() - started:.0f} s", flush=True)
    return 1 if bad else 0


class SelfTest(unittest.TestCase):
    def test_every_name_is_found(self):
        self.assertEqual(names('    /// x\n    Abc = "a-b",\n    D = "d-2",\n'), ["a-b", "d-2"])
        self.assertGreater(len(names(SOURCE.read_text())), 15)

    def test_tables_are_read(self):
        case = next(simulated("# no\nmissing-dedup 7 20000 taken twice # why\n"))
        self.assertEqual(case.arguments, ["--seed", "7", "--ticks", "20000"])
        self.assertEqual(case.word, "taken twice")
        case = next(played("sentinel-ignored F34 lost\n"))
        self.assertEqual(case.command(Path("/b"), bug=True)[0][-1], f"{VARIABLE}=sentinel-ignored")

    def test_only_exit_1_with_the_word_counts(self):
        case = Case("n", "woad-simulation", [], "lost")
        self.assertEqual(judge(case, 1, "a write was lost"), "caught")
        for status, said in [(0, "lost"), (2, "lost"), (None, "lost"), (1, "else")]:
            self.assertNotEqual(judge(case, status, said), "caught")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]).resolve(), set(sys.argv[2:])))
