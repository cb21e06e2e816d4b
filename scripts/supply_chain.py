#!/usr/bin/env python3
"""Checks what this workspace links: licences, banned crates, sources and known advisories, by the rules of deny.toml.

It needs nothing but Python 3.11 and cargo. Licences and bans are judged on the crates that are really compiled for the
targets of deny.toml (`cargo tree`); sources and advisories on all of Cargo.lock.

Advisories come from a tarball of the RustSec database (`crates/<name>/RUSTSEC-*.md`): the file that WOAD_ADVISORIES names,
else the newest `../shared/advisories/rustsec-*.tar.gz` beside the checkout. Without one the check says that it was not
exercised; with WOAD_REQUIRE_ALL=1 that is a fault.

    supply_chain.py [--root DIR] | --self-test
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import unittest
from functools import total_ordering
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


# ---- versions and requirements, as Cargo writes them --------------------------------------------------------------------


@total_ordering
class Version:
    """A semantic version; build metadata does not count."""

    def __init__(self, text):
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", text.strip())
        if not match:
            raise ValueError(f"not a version: {text!r}")
        self.text = text.strip()
        self.core = tuple(int(part) for part in match.group(1, 2, 3))
        self.pre = match.group(4)

    def key(self):
        # A pre-release comes before its release; numeric identifiers come before others (SemVer 2.0.0, 11.4).
        parts = self.pre.split(".") if self.pre else []
        identifiers = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
        return (self.core, not self.pre, identifiers)

    def __eq__(self, other):
        return self.key() == other.key()

    def __lt__(self, other):
        return self.key() < other.key()

    def __hash__(self):
        return hash(self.key())

    def __str__(self):
        return self.text


def before(core):
    """The lowest version there is with these numbers: below it, not even a pre-release of them is meant."""
    return Version("{}.{}.{}-0".format(*core))


def bounds(comparator):
    """(lower, lower is included, upper, upper is included) of one comparator such as `^1.2`; None where there is none."""
    match = re.fullmatch(
        r"(=|>=|<=|>|<|\^|~)?\s*(\d+|\*)(?:\.(\d+|\*))?(?:\.(\d+|\*))?(-[0-9A-Za-z.-]+)?(?:\+\S*)?", comparator.strip()
    )
    if not match:
        raise ValueError(f"not a version requirement: {comparator!r}")
    operator, pre = match.group(1), match.group(5) or ""
    given = []
    for part in match.group(2, 3, 4):
        if part in (None, "*"):
            break
        given.append(int(part))
    if not given:
        return None, True, None, False
    if operator is None:
        operator = "=" if "*" in comparator else "^"
    padded = given + [0] * (3 - len(given))
    low = Version("{}.{}.{}".format(*padded) + pre)

    def bumped(index):
        return before(padded[:index] + [padded[index] + 1] + [0] * (2 - index))

    last = len(given) - 1
    match operator:
        case ">=":
            return low, True, None, False
        case ">":
            return (low, False, None, False) if len(given) == 3 else (Version(str(bumped(last))[:-2]), True, None, False)
        case "<":
            return None, True, (low if pre else before(padded)), False
        case "<=":
            return (None, True, low, True) if len(given) == 3 else (None, True, bumped(last), False)
        case "=":
            return (low, True, low, True) if len(given) == 3 else (low, True, bumped(last), False)
        case "~":
            return low, True, bumped(min(last, 1)), False
        case _:  # ^: up to the next change of the first number that is not zero
            index = next((i for i, number in enumerate(given) if number), last)
            return low, True, bumped(index), False


def satisfies(version, requirement):
    """Whether `version` lies in `requirement`, comparators joined by commas.

    Versions are ordered as SemVer says. Unlike Cargo, a pre-release may satisfy a requirement that names none
    (1.1.0-rc.1 is in `>=1.0`), or a fix would never count for a crate that is locked at a pre-release; but `<2.0.0` leaves
    out the pre-releases of 2.0.0."""
    for comparator in requirement.split(","):
        low, with_low, high, with_high = bounds(comparator)
        if low is not None and not (version > low or (with_low and version == low)):
            return False
        if high is not None and not (version < high or (with_high and version == high)):
            return False
    return True


# ---- licences -----------------------------------------------------------------------------------------------------------


def licence_allowed(expression, allow):
    """Whether the SPDX expression can be met with licences of `allow`, of which those used are added to the returned set.

    Returns (verdict, licences of `allow` it named). The old form `MIT/Apache-2.0` means OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    used = set()
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        if position >= len(tokens):
            raise ValueError(f"licence expression ends early: {expression!r}")
        position += 1
        return tokens[position - 1]

    def term():
        token = take()
        if token == "(":
            verdict = either()
            if take() != ")":
                raise ValueError(f"no closing bracket: {expression!r}")
            return verdict
        if token in (")", "AND", "OR", "WITH"):
            raise ValueError(f"misplaced {token}: {expression!r}")
        if peek() == "WITH":
            take()
            token = f"{token} WITH {take()}"
        if token in allow:
            used.add(token)
        return token in allow

    def both():
        verdict = term()
        while peek() == "AND":
            take()
            verdict = term() and verdict
        return verdict

    def either():
        verdict = both()
        while peek() == "OR":
            take()
            verdict = both() or verdict
        return verdict

    verdict = either()
    if peek() is not None:
        raise ValueError(f"unexpected {peek()}: {expression!r}")
    return verdict, used


