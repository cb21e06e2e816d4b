#!/usr/bin/env python3
"""The bench's figures for people.

    performance.py tables            writes the tables of docs/performance.md anew from the JSON files beside it
    performance.py compare A B       the ratios to peers in two files, and how far they lie apart; exit status 1 when one
                                     that both have differs by more than 15 %

A table stands between `<!-- table: NAME.json -->` and `<!-- end -->`; what stands there is replaced.
"""

import json
import re
import sys
import unittest
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "performance.md"
MARKED = re.compile(r"(<!-- table: (?P<name>[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
# Of two runs of the bench (design §7): more is no agreement.
APART = 0.15


def spaced(number):
    """Thousands set apart."""
    return f"{number:,.0f}".replace(",", " ")


def figure(row):
    unit = row["unit"]
    return f"{spaced(row['value'])}{'' if unit.startswith('/') else ' '}{unit}"


def spread(row):
    if row.get("lowest") is None:
        return ""
    return f"{spaced(row['lowest'])}–{spaced(row['highest'])}"


def beside(row):
    """Peers and their ratios first; what else stands beside a row behind them."""
    peers = row["peers"]
    told = [f"{peer['peer']} {spaced(peer['per_second'])}/s: **{peer['ratio']:.2f}**" for peer in peers]
    names = tuple(peer["peer"] for peer in peers)
    told += [part for part in row["beside"].split("; ") if part and not part.startswith(names)]
    return "; ".join(part for part in told if not part.startswith("fdatasync"))


def line(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(run):
    """What the run was, and its rows."""
    out = [*run["heading"].splitlines()]
    out[-1] += f"; {run['foreign_share'] * 100:.1f} % of the machine went elsewhere."
    if not run["valid"]:
        out.append("**The machine was busy with other work: these figures say nothing.**")
    out += ["", line(["what", "median", "lowest–highest", "p50", "p99", "limit", "beside"]), "|" + "---|" * 7]
    out += [line([row["what"], figure(row), spread(row), row["p50"], row["p99"], row["limit"], beside(row)]) for row in run["rows"]]
    return "\n".join(out) + "\n"


def tables(page, read):
    return MARKED.sub(lambda found: found[1] + "\n" + table(read(found["name"])) + "\n" + found[3], page)


def ratios(run):
    return {(row["what"], peer["peer"]): peer["ratio"] for row in run["rows"] for peer in row["peers"]}


def compare(first, second):
    """Lines for each ratio that both have, and how many lie too far apart."""
    first, second = ratios(first), ratios(second)
    out, far = [], 0
    for name in first:
        if name not in second:
            continue
        one, two = first[name], second[name]
        apart = max(one, two) / min(one, two) - 1
        far += apart > APART
        out.append(f"{'!' if apart > APART else ' '} {one:6.2f} {two:6.2f} {apart * 100:5.1f} %  {name[0]}; {name[1]}")
    return out, far


def load(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


class Test(unittest.TestCase):
    """Run by --self-test."""

    RUN = {
        "heading": "machine\nflush",
        "valid": True,
        "foreign_share": 0.01,
        "rows": [
            {
                "what": "a | b", "value": 1234.5, "unit": "/s", "lowest": 1000.0, "highest": 2000.0, "p50": "1 ms", "p99": "2 ms",
                "limit": "cpu", "beside": "fdatasync p50 1 µs; etcd 617 /s (p99 1 ms), ratio 2.00; worst 5 ms",
                "peers": [{"peer": "etcd", "per_second": 617.0, "ratio": 2.0}],
            },
            {"what": "memory", "value": 57.0, "unit": "MiB", "p50": "", "p99": "", "limit": "", "beside": "", "peers": []},
        ],
    }

    def test_a_table_takes_the_place_of_the_one_before(self):
        page = "above\n<!-- table: x.json -->\nold\n<!-- end -->\nbelow\n"
        once = tables(page, lambda name: self.RUN)
        self.assertIn("| a \\| b | 1 234/s | 1 000–2 000 | 1 ms | 2 ms | cpu | etcd 617/s: **2.00**; worst 5 ms |", once)
        self.assertIn("| memory | 57 MiB |  |  |  |  |  |", once)
        self.assertTrue(once.startswith("above\n") and once.endswith("<!-- end -->\nbelow\n") and "old" not in once)
        self.assertEqual(tables(once, lambda name: self.RUN), once)

    def test_ratios_agree_within_fifteen_percent(self):
        def run(ratio):
            return {"rows": [{"what": "a", "peers": [{"peer": "p", "ratio": ratio}]}]}

        self.assertEqual(compare(run(1.0), run(1.14))[1], 0)
        self.assertEqual(compare(run(1.2), run(1.0))[1], 1)


def main(words):
    match words:
        case ["--self-test"]:
            unittest.main(argv=[sys.argv[0]])
        case ["tables"]:
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(tables(page, lambda name: load(DOCS / name)), encoding="utf-8")
        case ["compare", first, second]:
            lines, far = compare(load(first), load(second))
            print("\n".join(lines))
            print(f"{far} of {len(lines)} ratios lie more than {APART * 100:.0f} % apart")
            return 1 if far else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
