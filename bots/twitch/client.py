"""The client library, held so that it can't be deaf without our knowing.

twitchio mends a broken connection by itself, and in some ways ends up connected to nothing. Here it mends nothing: any
loss is told at once, the whole client is thrown away, and the wire builds a new one. Only a move that Twitch announces
is made in flight, the old socket staying open until the new one hears.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import twitchio
from twitchio import eventsub
from twitchio.eventsub.websockets import Websocket
from twitchio.http import Route

from bots.twitch.grants import FOLLOWERS, MODERATED, NEEDED
from bots.twitch.keys import Account, Keys, Refused, refreshed
from school.office.advice import command
from school.office.log import keep_secret, redact
from school.screen.calligraphist import for_screen

log = logging.getLogger(__name__)

WANTED = (
    eventsub.ChatMessageSubscription,
    eventsub.ChatMessageDeleteSubscription,
    eventsub.ChatClearUserMessagesSubscription,
    eventsub.ChatClearSubscription,
)
BANNED = "chat_user_banned"  # why Twitch ends a subscription of whoever is banned
OVERLAP = 0.5  # seconds that both sockets are open in a move


def login_again() -> str:
    return f"`{command('twitch login')}` makes a new login"


class Deaf(Exception):
    """It does not hear; the text says why. Another try may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The chat that it is in, and as whom."""

    channel: str  # ids
    bot: str
    channel_login: str
    bot_login: str
    moderator: bool
    owner: str = ""  # the streamer's id, if it is they who logged in here


class Socket(Websocket):
    """One websocket. It never reconnects by itself."""

    async def _listen(self) -> None:
        try:
            await super()._listen()
        except Exception:  # the library does not expect all that may come; a dead socket must not look alive
            log.exception("Twitch sent something unexpected")
            self._client.behind(self.close())

    async def _create_connection_task(self) -> None:
        """Instead of a new connection after a loss. Not awaited: closing cancels the very task that calls this."""
        self._client.behind(self.close())

    async def _process_revocation(self, data: Any) -> None:
        if data["payload"]["subscription"]["status"] == BANNED:
            self._client.banned = self._client.room
        self._client.lose(f"Twitch ended a subscription ({data['payload']['subscription']['status']})")

    async def _process_reconnect(self, data: Any) -> None:
        """A move, beside the listening, so that nothing which still comes in here is missed."""
        self._client.behind(self._move(data["payload"]["session"]["reconnect_url"]))

    async def _move(self, url: str) -> None:
        new = Socket(client=self._client, token_for=self._token_for, http=self._http)
        new._subscriptions = self._subscriptions
        try:
            await self._client.open_socket(new, url)
            await asyncio.sleep(OVERLAP)
            await self.close()
        except Exception as error:
            self._client.lose(f"a move to another of Twitch's machines failed ({explain(error)})")


class Silence:
    """How long nothing was heard. The library notes moments by the clock on the wall, which somebody may set; so no
    silence counts for more than the time since the last look, and none ends because that clock went back."""

    def __init__(self, wall: Callable[[], datetime] = datetime.now, steady: Callable[[], float] = time.monotonic):
        self._wall, self._steady = wall, steady
        self._looked = self._heard = steady()
        self._latest: datetime | None = None

    def seconds(self, latest: datetime) -> float:
        """``latest``: when something was last heard, as the library noted it."""
        now = self._steady()
        if latest != self._latest:
            ago = (self._wall() - latest).total_seconds()
            self._heard, self._latest = now - min(max(ago, 0.0), now - self._looked), latest
        self._looked = now
        return now - self._heard


class ChatClient(twitchio.Client):
    """One connection to one chat. Build, ``enter``, await ``lost``, ``close``; never use it twice."""

    def __init__(
        self,
        keys: Keys,
        session: aiohttp.ClientSession,
        *,
        on_event: Callable[[Any, Presence], None],
        keep: Callable[[Account], None],
        welcome_seconds: float = 10.0,
    ):
        without_extras = logging.getLogger("twitchio.client")
        level = without_extras.level
        without_extras.setLevel(logging.CRITICAL)  # a remark on an optional package, each time
        super().__init__(
            client_id=keys.client_id,
            client_secret=keys.client_secret or None,
            bot_id=keys.bot.user_id if keys.bot else None,
            session=session,
            fetch_client_user=False,
        )
        without_extras.setLevel(level)
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()  # why it hears nothing any more
        self._keys, self._on_event, self._keep, self._welcome_seconds = keys, on_event, keep, welcome_seconds
        self._chat_sockets: list[Socket] = []  # the last one is in use
        self._behind: set[asyncio.Task] = set()
        self.room: Presence | None = None
        self.banned: Presence | None = None  # where Twitch says that the bot is
        self._silence = Silence()
        self.scopes: tuple[str, ...] = ()  # what the bot's login allows
        self._speak_as: str | None = None  # the account whose token is used; None: the application's

    # ---- coming and going ----------------------------------------------------------------------------------------

    async def enter(self, channel: str, *, badge: bool = False) -> Presence:
        """Log in and listen to ``channel``'s chat (a login; "": the streamer's own, or else the bot's).

        Raises Refused, Deaf, and whatever the library and the network raise.
        """
        bot = await self.log_in(badge=badge)
        channel_id, channel_login = await self.find(channel)
        room = Presence(
            channel=channel_id,
            bot=bot.user_id,
            channel_login=channel_login,
            bot_login=bot.login,
            moderator=await self.is_moderator(bot, channel_id),
            owner=channel_id if self._is_ours(channel_id) else "",
        )
        await self.listen(room)
        return room

    async def log_in(self, *, badge: bool = False) -> Account:
        """Be accepted as the bot, with new tokens if the old ones have expired; returns what it may do now."""
        bot = self._keys.bot
        known = await self.add_token(bot.access, bot.refresh)
        if known.client_id != self._keys.client_id:
            raise Refused(f"the login belongs to another application than the client id; {login_again()}")
        if known.user_id != bot.user_id:
            raise Refused(f"the login belongs to another account than it says; {login_again()}")
        if missing := [scope for scope in NEEDED if scope not in known.scopes]:
            raise Refused(f"the bot's login does not allow {' and '.join(missing)}; {login_again()}")
        if badge and not self._keys.client_secret:
            raise Refused("twitch.badge needs TWITCH_CLIENT_SECRET")
        tokens = self.tokens[bot.user_id]
        await self.login(token=None if badge else tokens["token"], load_tokens=False, save_tokens=False)
        keep_secret(self.http._app_token or "")
        self._speak_as = None if badge else bot.user_id
        self.scopes = tuple(known.scopes)
        return Account(
            user_id=bot.user_id,
            login=known.login,
            access=tokens["token"],
            refresh=tokens["refresh"],
            scopes=tuple(known.scopes),
        )

    async def find(self, channel: str) -> tuple[str, str]:
        """The channel's id and login."""
        streamer = self._keys.streamer or self._keys.bot
        channel = channel.strip().removeprefix("#").lower()
        if channel in ("", streamer.login):
            return streamer.user_id, streamer.login
        found = await self.fetch_users(logins=[channel], token_for=self.bot_id)
        if not found:
            raise Refused(f"there is no channel {channel} on Twitch; twitch.channel in the settings names it")
        return found[0].id, channel

    def _is_ours(self, channel: str) -> bool:
        """Whether whose channel it is has logged in here, as the streamer or as the bot."""
        return any(one and one.user_id == channel for one in (self._keys.streamer, self._keys.bot))

    async def is_moderator(self, bot: Account, channel: str) -> bool:
        """As far as the bot may know; its own messages' badges will tell otherwise."""
        if bot.user_id == channel:
            return True
        if MODERATED not in bot.scopes:
            return False
        me = self.create_partialuser(bot.user_id)
        return any([one.id == channel async for one in me.fetch_moderated_channels(first=100)])

    async def listen(self, room: Presence) -> None:
        """Subscribe to all that is WANTED there."""
        self.room = room
        socket = Socket(client=self, token_for=room.bot, http=self.http)
        await self.open_socket(socket)
        self._websockets[room.bot] = {socket.session_id: socket}
        try:
            for kind in WANTED:
                wanted = kind(broadcaster_user_id=room.channel, user_id=room.bot)
                if await self.subscribe_websocket(wanted, token_for=room.bot, socket_id=socket.session_id) is None:
                    raise Deaf("Twitch says that this program listens already")
        except twitchio.HTTPException as error:
            if error.status == 403 and "banned" in explain(error):
                self.banned = room
            raise

    async def open_socket(self, socket: Socket, url: str | None = None) -> None:
        """Connect it, and make it the one in use. Raises Deaf, and what the library raises."""
        self._chat_sockets.append(socket)
        try:
            async with asyncio.timeout(self._welcome_seconds):
                await socket.connect(url=url, fail_once=True)
        except TimeoutError:
            raise Deaf("Twitch took the connection but did not say welcome") from None

    async def close(self, **options: Any) -> None:
        for task in self._behind:
            task.cancel()
        await asyncio.gather(*self._behind, *(socket.close() for socket in self._chat_sockets), return_exceptions=True)
        await super().close(**options)

    def behind(self, work: Coroutine) -> None:
        """Do it while other things go on, but not longer than this client lives."""
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    # ---- being well ----------------------------------------------------------------------------------------------

    def lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)

    async def examine(self, silence: float) -> None:
        """Ask Twitch what it would send here. Raises Deaf if that is not everything, or if nothing at all has come in
        for ``silence`` seconds, and Refused when the login has ended; what the network raises says nothing."""
        sockets = self._chat_sockets
        heard = [socket._last_keepalive for socket in sockets if socket._last_keepalive]  # any message, local time
        if not heard or self._silence.seconds(max(heard)) > silence:
            raise Deaf(f"nothing came from Twitch for {silence:.0f} s")
        if self.bot_id not in self.tokens:
            raise Refused(f"Twitch ended the bot's login; {login_again()}")
        keep_secret(self.http._app_token or "")  # it may be a new one
        listing = await self.fetch_eventsub_subscriptions(token_for=self.bot_id)
        there = [
            one
            async for one in listing.subscriptions
            if one.status == "enabled" and one.condition.get("broadcaster_user_id") == self.room.channel
        ]
        sessions = {socket.session_id for socket in sockets}  # only now, as a move may have been made meanwhile
        if None in sessions:  # or be under way; it fails loudly if it fails
            return
        have = {one.type for one in there if one.transport.session_id in sessions}
        if missing := {kind.type for kind in WANTED} - have:
            raise Deaf(f"Twitch no longer sends {', '.join(sorted(missing))}")

    # ---- speaking ------------------------------------------------------------------------------------------------

    async def send(self, text: str, reply_to: str = "", *, here_only: bool = True) -> str:
        """Say it in the room; the message's id. Raises what the library raises. ``here_only``: not in the channels that
        share its chat, as far as that can be chosen, which it can with the application's token."""
        room = self.create_partialuser(self.room.channel)
        sent = await room.send_message(
            text,
            sender=self.bot_id,
            token_for=self._speak_as,
            reply_to_message_id=reply_to or None,
            source_only=here_only if self._speak_as is None else None,  # only applications may say so
        )
        return sent.id

    async def follows(self, person: str) -> bool | None:
        """Whether somebody follows the channel; None where the bot may not know. Raises what the library raises."""
        if FOLLOWERS not in self.scopes:
            return None
        asked = {"broadcaster_id": self.room.channel, "user_id": person}
        answer = await self.http.request_json(Route("GET", "channels/followers", params=asked, token_for=self.bot_id))
        return bool(answer["data"])

    # ---- what the library calls ----------------------------------------------------------------------------------

    async def event_message(self, payload: twitchio.ChatMessage) -> None:
        self._on_event(payload, self.room)

    async def event_message_delete(self, payload: twitchio.ChatMessageDelete) -> None:
        self._on_event(payload, self.room)

    async def event_chat_clear_user(self, payload: twitchio.ChannelChatClearUserMessages) -> None:
        self._on_event(payload, self.room)

    async def event_chat_clear(self, payload: twitchio.ChannelChatClear) -> None:
        self._on_event(payload, self.room)

    async def event_websocket_closed(self, payload: Any) -> None:
        if self._chat_sockets and payload.socket is self._chat_sockets[-1]:
            self.lose("the connection broke")

    async def event_token_refreshed(self, payload: Any) -> None:
        keep_secret(payload.token, payload.refresh_token)
        if payload.user_id == self._keys.bot.user_id:
            self._keep(refreshed(self._keys.bot, payload.token, payload.refresh_token))


