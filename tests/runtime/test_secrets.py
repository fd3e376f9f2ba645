"""Credentials at rest: which key is used, what a wrong one says, and that no message repeats a secret."""

import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from models.errors import AccessDenied, NotPossible
from models.sites import CREDENTIAL_NAMES, Site
from runtime.db import Sessions, make_engine, session_factory
from runtime.logs import MASK, REDACTOR
from runtime.secrets import KEY_FILE_NAME, SecretBox, load_credentials, rotate_credentials, secret_box, store_credential
from runtime.settings import Settings

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def settings(database_url: str = "postgresql://host/db", key: str | None = None, key_file: Path | None = None) -> Settings:
    return Settings.model_construct(database_url=database_url, key=None if key is None else SecretStr(key), key_file=key_file)


@pytest.fixture
def sessions(database_url: str) -> Sessions:
    sessions = session_factory(make_engine(database_url))
    with sessions() as session:
        for key in ("us", "eu"):
            session.add(Site(key=key, joor_api_url="http://joor", aims_api_url="http://aims", created_at=NOON, updated_at=NOON))
    return sessions


# ---- sealing -------------------------------------------------------------------------------------------------------------------------


def test_what_is_sealed_can_be_opened_and_not_read() -> None:
    box = SecretBox([OLD], "JOORSYNC_KEY")
    sealed = box.seal("pä55wörd with spaces")
    assert "wörd" not in sealed
    assert box.open(sealed) == "pä55wörd with spaces"
    assert box.seal("x") != box.seal("x")


def test_an_opened_secret_is_masked_in_logs_from_then_on() -> None:
    box = SecretBox([OLD], "JOORSYNC_KEY")
    box.open(box.seal("canary-7f3a-token"))
    assert REDACTOR.text("sent canary-7f3a-token to them") == f"sent {MASK} to them"
    assert REDACTOR.text(f"the key is {OLD}") == f"the key is {MASK}"


def test_the_first_key_seals_and_every_key_opens() -> None:
    sealed = SecretBox([OLD], "env").seal("token")
    both = SecretBox([NEW, OLD], "env")
    assert both.open(sealed) == "token"
    moved = both.rotate(sealed)
    assert SecretBox([NEW], "env").open(moved) == "token"
    with pytest.raises(NotPossible):
        SecretBox([OLD], "env").open(moved)


@pytest.mark.parametrize("damage", [lambda sealed: sealed[:-4] + "AAAA", lambda sealed: sealed[:30], lambda _: "", lambda _: "plain token"])
def test_a_key_that_does_not_fit_says_which_one_was_tried_and_what_to_do(damage: object) -> None:
    assert callable(damage)
    box = SecretBox([OLD], "the key file /etc/joorsync.key")
    with pytest.raises(NotPossible, match=r"key file /etc/joorsync\.key") as caught:
        box.open(damage(box.seal("token")))
    assert any("JOORSYNC_KEY" in step for step in caught.value.fix)
    assert any("joorsync sites set" in step for step in caught.value.fix)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["hunter2-hunter2"], "key 1 has 15 characters"),
        ([OLD, "!" * 44], "key 2 is not Base64"),
        (["é" * 44], "key 1 is not Base64"),
        ([OLD[:-1]], "key 1 has 43 characters"),
        ([], "no encryption key"),
        ([" ", ""], "no encryption key"),
    ],
)
def test_a_malformed_key_is_described_and_never_repeated(keys: list[str], words: str) -> None:
    with pytest.raises(NotPossible, match=words) as caught:
        SecretBox(keys, "JOORSYNC_KEY")
    shown = f"{caught.value} {caught.value.fix}"
    assert "44 characters" in shown
    assert not any(key.strip() and key in shown for key in keys)
    assert caught.value.__cause__ is None


# ---- where keys come from ------------------------------------------------------------------------------------------------------------


def test_the_environment_comes_before_the_file_and_the_file_before_the_one_beside_the_database(tmp_path: Path) -> None:
    file = tmp_path / "mine.key"
    file.write_text(f"{OLD}\n")
    file.chmod(0o600)
    beside = f"sqlite:///{tmp_path}/joorsync.db"
    assert secret_box(settings(beside, key=f"{NEW}, {OLD}", key_file=file)).origin == "JOORSYNC_KEY"
    assert secret_box(settings(beside, key_file=file)).origin == f"the key file {file}"
    assert not (tmp_path / KEY_FILE_NAME).exists()
    assert secret_box(settings(beside, key="")).origin == f"the key file {tmp_path / KEY_FILE_NAME}", "an unset variable of a compose file"


