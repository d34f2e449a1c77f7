"""The check of the length of commit subjects, in a temporary repository."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_subjects.py"
LONGEST = "Name" + " a" * 34  # 72 characters
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run git in a repository with one commit, whose subject is too long."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Someone")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "someone@example.org")
    for variable in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):  # set if a hook runs the tests
        monkeypatch.delenv(variable, raising=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)

    run("init", "-q", "-b", "main")
    run("commit", "-q", "--allow-empty", "-m", f"{LONGEST} and more, before the rule")
    run("tag", "start")
    return run


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_commits_after_the_start_are_checked(git: Run, tmp_path: Path) -> None:
    git("commit", "-q", "--allow-empty", "-m", LONGEST.replace("Name", "Näme"), "-m", "A body. " * 20)
    assert check(tmp_path, "--since", "start").returncode == 0
    git("commit", "-q", "--allow-empty", "-m", f"{LONGEST}s")
    git("commit", "-q", "--allow-empty", "-m", "Short again")
    ran = check(tmp_path, "--since", "start")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"subject of 73 characters, 72 are allowed: {LONGEST}s\n"


def test_merges_may_be_longer(git: Run, tmp_path: Path) -> None:
    git("switch", "-q", "-c", "side")
    git("commit", "-q", "--allow-empty", "-m", "Work aside")
    git("switch", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", f"Merge what was worked on aside: {LONGEST}", "side")
    assert check(tmp_path, "--since", "start").returncode == 0


def test_a_clone_without_the_start_is_refused(git: Run, tmp_path: Path) -> None:
    ran = check(tmp_path)
    assert ran.returncode == 2
    assert "git fetch --unshallow" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (f"{LONGEST}\n\n{'Why it is so. ' * 10}\n", 0),
        (f"\n# A comment that git leaves out, however long it is: it is no subject at all\n{LONGEST}s\n", 1),
        (f"{LONGEST[:40]}\n{LONGEST[:40]}\n\nTwo lines are one subject.\n", 1),
    ],
)
def test_the_message_of_a_commit_is_checked(git: Run, tmp_path: Path, message: str, status: int) -> None:
    file = tmp_path / "message"
    file.write_text(message, encoding="utf-8")
    assert check(tmp_path, "--message", str(file)).returncode == status


def test_the_message_of_a_merge_is_not_checked(git: Run, tmp_path: Path) -> None:
    (tmp_path / ".git" / "MERGE_HEAD").write_text(git("rev-parse", "HEAD").stdout)
    file = tmp_path / "message"
    file.write_text(f"Merge {LONGEST}\n", encoding="utf-8")
    assert check(tmp_path, "--message", str(file)).returncode == 0
