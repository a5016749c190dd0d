"""Values as Slack's JSON shows them to the bot."""

from __future__ import annotations

from tests.fakes.slack_links import Links
from tests.fakes.slack_values import Channel, File, Json, Kind, Message, User, View
from tests.fakes.slack_world import World

STUB_KEYS = ("id", "created", "timestamp")


class Wire:
    """Writes what the world holds as Slack does."""

    def __init__(self, world: World, links: Links) -> None:
        self._world = world
        self._links = links

    def user(self, user: User) -> Json:
        """Return a person as users.info does."""
        return {
            "id": user.id,
            "team_id": self._world.team_id,
            "name": user.name,
            "deleted": user.deleted,
            "real_name": user.name.title(),
            "tz": "Etc/UTC",
            "profile": {"display_name": user.name, "real_name": user.name.title()},
            "is_admin": user.is_admin,
            "is_owner": False,
            "is_bot": user.is_bot,
        }

    def channel(self, channel: Channel) -> Json:
        """Return a conversation as conversations.info does."""
        shown: Json = {
            "id": channel.id,
            "created": 1_700_000_000,
            "is_archived": channel.archived,
            "is_im": channel.kind is Kind.DM,
            "is_private": channel.is_private,
        }
        if channel.kind is Kind.DM:
            others = channel.members - {self._world.bot.id}
            return {**shown, "user": next(iter(others), self._world.bot.id)}
        return {
            **shown,
            "name": channel.name,
            "is_channel": True,
            "is_group": False,
            "is_member": self._world.bot.id in channel.members,
            "num_members": len(channel.members),
        }

    def message(self, message: Message, *, metadata: bool = False) -> Json:
        """Return a message; its metadata only when asked for."""
        author = message.author
        shown: Json = {
            "type": "message",
            "user": author.id,
            "ts": message.ts,
            "text": message.text,
            "team": self._world.team_id,
        }
        if author is self._world.bot:
            shown |= {"bot_id": "B" + author.id[1:], "app_id": self._world.app_id}
        if message.files:
            shown["files"] = [self.file_in_message(file) for file in message.files]
            shown["upload"] = False
        shown |= self._thread(message)
        shown |= {"blocks": message.blocks} if message.blocks else {}
        shown |= {"attachments": message.attachments} if message.attachments else {}
        if message.edits:
            shown["edited"] = {"user": author.id, "ts": message.ts}
        if metadata and message.metadata:
            shown["metadata"] = message.metadata
        return shown

    def _thread(self, message: Message) -> Json:
        if message.thread_ts is not None:
            return {"thread_ts": message.thread_ts}
        replies = self._world.replies(message)
        if not replies:
            return {}
        users = sorted({reply.author.id for reply in replies})
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
        }

    def file_in_message(self, file: File) -> Json:
        """Return a file as messages show it: a stub when Slack keeps the rest to itself."""
        if file.deleted:
            return {"id": file.id, "mode": "tombstone"}
        if file.stub:
            shown = self.file(file)
            stub = {key: shown[key] for key in STUB_KEYS}
            return {**stub, "mode": "file_access", "file_access": "check_file_info"}
        return self.file(file)

    def file(self, file: File) -> Json:
        """Return a file as files.info does."""
        at = int(file.created_at.timestamp())
        external = file.external_url is not None
        extension = file.name.rpartition(".")[2].lower()
        shown: Json = {
            "id": file.id,
            "created": at,
            "timestamp": at,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype if file.processed else "",
            "filetype": extension if file.processed else "",
            "user": file.owner.id,
            "user_team": self._world.team_id,
            "editable": False,
            "size": 0 if external else len(file.data),
            "mode": "external" if external else "hosted",
            "is_external": external,
            "external_type": "gdrive" if external else "",
            "is_public": any(share.channel.kind is Kind.PUBLIC for share in file.shares),
            "url_private": file.external_url or self._links.private(file),
            "permalink": self._links.permalink_of_file(file),
            "file_access": "visible",
            **self._shares(file),
        }
        if not external:
            shown["url_private_download"] = self._links.download(file)
        if file.processed and file.size_px:
            shown |= dict(zip(("original_w", "original_h"), file.size_px, strict=True))
        if file.alt is not None:
            shown["alt_txt"] = file.alt
        return shown

    def _shares(self, file: File) -> Json:
        shares: Json = {}
        places: dict[str, list[str]] = {"channels": [], "groups": [], "ims": []}
        for share in file.shares:
            if share.deleted:
                continue
            channel = share.channel
            group = "public" if channel.kind is Kind.PUBLIC else "private"
            said = shares.setdefault(group, {}).setdefault(channel.id, [])
            said.append(self._share(share))
            key = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.DM: "ims"}[channel.kind]
            places[key].append(channel.id)
        return {**places, "shares": shares}

    def _share(self, share: Message) -> Json:
        said: Json = {
            "ts": share.ts,
            "channel_name": share.channel.name,
            "team_id": self._world.team_id,
            "share_user_id": share.author.id,
            "reply_users": [],
            "reply_users_count": 0,
            "reply_count": 0,
        }
        return {**said, "thread_ts": share.thread_ts} if share.thread_ts else said

    def view(self, view: View) -> Json:
        """Return a modal with everything that is filled in now."""
        optional = {"title": None, "submit": None, "close": None, "private_metadata": ""}
        return {
            "id": view.id,
            "team_id": self._world.team_id,
            **optional,
            "callback_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "external_id": "",
            **view.data,
            "state": {"values": self.values(view)},
            "hash": view.hash,
            "previous_view_id": view.under.id if view.under else None,
            "root_view_id": view.root.id,
            "app_id": self._world.app_id,
            "app_installed_team_id": self._world.team_id,
            "bot_id": "B" + self._world.bot.id[1:],
        }

    def values(self, view: View) -> Json:
        """Return the state of a modal; files as the bot is given them."""
        shown: Json = {}
        for block_id, actions in view.values.items():
            for action_id, value in actions.items():
                own = dict(value)
                if own["type"] == "file_input":
                    own["files"] = [self.file(self._world.files[one]) for one in own["files"]]
                shown.setdefault(block_id, {})[action_id] = own
        return shown