def explain(error: BaseException) -> str:
    """An error of the library or the network in a few words without secrets."""
    if isinstance(error, twitchio.HTTPException):
        said = for_screen(redact(" ".join(str((error.extra or {}).get("message", "")).split())))[:100].rstrip(". ")
        return f"Twitch answered {error.status}" + (f": {said}" if said else "")
    if isinstance(error, TimeoutError):
        return "Twitch did not answer in time"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"Twitch answered {error.status}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return "Twitch can't be reached"
    if isinstance(error, Deaf | Refused):
        return str(error)
    cause = error.__cause__
    return explain(cause) if cause else f"the client library failed ({type(error).__name__})"


def understood(error: Exception) -> Exception:
    """Whether another try may help: the error as Deaf, or as Refused if only a person can do something."""
    if isinstance(error, Refused | Deaf):
        return error
    if not isinstance(error, twitchio.HTTPException):
        return Deaf(explain(error))
    about_login = error.route is not None and error.route.use_id
    said = explain(error)
    if about_login and "client" in said and error.status in (400, 401, 403):
        return Refused(f"Twitch does not know this application ({said}); look at TWITCH_CLIENT_ID and its secret")
    if error.status == 401 or about_login and error.status in (400, 403):
        return Refused(f"Twitch does not accept the bot's login ({said}); {login_again()}")
    if error.status == 403:
        return Refused(f"Twitch does not let the bot in ({said}); is it banned, or its login too narrow?")
    return Deaf(said)