# ---- the four checks ----------------------------------------------------------------------------------------------------


class Report:
    """Faults fail the gate; warnings are printed."""

    def __init__(self):
        self.faults, self.warnings, self.lines = [], [], []

    def fault(self, text):
        self.faults.append(text)

    def warn(self, text):
        self.warnings.append(text)

    def line(self, text):
        self.lines.append(text)

    def finish(self):
        for text in self.lines:
            print(f"       {text}")
        for text in self.warnings:
            print(f"WARN   {text}")
        for text in self.faults:
            print(f"FAULT  {text}")
        return 1 if self.faults else 0


def check_licences(built, config, report):
    """`built`: {(name, version): licence expression} of the crates that are compiled."""
    rules = config.get("licenses", {})
    allow = set(rules.get("allow", []))
    extra = {entry.get("crate", entry.get("name")): set(entry["allow"]) for entry in rules.get("exceptions", [])}
    clarified = {entry.get("crate", entry.get("name")): entry["expression"] for entry in rules.get("clarify", [])}
    seen = set()
    for (name, version), licence in sorted(built.items()):
        expression = clarified.get(name, licence)
        if not expression:
            report.fault(f"licence: {name} {version} names none; read it, then add it to [[licenses.clarify]]")
            continue
        try:
            verdict, used = licence_allowed(expression, allow | extra.get(name, set()))
        except ValueError as error:
            report.fault(f"licence: {name} {version}: {error}")
            continue
        seen |= used
        if not verdict:
            report.fault(f"licence: {name} {version}: {expression} cannot be met with the licences of deny.toml")
    for licence in sorted(allow - seen):
        report.warn(f"licence: deny.toml allows {licence}, which no crate has")
    report.line(f"licences: {len(built)} crates compiled, {len(allow)} licences allowed")


def split_spec(spec):
    """`name`, `name@version` or `name:requirement`, as cargo-deny writes it; the requirement is None for any version."""
    match = re.fullmatch(r"([A-Za-z0-9_-]+)(?:([@:])(.+))?", spec)
    if not match:
        raise ValueError(f"not a crate of deny.toml: {spec!r}")
    name, separator, requirement = match.groups()
    return name, f"={requirement}" if separator == "@" else requirement


def check_bans(built, locked, config, report):
    """`built`, `locked`: iterables of (name, version)."""
    rules = config.get("bans", {}).get("deny", [])
    for entry in rules:
        entry = {"crate": entry} if isinstance(entry, str) else entry
        banned, requirement = split_spec(entry.get("crate", entry.get("name")))
        for name, version in sorted(set(locked) | set(built)):
            if name != banned or not (requirement is None or satisfies(version, requirement)):
                continue
            reason = f"{name} {version} is banned: {entry.get('reason', 'no reason given')}"
            if (name, version) in set(built):
                report.fault(f"ban: {reason}")
            else:
                report.line(f"ban: {name} {version} stands in Cargo.lock as an optional dependency and is never compiled")
    report.line(f"bans: {len(rules)} rules")


def check_sources(packages, config, report):
    """`packages`: the list of Cargo.lock."""
    known = config.get("sources", {}).get("allow-git", [])
    for package in packages:
        source = package.get("source", "")
        if source.startswith("git+") and not any(source.startswith(f"git+{url}") for url in known):
            report.fault(f"source: {package['name']} {package['version']} comes from a git repository")
        elif source.startswith("registry+") and "checksum" not in package:
            report.fault(f"source: {package['name']} {package['version']} has no checksum in Cargo.lock")


