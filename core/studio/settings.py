"""Decider: how a studio is set up, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from core.catalogue.catalogue import Catalogue

BASE_PATH = "/api/v1/studio"
"""
Where the hosted API has its calls; the studio serves them there and at the root.

Source: app.theneo.io/qolaba/ml-apis, the worked examples.
"""
RESULT_LIFE_S = 14_400.0
"""
How long a finished task can be asked for.

Source: github.com/aumritThought/qolaba_modal_docs at 3fdea31, `result_expires`.
"""
PICTURES_FOLDER = "pictures"


@dataclass(frozen=True, kw_only=True, slots=True)
class StudioSettings:
    """What the server and its workers have to know; both are given the same."""

    token: SecretStr
    """The bearer token that callers must send."""
    data_dir: Path
    """Where accepted tasks, results and queues are kept; shared by the server and its workers."""
    models: Catalogue
    embedded: bool = True
    """Whether a worker thread of this process carries the tasks out."""
    broker_url: SecretStr | None = None
    """Redis or RabbitMQ; None for the broker that needs no server. An embedded studio has none."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free port."""
    allowed_origins: tuple[str, ...] = ()
    """
    Origins (scheme, host and port) that reference images may be fetched from, private or not.

    An embedded studio fetches from nowhere else; one on its own from public addresses too.
    """
    trusts_loopback: bool = False
    """
    Whether a studio on its own fetches references from every port of this machine too.

    Right where only this machine can call it: whoever calls could fetch from there as well.
    """
    result_life_s: float = RESULT_LIFE_S
    failed_status: Literal[200, 500] = 200
    """The HTTP status of a failed task: 200 as the API does today, 500 as it did before."""
    has_app_id: bool = True
    """Whether answers carry `app_id`; the API's page says so, its backend knows no such key."""
    faults: bool = False
    """Whether callers may ask for faults, see `core.studio.faults`."""
    submit_fault: str | None = None
    """A fault that every submit meets, written as `core.studio.faults` says."""
    poll_fault: str | None = None
    """A fault that every poll meets."""
    concurrency: int = 2
    """Tasks that an embedded studio carries out at once."""
    accepted_max: int = 1000
    """Accepted and unfinished tasks; more are turned away."""
    visibility_timeout_s: int = 60
    """
    After how long Redis hands the task of a killed worker to another one, in seconds.

    Far over what a task takes. One that takes longer is drawn twice, to the same result.
    """
    queue_name: str | None = None
    """
    The queue's name at the broker, and the prefix of every Redis key.

    None takes the one that is noted in `data_dir`: a queue is shared by whoever shares the folder,
    and two studios at one broker never take tasks from each other.
    """

    @property
    def pictures_dir(self) -> Path:
        """Where result pictures are kept."""
        return self.data_dir / PICTURES_FOLDER
