"""Check that the subjects of commits have at most 72 characters; merges may be longer.

python scripts/check_subjects.py                   the commits since the rule began
python scripts/check_subjects.py --message FILE    the commit being made, as a commit-msg hook
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

LONGEST = 72
LAST_EXEMPT = "0678c00966c30d391dc5a1a9a155b0ea392bf108"  # the rule holds for the commits after this one


def main() -> int:
    """Print the subjects that are too long; return the exit status."""
    parser = argparse.ArgumentParser(description="Check the length of the subjects of commits.")
    parser.add_argument("--message", type=Path, metavar="FILE", help="the message of the commit being made")
    parser.add_argument("--since", default=LAST_EXEMPT, metavar="COMMIT", help="the last commit that is not checked")
    options = parser.parse_args()
    try:
        subjects = subjects_since(options.since) if options.message is None else subjects_of(options.message)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        print(f"the subjects cannot be read: {said}. A shallow clone needs git fetch --unshallow.", file=sys.stderr)
        return 2
    too_long = [subject for subject in subjects if len(subject) > LONGEST]
    for subject in too_long:
        print(f"subject of {len(subject)} characters, {LONGEST} are allowed: {subject}", file=sys.stderr)
    return 1 if too_long else 0


def subjects_since(commit: str) -> list[str]:
    """Return the subjects of all commits that follow one, without merges."""
    return git("log", "--no-merges", "--format=%s", f"{commit}..HEAD").splitlines()


def subjects_of(message: Path) -> list[str]:
    """Return the subject in a file with a commit's message, or nothing where the commit is a merge."""
    if Path(git("rev-parse", "--git-path", "MERGE_HEAD").strip()).exists():
        return []
    text = git("stripspace", "--strip-comments", text=message.read_text(encoding="utf-8", errors="replace"))
    return [" ".join(text.split("\n\n")[0].splitlines())]  # as git log joins the lines of a first paragraph


def git(*arguments: str, text: str | None = None) -> str:
    """Run git and return what it prints."""
    command = ["git", "-c", "i18n.logOutputEncoding=UTF-8", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", errors="replace", check=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
