"""The queue in a folder."""

from __future__ import annotations

import queue as queues
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.catalogue import loader
from core.errors import SettingsError
from core.studio.broker import Broker
from core.studio.settings import StudioSettings


def settings(data_dir: Path, **more: Any) -> StudioSettings:
    return StudioSettings(
        token=SecretStr("t"), data_dir=data_dir, models=loader.load(), embedded=False, **more
    )


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with closing(Broker(settings(tmp_path))) as broker:
        yield broker


def test_message_is_taken_once(broker: Broker, tmp_path: Path) -> None:
    """Of many that take at once each message goes to one, whole, and no file is left."""
    with closing(broker.app.connection_for_write()) as connection:
        channel = connection.default_channel
        for number in range(200):
            channel._put("q", {"number": number, "text": "x" * 10_000})
        taken: list[int] = []

        def take() -> None:
            while True:
                try:
                    taken.append(channel._get("q")["number"])
                except queues.Empty:
                    return

        takers = [threading.Thread(target=take) for _ in range(4)]
        for taker in takers:
            taker.start()
        for taker in takers:
            taker.join()

    assert sorted(taken) == list(range(200))
    assert [path for path in (tmp_path / "queue").iterdir() if path.is_file()] == []


def test_oldest_message_comes_first(broker: Broker) -> None:
    """Messages of one queue come in order; another queue's are not touched."""
    with closing(broker.app.connection_for_write()) as connection:
        channel = connection.default_channel
        channel._put("other", {"number": 0})
        found = []
        for number in (1, 2):
            channel._put("q", {"number": number})
            found.append(channel._get("q")["number"])
        with pytest.raises(queues.Empty):
            channel._get("q")

    assert found == [1, 2]


def test_broker_urls_of_other_kinds_are_refused(tmp_path: Path) -> None:
    """Only Redis and RabbitMQ are asked by URL; what else the library knows is not."""
    with pytest.raises(SettingsError) as caught:
        Broker(settings(tmp_path, broker_url=SecretStr("pickle.Transport+x://secret")))

    assert caught.value.variable == "REDRAW_BROKER_URL"
    assert "secret" not in str(caught.value)
