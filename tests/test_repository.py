"""The repository as a stranger finds it: nothing in it points at one machine, and the commands it names exist."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Written in pieces, so that this file does not find itself.
REGISTRY_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org", "ghcr" + ".io", "quay" + ".io")
INDEX_OPTIONS = ("--index" + "-url", "--extra-index" + "-url", "--trusted" + "-host")
MACHINE_PATHS = ("/work" + "/", "/root" + "/", "/home" + "/", "/Users" + "/", "/opt/" + "wheels")


def files_of_the_repository() -> list[Path]:
    """Text files that are committed or could be. Without git (an unpacked archive): every file outside of hidden folders."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        names = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        names = [path for path in ROOT.rglob("*") if ".venv" not in path.parts and ".git" not in path.parts]
    return [path for path in names if path.is_file() and b"\0" not in path.read_bytes()[:1000]]


@pytest.mark.parametrize("forbidden", [*REGISTRY_HOSTS, *INDEX_OPTIONS, *MACHINE_PATHS])
def test_no_file_points_at_one_machine_or_one_package_host(forbidden: str) -> None:
    word = re.compile(rf"(?<![\w.-]){re.escape(forbidden)}")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files_of_the_repository()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if word.search(line)
    ]

    assert found == []


def test_every_file_that_matters_is_looked_at() -> None:
    names = {str(path.relative_to(ROOT)) for path in files_of_the_repository()}

    assert {"Makefile", "README.md", "Dockerfile", "compose.yaml", "requirements.lock", "tests/test_repository.py"} <= names


def targets_of_the_makefile() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "docs/deploy.md"])
def test_every_make_command_of_a_page_is_a_target(page: str) -> None:
    commands = set(re.findall(r"(?:^|`|&& |sudo )make ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE))

    assert commands <= targets_of_the_makefile()
    if page == "README.md":
        assert {"demo", "test"} <= commands


def test_every_target_says_what_it_is_for() -> None:
    answer = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    listed = set(re.findall(r"^\s+make ([a-z]+)", answer, re.MULTILINE))
    assert listed == targets_of_the_makefile()
    assert {"help", "setup", "demo", "test", "lint", "proof", "bench", "up", "lock", "clean"} <= listed


def test_continuous_integration_runs_the_command_that_people_run() -> None:
    assert (ROOT / ".ci/run").read_text() == "#!/usr/bin/env bash\nexec make test\n"


def test_every_page_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []
