"""`make bench`: every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FIRST = ["callback", "message", "dispatch"]


def main() -> int:
    here = Path(__file__).parent
    found = sorted(path.stem for path in here.glob("[a-z]*.py"))
    names = [*FIRST, *(name for name in found if name not in FIRST)]
    failed = 0
    for name in names:
        print(f"== {name}", flush=True)
        failed += bool(
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=here.parent, check=False).returncode
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
