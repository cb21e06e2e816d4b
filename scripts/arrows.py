#!/usr/bin/env python3
"""Checks that crates of this workspace depend on each other only along the arrows of docs/, and that no Rust file is too long.

    node -> api/* -> api/http -> api/identity -> raft-store/core        node -> raft-store -> raft-store/core
    node, api/http, raft-store -> admission

`raft-store` never names a user, `identity` never names HTTP, protocols never import each other, and the programs that look
at Woad from outside (woadctl, tests, benchmarks) do so over the wire only.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 800

CORE, STORE, IDENTITY, HTTP, NODE = "raft-store-core", "raft-store", "woad-identity", "woad-http", "woad"
ADMISSION = "woad-admission"
SIMULATION = "woad-simulation"
# The store without protocols, for the bench.
BENCH_STORE = "woad-bench-store"
# Fuzz targets call the parsers of every crate.
FUZZ = "woad-fuzz"
OUTSIDE = {"woadctl": set(), "woad-tests": set(), "woad-benches": set(), "woad-chaos": {"woad-tests"}}
MAY_TEST_ANYTHING = {"woad-tests", "woad-benches"}


def allowed(name, folder, members):
    """Names that the crate `name` in `folder` may depend on, or None when no rule knows the crate.

    `members` maps each crate of the workspace to its folder, relative to the root."""
    fixed = {
        CORE: set(),
        ADMISSION: set(),
        IDENTITY: {CORE},
        HTTP: {IDENTITY, CORE, ADMISSION},
        STORE: {CORE, ADMISSION},
        SIMULATION: {STORE, CORE},
        BENCH_STORE: {STORE, CORE},
    }
    if name in fixed:
        return fixed[name]
    if name in OUTSIDE:
        return OUTSIDE[name]
    if name == FUZZ:
        return set(members)
    if name == NODE:
        return {STORE, CORE, ADMISSION} | {member for member, where in members.items() if where.startswith("api/")}
    if folder.startswith("api/"):
        return {HTTP, IDENTITY, CORE}
    return None


def check_arrows(packages):
    """Yields a sentence for each arrow of `packages` (as in `cargo metadata`) that may not be."""
    members = {p["name"]: os.path.relpath(os.path.dirname(p["manifest_path"]), ROOT) for p in packages}
    for package in packages:
        name = package["name"]
        may = allowed(name, members[name], members)
        if may is None:
            yield f"{name} ({members[name]}): no rule for this crate; add one to scripts/arrows.py"
            continue
        for dependency in package["dependencies"]:
            target, kind = dependency["name"], dependency["kind"] or "normal"
            if target not in members or target in may or (kind == "dev" and name in MAY_TEST_ANYTHING):
                continue
            yield f"{name} -> {target} ({kind} dependency): not an arrow of the design; allowed: {sorted(may) or 'none'}"


def check_lengths(root, limit=MAX_LINES):
    """Yields a sentence for each Rust file under `root` that has more than `limit` lines."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "target")
        for file in sorted(files):
            path = Path(folder, file)
            if path.suffix == ".rs":
                lines = len(path.read_bytes().splitlines())
                if lines > limit:
                    yield f"{path.relative_to(root)}: {lines} lines, more than {limit}: it is two files"


def main():
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    faults = [*check_arrows(packages), *check_lengths(ROOT)]
    for fault in faults:
        print(f"FAULT  {fault}")
    print(f"{len(packages)} crates, {len(faults)} faults")
    return 1 if faults else 0


class Tests(unittest.TestCase):
    FOLDERS = {
        CORE: "raft-store/core",
        ADMISSION: "admission",
        STORE: "raft-store",
        IDENTITY: "api/identity",
        HTTP: "api/http",
        "woad-oauth": "api/oauth",
        "woad-scim": "api/scim",
        NODE: "node",
        "woadctl": "cluster-tools",
        "woad-tests": "tests",
        "woad-fuzz": "tests/fuzz",
    }

    def faults(self, name, target, kind=None, **more):
        folders = self.FOLDERS | more
        packages = [{"name": n, "manifest_path": str(ROOT / f / "Cargo.toml"), "dependencies": []} for n, f in folders.items()]
        next(p for p in packages if p["name"] == name)["dependencies"] = [{"name": target, "kind": kind}]
        return len(list(check_arrows(packages)))

    def test_arrows_of_the_design_pass(self):
        for name, target in [
            (IDENTITY, CORE), (HTTP, IDENTITY), ("woad-oauth", HTTP), ("woad-scim", CORE), (STORE, CORE),
            (NODE, "woad-scim"), (NODE, STORE), (NODE, IDENTITY), ("woadctl", "serde"), ("woad-fuzz", STORE),
            (STORE, ADMISSION), (HTTP, ADMISSION),
        ]:
            self.assertEqual(self.faults(name, target), 0, f"{name} -> {target}")

    def test_other_arrows_fail(self):
        for name, target in [
            (CORE, STORE), (STORE, IDENTITY), (IDENTITY, HTTP), (IDENTITY, STORE), (HTTP, STORE), ("woad-oauth", "woad-scim"),
            ("woad-oauth", STORE), ("woadctl", IDENTITY), ("woad-tests", NODE), ("woad-oauth", NODE), (NODE, "woad-fuzz"),
            (ADMISSION, CORE),
        ]:
            self.assertEqual(self.faults(name, target), 1, f"{name} -> {target}")

    def test_only_tests_and_benchmarks_have_free_dev_dependencies(self):
        self.assertEqual(self.faults("woad-tests", STORE, "dev"), 0)
        self.assertEqual(self.faults(IDENTITY, STORE, "dev"), 1)
        self.assertEqual(self.faults(IDENTITY, STORE, "build"), 1)

    def test_a_crate_without_a_rule_fails(self):
        self.assertEqual(self.faults("woad-other", "serde", **{"woad-other": "other"}), 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(main())