def test_an_embedded_key_is_made_once_for_us_alone_and_said_once(tmp_path: Path) -> None:
    where = settings(f"sqlite:///{tmp_path}/var/joorsync.db")
    with capture_logs() as logs:
        sealed = secret_box(where).seal("token")
        assert secret_box(where).open(sealed) == "token"
    file = tmp_path / "var" / KEY_FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry["file"] for entry in logs] == [str(file)]
    assert file.read_text().strip() not in str(logs)
    assert [path.name for path in file.parent.iterdir()] == [KEY_FILE_NAME], "no draft is left behind"


def seal_beside(url: str) -> str:
    return secret_box(settings(url)).seal("token")


def test_processes_that_make_the_key_at_once_end_with_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/joorsync.db"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        sealed = pool.map(seal_beside, [url] * 8, chunksize=1)
    box = secret_box(settings(url))
    assert {box.open(one) for one in sealed} == {"token"}


def test_without_a_key_on_a_server_database_the_command_that_makes_one_is_given() -> None:
    with pytest.raises(NotPossible) as caught:
        secret_box(settings())
    assert "Fernet.generate_key" in caught.value.fix[0]
    assert "JOORSYNC_KEY_FILE" in caught.value.fix[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "no encryption key"),
        (b"too short", "has 9 characters"),
        ("schlüssel".encode("latin-1"), "not text"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "mine.key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NotPossible, match=words) as caught:
        secret_box(settings(key_file=file))
    assert str(file) in caught.value.summary
    assert file.exists() == (content is not None), "a key file that was named is never made up"


def test_a_folder_in_place_of_the_key_file_and_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="cannot be read: Is a directory"):
        secret_box(settings(key_file=tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPossible, match="cannot be made"):
        secret_box(settings(f"sqlite:///{tmp_path}/file/joorsync.db"))


def test_a_key_file_that_others_may_read_is_warned_about(tmp_path: Path) -> None:
    file = tmp_path / "mine.key"
    file.write_text(f"{NEW},{OLD}")
    file.chmod(0o644)
    with capture_logs() as logs:
        secret_box(settings(key_file=file))
    assert [(entry["log_level"], entry["command"]) for entry in logs] == [("warning", f"chmod 600 {file}")]
    file.chmod(0o600)
    with capture_logs() as logs:
        assert secret_box(settings(key_file=file)).open(SecretBox([OLD], "x").seal("token")) == "token"
    assert logs == []


# ---- credentials of a site -----------------------------------------------------------------------------------------------------------


def test_credentials_are_kept_sealed_per_site_and_replaced(sessions: Sessions) -> None:
    box = SecretBox([OLD], "env")
    with sessions() as session:
        for name in CREDENTIAL_NAMES:
            store_credential(session, box, 1, name, f"first {name}", NOON)
        store_credential(session, box, 1, "joor.token", "second\r\n", NOON)
        store_credential(session, box, 2, "joor.token", "of the other", NOON)
    with sessions() as session:
        found = load_credentials(session, box, 1)
        assert found == {name: f"first {name}" for name in CREDENTIAL_NAMES} | {"joor.token": "second"}
        assert load_credentials(session, box, 2) == {"joor.token": "of the other"}
        stored = str(session.execute(text("SELECT * FROM credential")).all())
    assert "second" not in stored
    assert "of the other" not in stored


@pytest.mark.parametrize(("name", "value"), [("joor.pasword", "x"), ("", "x"), ("joor.token", ""), ("joor.token", "\n")])
def test_an_unknown_name_and_an_empty_value_are_refused(sessions: Sessions, name: str, value: str) -> None:
    with sessions() as session:
        with pytest.raises(NotPossible):
            store_credential(session, SecretBox([OLD], "env"), 1, name, value, NOON)
        assert load_credentials(session, SecretBox([OLD], "env"), 1) == {}


def test_a_key_that_does_not_fit_pauses_the_site_instead_of_failing_its_jobs(sessions: Sessions) -> None:
    with sessions() as session:
        store_credential(session, SecretBox([OLD], "env"), 1, "joor.token", "one", NOON)
    with sessions() as session, pytest.raises(AccessDenied, match="cannot be opened with the key from env") as caught:
        load_credentials(session, SecretBox([NEW], "env"), 1)
    assert "joorsync sites resume" in caught.value.fix[-1]


def test_rotation_puts_everything_under_the_new_key_or_nothing(sessions: Sessions) -> None:
    with sessions() as session:
        store_credential(session, SecretBox([OLD], "env"), 1, "joor.token", "one", NOON)
        store_credential(session, SecretBox([NEW], "env"), 2, "aims.token", "two", NOON)
    with pytest.raises(NotPossible), sessions() as session:
        rotate_credentials(session, SecretBox([Fernet.generate_key().decode(), OLD], "env"), NOON)
    with sessions() as session:
        assert rotate_credentials(session, SecretBox([NEW, OLD], "env"), NOON) == 2
    with sessions() as session:
        new = SecretBox([NEW], "env")
        assert load_credentials(session, new, 1) | load_credentials(session, new, 2) == {"joor.token": "one", "aims.token": "two"}
