"""Credentials at rest: MultiFernet, with keys from the environment or a file, and rotation."""

import os
import stat
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session, select

from models.errors import AccessDenied, NotPossible
from models.sites import CREDENTIAL_NAMES, Credential
from runtime.logs import REDACTOR
from runtime.settings import Settings

KEY_FILE_NAME = "joorsync.key"
_WHAT_A_KEY_IS = "A key is 32 bytes in URL-safe Base64 (44 characters); several are comma-separated or one per line, the first encrypts."
_MAKE_ONE = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


class SecretBox:
    """Seals and opens texts. The first key encrypts, every key opens. `origin` names where the keys came from, for error texts."""

    def __init__(self, keys: Sequence[str], origin: str) -> None:
        """Raises NotPossible for a key that is not a Fernet key, and for no key at all. No message repeats a key."""
        self.origin = origin
        given = [key.strip() for key in keys if key.strip()]
        if not given:
            raise NotPossible(f"There is no encryption key in {origin}", fix=[_WHAT_A_KEY_IS, f"Make one: {_MAKE_ONE}"])
        REDACTOR.learn(given)
        self._box = MultiFernet([_fernet(key, number, origin) for number, key in enumerate(given, 1)])

    def seal(self, text: str) -> str:
        return self._box.encrypt(text.encode()).decode()

    def open(self, ciphertext: str) -> str:
        """Raises NotPossible when none of the keys fits. The text is masked in logs from now on."""
        try:
            text = self._box.decrypt(ciphertext.encode()).decode()
        except InvalidToken:
            raise NotPossible(
                f"The stored credentials cannot be opened with the key from {self.origin}",
                fix=[
                    "Give the key that they were stored with (JOORSYNC_KEY or JOORSYNC_KEY_FILE); several may be given, comma-separated.",
                    "If that key is lost, store each credential again: joorsync sites set SITE --secret NAME",
                ],
            ) from None
        REDACTOR.learn([text])
        return text

    def rotate(self, ciphertext: str) -> str:
        """The same secret under the first key. Raises NotPossible as `open` does."""
        return self.seal(self.open(ciphertext))


def _fernet(key: str, number: int, origin: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        what = f"key {number} has {len(key)} characters" if len(key) != 44 else f"key {number} is not Base64"
        raise NotPossible(f"{origin} holds no usable encryption key: {what}", fix=[_WHAT_A_KEY_IS, f"Make one: {_MAKE_ONE}"]) from None


def secret_box(settings: Settings) -> SecretBox:
    """Keys from JOORSYNC_KEY, else JOORSYNC_KEY_FILE, else (SQLite only) a file beside the database, made on first use with mode 0600."""
    if settings.key is not None and settings.key.get_secret_value().strip():  # compose files pass an unset variable on as ""
        return SecretBox(settings.key.get_secret_value().split(","), "JOORSYNC_KEY")
    if settings.key_file is not None:
        return SecretBox(_read(settings.key_file), f"the key file {settings.key_file}")
    beside = _beside(settings.database_url)
    if beside is not None:
        if not beside.exists():
            _make(beside)
        return SecretBox(_read(beside), f"the key file {beside}")
    raise NotPossible(
        "There is no key to encrypt credentials with",
        fix=[f"Make one: {_MAKE_ONE}", "Give it to every process as JOORSYNC_KEY, or in a file named by JOORSYNC_KEY_FILE."],
    )


def _beside(database_url: str) -> Path | None:
    """The key file that belongs to a SQLite file; None for any other database."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        return None
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).parent / KEY_FILE_NAME


def _read(file: Path) -> list[str]:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        fix = ["Let this user read it, or correct JOORSYNC_KEY_FILE."]
        raise NotPossible(f"The key file {file} cannot be read: {why}", fix=fix) from None
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        log = structlog.get_logger("secrets")
        log.warning("others may read the key file; take that right away", file=str(file), command=f"chmod 600 {file}")
    return text.replace(",", "\n").splitlines()


def _make(file: Path) -> None:
    """Written whole before it has its name, so that another process never reads half a key; the first to name it wins."""
    draft = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
            opened.write(Fernet.generate_key().decode() + "\n")
        if not _named(draft, file):
            return  # another process made it in this moment
    except OSError as error:
        fix = ["Let this user write there, or give a key in JOORSYNC_KEY or JOORSYNC_KEY_FILE.", f"Make one: {_MAKE_ONE}"]
        raise NotPossible(f"The key file {file} cannot be made: {error.strerror}", fix=fix) from None
    structlog.get_logger("secrets").info("made a key file for credentials; keep a copy apart from the database", file=str(file))


def _named(draft: Path, file: Path) -> bool:
    try:
        os.link(draft, file)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def store_credential(session: Session, box: SecretBox, site_id: int, name: str, value: str, now: datetime) -> None:
    """Does not commit. Line ends around the value are dropped (it may come from a file). Raises NotPossible for a name that is none of
    CREDENTIAL_NAMES, and for an empty value."""
    value = value.strip("\r\n")
    if name not in CREDENTIAL_NAMES:
        raise NotPossible(f"{name!r} is not a credential", fix=[f"Choose one of: {', '.join(CREDENTIAL_NAMES)}."])
    if not value:
        raise NotPossible(f"The credential {name} is empty", fix=["Give a value."])
    row = session.exec(select(Credential).where(Credential.site_id == site_id, Credential.name == name)).first()
    if row is None:
        row = Credential(site_id=site_id, name=name, ciphertext="", updated_at=now)
    row.ciphertext, row.updated_at = box.seal(value), now
    session.add(row)


def load_credentials(session: Session, box: SecretBox, site_id: int) -> dict[str, str]:
    """Name -> secret, opened, to call the remote systems with. Raises AccessDenied when the key does not fit: the site pauses with one
    report, instead of failing job by job."""
    rows = session.exec(select(Credential).where(Credential.site_id == site_id)).all()
    try:
        return {row.name: box.open(row.ciphertext) for row in rows}
    except NotPossible as error:
        raise AccessDenied(error.summary, fix=[*error.fix, "Then let the site go on: joorsync sites resume SITE"]) from None


def rotate_credentials(session: Session, box: SecretBox, now: datetime) -> int:
    """Put every stored credential under the first key. Returns how many. Does not commit."""
    rows = session.exec(select(Credential)).all()
    for row in rows:
        row.ciphertext, row.updated_at = box.rotate(row.ciphertext), now
        session.add(row)
    return len(rows)