def front_matter(text):
    """The TOML block that an advisory begins with."""
    match = re.match(r"\s*```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    if not match:
        raise ValueError("no TOML front matter")
    return tomllib.loads(match.group(1))


def hits(advisory, version):
    """Whether `version` is neither patched nor unaffected."""
    versions = advisory["versions"]
    return not any(satisfies(version, r) for r in [*versions.get("patched", []), *versions.get("unaffected", [])])


def concerns(advisory, targets):
    """Whether the advisory holds on one of these target triples."""
    affected = advisory.get("affected", {})
    systems, machines = affected.get("os", []), affected.get("arch", [])
    return (not systems or any(f"-{system}" in target for system in systems for target in targets)) and (
        not machines or any(target.startswith(f"{machine}-") for machine in machines for target in targets)
    )


def check_advisories(locked, advisories, config, report):
    """`advisories`: front matters of all advisories on crates of `locked`."""
    ignored = {}
    for entry in config.get("advisories", {}).get("ignore", []):
        entry = {"id": entry} if isinstance(entry, str) else entry
        ignored[entry["id"]] = entry.get("reason", "")
        if not ignored[entry["id"]].strip():
            report.fault(f"advisory: {entry['id']} is ignored in deny.toml without a reason")
    targets = [t if isinstance(t, str) else t["triple"] for t in config.get("graph", {}).get("targets", [])]
    met = set()
    for matter in advisories:
        about = matter["advisory"]
        if "withdrawn" in about or (targets and not concerns(matter, targets)):
            continue
        for name, version in locked:
            if name != about["package"] or not hits(matter, version):
                continue
            met.add(about["id"])
            kind = about.get("informational")
            text = f"advisory: {name} {version}: {about['id']}{f' ({kind})' if kind else ''}"
            if about["id"] in ignored:
                report.line(f"{text}, ignored: {ignored[about['id']]}")
            elif kind:
                report.warn(text)
            else:
                patched = ", ".join(matter["versions"].get("patched", [])) or "no version yet"
                report.fault(f"{text}, patched in {patched}")
    for identifier in sorted(set(ignored) - met):
        report.warn(f"advisory: deny.toml ignores {identifier}, which no longer applies")


# ---- where the facts come from ------------------------------------------------------------------------------------------


def read_advisories(tarball, names):
    """Front matters of the advisories on the crates `names`, and how many advisories the tarball has."""
    found, total = [], 0
    with tarfile.open(tarball) as archive:
        for member in archive:
            match = re.search(r"(?:^|/)crates/([^/]+)/RUSTSEC-[^/]+\.md$", member.name)
            if not match or not member.isfile():
                continue
            total += 1
            if match.group(1) in names:
                found.append(front_matter(archive.extractfile(member).read().decode()))
    return found, total


def find_tarball(root):
    """The advisories to read, or None."""
    if named := os.environ.get("WOAD_ADVISORIES"):
        return Path(named)
    beside = sorted((root.parent / "shared" / "advisories").glob("rustsec-*.tar.gz"))
    return beside[-1] if beside else None


def compiled(root, target):
    """{(name, version): licence} of all crates compiled for `target`, tests and build scripts included."""
    command = ["cargo", "tree", "--locked", "--workspace", "--target", target, "--edges", "normal,build,dev"]
    command += ["--prefix", "none", "--format", "{p}|{l}"]
    run = subprocess.run([*command, "--offline"], cwd=root, capture_output=True, text=True)
    if run.returncode:  # a crate was never downloaded here
        run = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(f"FAULT  cargo tree failed for {target}: see above")
    crates = {}
    for line in filter(None, run.stdout.splitlines()):
        package, licence = line.removesuffix(" (*)").rsplit("|", 1)
        name, version = package.split()[:2]
        crates[name, Version(version.removeprefix("v"))] = licence
    return crates


def main(root):
    config = tomllib.loads((root / "deny.toml").read_text())
    packages = tomllib.loads((root / "Cargo.lock").read_text())["package"]
    foreign = [(p["name"], Version(p["version"])) for p in packages if "source" in p]
    report = Report()

    built = {}
    for target in config["graph"]["targets"]:
        built |= compiled(root, target if isinstance(target, str) else target["triple"])
    ours = {p["name"] for p in packages} - {name for name, _ in foreign}
    built = {key: licence for key, licence in built.items() if key[0] not in ours}

    check_licences(built, config, report)
    check_bans(built, foreign, config, report)
    check_sources(packages, config, report)

    tarball = find_tarball(root)
    if tarball is None:
        report.line("advisories: NOT EXERCISED, there is no copy of the RustSec database (WOAD_ADVISORIES=<tarball>)")
        if os.environ.get("WOAD_REQUIRE_ALL") == "1":
            report.fault("advisory: WOAD_REQUIRE_ALL=1 wants this check, and there is no copy of the RustSec database")
    else:
        advisories, total = read_advisories(tarball, {name for name, _ in foreign})
        report.line(f"advisories: {len(foreign)} locked crates against {total} advisories of {tarball.name}")
        if not total:
            report.fault(f"advisory: {tarball.name} holds no advisories")
        check_advisories(foreign, advisories, config, report)

    several = sorted({name for name, version in built if sum(name == other for other, _ in built) > 1})
    if several:
        report.line(f"several versions: {', '.join(several)}")
    return report.finish()


# ---- tests of the above -------------------------------------------------------------------------------------------------


class Tests(unittest.TestCase):
    def test_versions_are_ordered_as_semver_says(self):
        texts = "0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.2 1.0.0-alpha.10 1.0.0-alpha.b 1.0.0-rc.1 1.0.0 1.0.1 1.10.0"
        versions = [Version(text) for text in texts.split()]
        self.assertEqual(sorted(reversed(versions)), versions)
        self.assertEqual(Version("0.19.0+11.8.1"), Version("0.19.0"))
        self.assertRaises(ValueError, Version, "1.0")

    def test_requirements(self):
        for requirement, inside, outside in [
            (">= 1.2.3", "1.2.3 1.2.4 2.0.0 1.3.0-rc.1", "1.2.2 1.2.3-rc.1"),
            ("> 1.2.3", "1.2.4", "1.2.3"),
            ("> 1.2", "1.3.0", "1.2.9"),
            ("< 0.10.0-alpha.33", "0.9.24 0.10.0-alpha.4 0.10.0-alpha.32", "0.10.0-alpha.33 0.10.0"),
            ("< 2.0.0", "1.9.9", "2.0.0 2.0.0-rc.1"),
            ("< 2", "1.9.9", "2.0.0"),
            ("<= 1.2", "1.2.9", "1.3.0 1.3.0-rc.1"),
            ("<= 1.2.3", "1.2.3", "1.2.4"),
            ("= 0.3.1", "0.3.1", "0.3.2"),
            ("=1.2", "1.2.0 1.2.7", "1.3.0"),
            ("^1.2.3", "1.2.3 1.9.0", "2.0.0 2.0.0-rc.1 1.2.2"),
            ("1.2.3", "1.9.0", "2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0.0", "0.0.9", "0.1.0"),
            ("^0", "0.9.0", "1.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~1", "1.9.0", "2.0.0"),
            ("*", "0.0.1 9.0.0", ""),
            ("1.*", "1.9.0", "2.0.0 0.9.0"),
            (">= 1.0.2, < 2.0.0", "1.0.2 1.9.9", "1.0.1 2.0.0"),
        ]:
            for text in inside.split():
                self.assertTrue(satisfies(Version(text), requirement), f"{text} in {requirement}")
            for text in outside.split():
                self.assertFalse(satisfies(Version(text), requirement), f"{text} not in {requirement}")
        self.assertRaises(ValueError, satisfies, Version("1.0.0"), "about 1.0")

    def test_licences(self):
        allow = {"MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"}
        for expression, verdict in [
            ("MIT", True),
            ("GPL-3.0-only", False),
            ("GPL-3.0-only OR MIT", True),
            ("MIT AND OpenSSL", False),
            ("MIT/Apache-2.0", True),
            ("GPL-2.0 / MPL-2.0", False),
            ("(MIT OR GPL-3.0-only) AND ISC", True),
            ("MIT OR GPL-3.0-only AND OpenSSL", True),
            ("(MIT OR GPL-3.0-only) AND OpenSSL", False),
            ("Apache-2.0 WITH LLVM-exception", True),
            ("MIT WITH Some-exception", False),
        ]:
            self.assertEqual(licence_allowed(expression, allow)[0], verdict, expression)
        for broken in ["", "MIT AND", "(MIT", "MIT ISC", "OR MIT"]:
            self.assertRaises(ValueError, licence_allowed, broken, allow)

    def report(self, check, *arguments):
        report = Report()
        check(*arguments, report)
        return report

    def test_a_crate_without_a_licence_fails(self):
        config = {"licenses": {"allow": ["MIT"]}}
        self.assertEqual(len(self.report(check_licences, {("a", "1.0.0"): ""}, config).faults), 1)
        config["licenses"]["clarify"] = [{"crate": "a", "expression": "MIT"}]
        self.assertEqual(self.report(check_licences, {("a", "1.0.0"): ""}, config).faults, [])

    def test_an_exception_holds_for_its_crate_only(self):
        config = {"licenses": {"allow": ["MIT"], "exceptions": [{"crate": "a", "allow": ["MPL-2.0"]}]}}
        report = self.report(check_licences, {("a", "1.0.0"): "MPL-2.0", ("b", "1.0.0"): "MPL-2.0"}, config)
        self.assertEqual(len(report.faults), 1)

    def test_bans(self):
        config = {"bans": {"deny": ["ring", {"crate": "openraft:<0.10.0-alpha.33"}, {"name": "dead@1.0.0"}]}}

        def faults(name, version, is_built=True):
            crate = (name, Version(version))
            return len(self.report(check_bans, [crate] if is_built else [], [crate], config).faults)

        self.assertEqual(faults("ring", "0.17.14"), 1)
        self.assertEqual(faults("ring", "0.17.14", is_built=False), 0)
        self.assertEqual(faults("ring-compat", "0.8.0"), 0)
        self.assertEqual(faults("openraft", "0.9.21"), 1)
        self.assertEqual(faults("openraft", "0.10.0-alpha.37"), 0)
        self.assertEqual(faults("dead", "1.0.0"), 1)
        self.assertEqual(faults("dead", "1.0.1"), 0)

    def test_sources(self):
        lock = [
            {"name": "ours", "version": "0.1.0"},
            {"name": "a", "version": "1.0.0", "source": "registry+index", "checksum": "00"},
            {"name": "b", "version": "1.0.0", "source": "registry+index"},
            {"name": "c", "version": "1.0.0", "source": "git+https://example.org/c"},
        ]
        self.assertEqual(len(self.report(check_sources, lock, {}).faults), 2)
        config = {"sources": {"allow-git": ["https://example.org/c"]}}
        self.assertEqual(len(self.report(check_sources, lock, config).faults), 1)

    ADVISORY = """```toml
[advisory]
id = "RUSTSEC-2000-0001"
package = "a"
{more}
[versions]
patched = [">= 1.2.0", "^1.0.5"]
unaffected = ["< 0.5.0"]
{affected}
```

# Title

```toml
not = "front matter"
```
"""

    def advisory(self, version, ignore=(), more="", affected=""):
        matter = front_matter(self.ADVISORY.format(more=more, affected=affected))
        config = {"advisories": {"ignore": list(ignore)}, "graph": {"targets": ["x86_64-unknown-linux-gnu"]}}
        return self.report(check_advisories, [("a", Version(version)), ("b", Version("0.9.0"))], [matter], config)

    def test_advisories(self):
        for version, faults in [("0.4.9", 0), ("0.5.0", 1), ("1.0.4", 1), ("1.0.5", 0), ("1.1.0", 0), ("2.0.0", 0)]:
            self.assertEqual(len(self.advisory(version).faults), faults, version)

    def test_informational_and_withdrawn_advisories_do_not_fail(self):
        report = self.advisory("1.0.0", more='informational = "unmaintained"')
        self.assertEqual((len(report.faults), len(report.warnings)), (0, 1))
        report = self.advisory("1.0.0", more='withdrawn = "2001-01-01"')
        self.assertEqual((len(report.faults), len(report.warnings)), (0, 0))

    def test_advisories_on_other_platforms_do_not_fail(self):
        self.assertEqual(len(self.advisory("1.0.0", affected='[affected]\nos = ["windows"]').faults), 0)
        self.assertEqual(len(self.advisory("1.0.0", affected='[affected]\nos = ["linux", "windows"]').faults), 1)
        self.assertEqual(len(self.advisory("1.0.0", affected='[affected]\narch = ["x86"]').faults), 0)

    def test_an_ignored_advisory_needs_a_reason(self):
        identifier = "RUSTSEC-2000-0001"
        self.assertEqual(self.advisory("1.0.0", [{"id": identifier, "reason": "not called"}]).faults, [])
        self.assertEqual(len(self.advisory("1.0.0", [{"id": identifier}]).faults), 1)
        self.assertEqual(len(self.advisory("1.0.0", [identifier]).faults), 1)

    def test_an_ignored_advisory_that_no_longer_applies_is_named(self):
        report = self.advisory("2.0.0", [{"id": "RUSTSEC-2000-0001", "reason": "not called"}])
        self.assertEqual((len(report.faults), len(report.warnings)), (0, 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Licences, bans, sources and advisories of what this workspace links.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    parser.add_argument("--self-test", action="store_true", help="run the tests of this script")
    options = parser.parse_args()
    if options.self_test:
        unittest.main(argv=sys.argv[:1])
    sys.exit(main(options.root.resolve()))
