"""The addresses that the fake Slack hands out."""

from __future__ import annotations

from urllib.parse import quote

from tests.fakes.slack_values import Channel, File


class Links:
    """Addresses of files and messages; the origins are known once the fake listens."""

    def __init__(self, team_id: str) -> None:
        self.files_origin = ""
        self.api_origin = ""
        self._team_id = team_id

    def private(self, file: File) -> str:
        """Return where a file is shown to whoever may see it."""
        return f"{self.files_origin}{self._path(file)}/{quote(file.name)}"

    def download(self, file: File) -> str:
        """Return where a file is downloaded by whoever may see it."""
        return f"{self.files_origin}{self._path(file)}/download/{quote(file.name)}"

    def upload(self, file_id: str) -> str:
        """Return where the bytes of a new file go."""
        return f"{self.files_origin}/upload/v1/{file_id}"

    def response(self, key: str) -> str:
        """Return a response URL."""
        return f"{self.api_origin}/response/{self._team_id}/{key}"

    def permalink_of_file(self, file: File) -> str:
        """Return a file's page for people."""
        return f"https://a-workspace.slack.com/files/{file.owner.id}/{file.id}/{quote(file.name)}"

    def permalink(self, channel: Channel, ts: str, thread_ts: str | None) -> str:
        """Return a message's page for people."""
        link = f"https://a-workspace.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
        return f"{link}?thread_ts={thread_ts}&cid={channel.id}" if thread_ts else link

    def _path(self, file: File) -> str:
        return f"/files-pri/{self._team_id}-{file.id}"
