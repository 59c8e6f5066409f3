"""Run all tests in two processes: while one waits for the local stack, the other gets on.

What needs a stack takes turns at one, so these stay together; nothing else needs one. The words of
the tests on the stack are shown when the others are done.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOG = ROOT / "build" / "tests-on-the-stack.log"
ON_A_STACK = ("tests/integration", "tests/e2e")


def others() -> list[str]:
    """Return the folders of tests that need no stack."""
    folders = sorted(path for path in (ROOT / "tests").iterdir() if path.is_dir())
    names = [f"tests/{path.name}" for path in folders if any(path.rglob("test_*.py"))]
    return [name for name in names if name not in ON_A_STACK]


def command(*folders: str) -> list[str]:
    """Return pytest's command line."""
    # Coverage is judged of both together.
    coverage = ("--cov", "--cov-report=", "--cov-fail-under=0")
    return [sys.executable, "-m", "pytest", *coverage, *folders]


def main() -> int:
    """Return the exit code: of the first process that did not end well."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        stack = subprocess.Popen(
            command(*ON_A_STACK),
            cwd=ROOT,
            env={**os.environ, "COVERAGE_FILE": ".coverage.stack"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            sys.stdout.write(f"Meanwhile on the local stack: {LOG.relative_to(ROOT)}\n")
            sys.stdout.flush()
            rest = subprocess.run(
                command(*others()),
                cwd=ROOT,
                env={**os.environ, "COVERAGE_FILE": ".coverage.rest"},
                check=False,
            )
            stack.wait()
        finally:
            stack.terminate()
    sys.stdout.write(LOG.read_text(errors="replace"))
    sys.stdout.flush()
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, check=False)
    covered = subprocess.run([*coverage, "report"], cwd=ROOT, check=False)
    return rest.returncode or stack.returncode or covered.returncode


if __name__ == "__main__":
    sys.exit(main())
