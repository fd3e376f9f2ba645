"""Settings of a process, from the environment or `.env`. `joorsync settings` prints them, redacted."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Names are the environment variables. Without DATABASE_URL and AMQP_URL everything runs embedded in one process."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(default="sqlite:///var/joorsync.db", validation_alias="DATABASE_URL")
    amqp_url: str | None = Field(default=None, validation_alias="AMQP_URL")
    key: SecretStr | None = Field(default=None, validation_alias="JOORSYNC_KEY")  # comma-separated Fernet keys, the first encrypts
    key_file: Path | None = Field(default=None, validation_alias="JOORSYNC_KEY_FILE")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", validation_alias="LOG_LEVEL")
    log_format: Literal["console", "json"] = Field(default="console", validation_alias="LOG_FORMAT")
    worker_threads: int = Field(default=8, ge=1, le=64, validation_alias="WORKER_THREADS")
    joor_credits: int = Field(default=300, ge=10, validation_alias="JOOR_CREDITS")  # per window and JOOR account, as JOOR documents it
    joor_window_seconds: float = Field(default=300.0, gt=0, validation_alias="JOOR_WINDOW_SECONDS")
    aims_per_second: float = Field(default=5.0, gt=0, validation_alias="AIMS_PER_SECOND")  # AIMS360's own limit is UNKNOWN
    aims_concurrent: int = Field(default=4, ge=1, validation_alias="AIMS_CONCURRENT")
    # How long the job of a worker that died waits for another; by default each kind has its own.
    lease_seconds: int | None = Field(default=None, ge=5, validation_alias="LEASE_SECONDS")
    sites: str = Field(default="", validation_alias="JOORSYNC_SITES")  # comma-separated site keys this worker serves; empty: all
    failpoints: str = Field(default="", validation_alias="FAILPOINTS")  # tests only: name:action[:nth], comma-separated
    failpoints_once: Path | None = Field(default=None, validation_alias="FAILPOINTS_ONCE")  # folder: each failpoint strikes once per folder

    @property
    def embedded(self) -> bool:
        """True when no RabbitMQ is configured: the in-memory broker lives in this process."""
        return self.amqp_url is None

    @property
    def served_sites(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.sites.split(",") if part.strip())
