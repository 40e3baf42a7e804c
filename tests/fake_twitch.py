"""A small Twitch on this machine: accounts and tokens, the Helix calls that a chat needs, EventSub over a websocket.

It runs on a thread of its own, so that tests of any kind can use it; every method may be called from any thread. It is
as strict as the real one where that matters (scopes, token kinds, limits), goes wrong on request, and keeps a record.
Whatever is secret holds the word PLANTED, so that tests can search for it.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

PLANTED = "PLANTED"
CLIENT_ID = "fakeclient0123456789"
CHAT, DELETE = "channel.chat.message", "channel.chat.message_delete"
CLEAR_PERSON, CLEAR = "channel.chat.clear_user_messages", "channel.chat.clear"
READ, WRITE, MODERATED = "user:read:chat", "user:write:chat", "user:read:moderated_channels"
FOLLOWERS = "moderator:read:followers"
BOT_SCOPES = (READ, WRITE, MODERATED, FOLLOWERS, "user:bot")


def secret(kind: str) -> str:
    return f"{kind}{PLANTED}{secrets.token_hex(8)}"


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Person:
    id: str
    login: str

    @property
    def name(self) -> str:
        return self.login.capitalize()


@dataclass
class Token:
    access: str
    refresh: str
    person: Person | None  # None: the application's own
    scopes: tuple[str, ...]
    expires: float
    client_id: str = CLIENT_ID


@dataclass(frozen=True)
class Sent:
    """A message that the program sent; ``at`` by ``time.monotonic``."""

    id: str
    at: float
    text: str
    reply_to: str
    sender: str
    as_application: bool
    source_only: bool | None = None
    channel: str = ""  # login


@dataclass
class Session:
    id: str
    socket: web.WebSocketResponse
    subscriptions: dict[str, dict] = field(default_factory=dict)
    muted: bool = False


@dataclass
class Fault:
    method: str
    path: str
    status: int
    times: int
    message: str


class FakeTwitch:
    """``with FakeTwitch() as twitch: ...``"""

    def __init__(self, *, channel: str = "streamer", bot: str = "babybot", keepalive: float = 10.0):
        self.people: dict[str, Person] = {}
        self.channel, self.bot = self.person(channel), self.person(bot)
        self.client_secret: str | None = secret("appsecret")
        self.redirects = {"http://localhost:4343/oauth/callback"}
        self.tokens: dict[str, Token] = {}  # by access token
        self.moderators: set[str] = set()  # logins
        self.banned: set[str] = set()
        self.browser: str | None = bot  # who is logged in where the authorisation page is opened; None: says no
        self.keepalive = keepalive
        self.welcoming = True
        self.thinking = 0.0  # seconds before it says welcome to who moves here
        self.enforcing = True  # the limits on messages
        self.device_interval = 1
        self.slow = 0  # seconds between two messages of the same account, where it is no moderator
        self.only: set[str] = set()  # "follower_mode", "subscriber_mode", "emote_mode"
        self.shared_with: list[str] = []  # logins of channels that share the chat
        self.live = False
        self.followers: set[str] = set()  # logins
        self.others: list[Person] = []  # other channels
        self.sent: list[Sent] = []
        self.requests: list[tuple[float, str, str, int]] = []  # when, method, path, status
        self.connections = 0
        self.silent_welcomes = 0
        self.answers_to_lose = 0  # so many messages are shown, but whoever sent them is not told
        self.secrets: set[str] = {self.client_secret}
        self._tried: list[float] = []  # when messages arrived, for the limits
        self._sessions: dict[str, Session] = {}
        self._faults: list[Fault] = []
        self._rejections: list[tuple[str, str]] = []
        self._codes: dict[str, tuple[Person, tuple[str, ...], str]] = {}
        self._devices: dict[str, dict[str, Any]] = {}
        self._seen: dict[str, Person] = {}  # writers of messages, by message id
        self._texts: dict[str, str] = {}
        self._changed = threading.Condition()

    # ---- being there ---------------------------------------------------------------------------------------------

    def __enter__(self) -> FakeTwitch:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake twitch", daemon=True)
        self._thread.start()
        self._port = 0
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def open(self) -> None:
        """Answer; on the same port as before, if it was open before."""

        async def serve() -> None:
            app = web.Application(middlewares=[self._middleware])
            app.add_routes(
                [
                    web.post("/oauth2/token", self._token),
                    web.get("/oauth2/validate", self._validate),
                    web.get("/oauth2/authorize", self._authorize),
                    web.post("/oauth2/device", self._device),
                    web.post("/oauth2/revoke", self._revoke),
                    web.get("/helix/users", self._users),
                    web.get("/helix/moderation/channels", self._moderated),
                    web.post("/helix/eventsub/subscriptions", self._subscribe),
                    web.get("/helix/eventsub/subscriptions", self._subscriptions),
                    web.post("/helix/chat/messages", self._say),
                    web.get("/helix/chat/settings", self._settings),
                    web.get("/helix/shared_chat/session", self._shared),
                    web.get("/helix/streams", self._streams),
                    web.get("/helix/channels/followers", self._followers),
                    web.get("/ws", self._websocket),
                ]
            )
            self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
            await site.start()
            self._port = self._runner.addresses[0][1]

        self._do(serve())

    def shut(self) -> None:
        """Be gone: no socket, nobody answers."""

        async def stop() -> None:
            for session in list(self._sessions.values()):
                session.socket.force_close()
                if session.socket._req and session.socket._req.transport:
                    session.socket._req.transport.abort()
            self._sessions.clear()
            await self._runner.cleanup()

        self._do(stop())

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def environment(self) -> dict[str, str]:
        """What a program needs to find this Twitch and its application."""
        found = {"BABYLLM_TWITCH_BASE": self.base, "TWITCH_CLIENT_ID": CLIENT_ID}
        return found | ({"TWITCH_CLIENT_SECRET": self.client_secret} if self.client_secret else {})

    def log_in(self, home: Path, *, scopes: tuple[str, ...] = BOT_SCOPES, streamer: bool = True) -> None:
        """Put logins into ``home``, as `twitch login` would."""
        from bots.twitch.keys import Account, keep_account

        for role, person, granted in (("bot", self.bot, scopes), ("streamer", self.channel, ("channel:bot",))):
            if role == "bot" or streamer:
                token = self.grant(person.login, granted)
                account = Account(
                    user_id=person.id,
                    login=person.login,
                    access=token.access,
                    refresh=token.refresh,
                    scopes=token.scopes,
                )
                keep_account(home, role, account)

    def person(self, login: str) -> Person:
        return self.people.setdefault(login, Person(str(1000 + len(self.people)), login))

    # ---- what happens in the chat --------------------------------------------------------------------------------

    def chat(
        self,
        text: str,
        *,
        by: str = "viewer",
        badges: tuple[str, ...] = (),
        reply_to: str = "",
        emotes: tuple[str, ...] = (),
        cheers: tuple[str, ...] = (),
        mentions: tuple[str, ...] = (),
        gifs: tuple[str, ...] = (),
        unheard_of: tuple[str, ...] = (),
        reward: str = "",
        shared_from: str = "",
        message_id: str = "",
        times: int = 1,
        channel: str = "",
    ) -> str:
        """Somebody writes; delivered ``times`` times under the same ids. Returns the message's id."""
        writer = self.person(by)
        message_id = message_id or f"m-{secrets.token_hex(8)}"
        if writer == self.channel:
            badges = (*badges, "broadcaster")
        elif by in self.moderators:
            badges = (*badges, "moderator")
        parent = self._seen.get(reply_to)
        if parent:
            text = f"@{parent.name} {text}"
        self._seen[message_id], self._texts[message_id] = writer, text
        source = self.person(shared_from) if shared_from else None
        others = dict.fromkeys(gifs, "gif") | dict.fromkeys(unheard_of, "unheard_of")
        fragments = self._fragments(text, emotes, cheers, mentions, others)
        event = {
            **self._broadcaster(channel),
            "chatter_user_id": writer.id,
            "chatter_user_login": writer.login,
            "chatter_user_name": writer.name,
            "message_id": message_id,
            "message": {"text": text, "fragments": fragments},
            "color": "#00FF7F",
            "badges": [{"set_id": badge, "id": "1", "info": ""} for badge in badges],
            "message_type": "text",
            "cheer": {"bits": 100} if cheers else None,
            "reply": self._reply(reply_to, parent) if parent else None,
            "channel_points_custom_reward_id": reward or None,
            "channel_points_animation_id": None,
            "source_broadcaster_user_id": source and source.id,
            "source_broadcaster_user_login": source and source.login,
            "source_broadcaster_user_name": source and source.name,
            "source_message_id": f"s-{message_id}" if source else None,
            "source_badges": [] if source else None,
        }
        self._do(self._deliver(CHAT, event, times))
        return message_id

    def delete(self, message_id: str, *, times: int = 1) -> None:
        """A moderator deletes one message."""
        event = self._broadcaster() | self._target(self._seen[message_id]) | {"message_id": message_id}
        self._do(self._deliver(DELETE, event, times))

    def ban(self, login: str) -> None:
        """A ban or timeout: all of a person's messages go."""
        self._do(self._deliver(CLEAR_PERSON, self._broadcaster() | self._target(self.person(login))))

    def clear(self) -> None:
        """The whole chat is cleared."""
        self._do(self._deliver(CLEAR, self._broadcaster()))

    # ---- what goes wrong -----------------------------------------------------------------------------------------

    def fail(self, path: str, status: int, *, times: int = 1, message: str = "as the test asked", method: str = ""):
        """Answer the next ``times`` requests to ``path`` with ``status``."""
        self._faults.append(Fault(method, path, status, times, message))

    def mend(self) -> None:
        """Let nothing be wrong any more."""
        self._faults.clear()
        self.welcoming = True

    def reject_next(self, code: str, words: str = "as Twitch would have it") -> None:
        """Take the next message, but don't show it."""
        self._rejections.append((code, words))

    def drop(self, code: int = 4000) -> None:
        """Close all websockets."""
        self._do(self._each(lambda session: session.socket.close(code=code)))

    def mute(self) -> None:
        """Keep the open websockets open, but send nothing more on them, not even keepalives."""
        for session in self._sessions.values():
            session.muted = True

    def move(self, *, same_id: bool = True, dead_end: bool = False) -> None:
        """Ask to reconnect elsewhere; with ``dead_end``, where nobody is."""
        port = 1 if dead_end else self._port

        async def ask(session: Session) -> None:
            url = f"ws://127.0.0.1:{port}/ws?reconnect={session.id}&same={int(same_id)}"
            payload = {"id": session.id, "status": "reconnecting", "keepalive_timeout_seconds": None}
            payload |= {"reconnect_url": url, "connected_at": now()}
            await session.socket.send_json(self._envelope("session_reconnect", {"session": payload}))

        self._do(self._each(ask))

    def lose_subscriptions(self) -> None:
        """Forget them without a word."""
        for session in self._sessions.values():
            session.subscriptions.clear()

    def revoke_subscriptions(self, status: str = "authorization_revoked", *, kind: str = "") -> None:
        """End them, and say so."""

        async def end(session: Session) -> None:
            for key, subscription in list(session.subscriptions.items()):
                if kind in ("", subscription["type"]):
                    del session.subscriptions[key]
                    extra = {"subscription_type": subscription["type"], "subscription_version": "1"}
                    payload = {"subscription": subscription | {"status": status}}
                    await session.socket.send_json(self._envelope("revocation", payload, **extra))

        self._do(self._each(end))

    def send_raw(self, text: str) -> None:
        """Anything at all, to all websockets."""
        self._do(self._each(lambda session: session.socket.send_str(text)))

    def expire_tokens(self) -> None:
        """Access tokens end; they can be refreshed."""
        for token in self.tokens.values():
            token.expires = 0

    def revoke_application(self, login: str = "") -> None:
        """An account (all, if none is named) disconnects the application: its tokens end for good."""
        for access, token in list(self.tokens.items()):
            if token.person and login in ("", token.person.login):
                del self.tokens[access]

    # ---- looking -------------------------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], Any], seconds: float = 40.0) -> Any:
        """Wait until it is true of this Twitch; fails loudly. Not for use on an event loop; see ``until``."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (value := condition()):
                left = deadline - time.monotonic()
                assert left > 0, f"did not happen in {seconds} s; sent: {[one.text for one in self.sent]}"
                self._changed.wait(min(left, 0.05))
        return value

    async def until(self, condition: Callable[[], Any], seconds: float = 40.0) -> Any:
        """The same on an event loop."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, f"did not happen in {seconds} s; sent: {[s.text for s in self.sent]}"
            await asyncio.sleep(0.01)
        return value

    def subscribed(self) -> set[str]:
        """The kinds of events that somebody listens to."""
        return {one["type"] for session in self._sessions.values() for one in session.subscriptions.values()}

    @property
    def listening(self) -> bool:
        return len(self.subscribed()) == 4 and len(self._sessions) == 1

    @property
    def open_sockets(self) -> int:
        return len(self._sessions)

    def most_in_window(self, seconds: float = 30.0) -> int:
        """The most messages that arrived within any so many seconds, refused ones included."""
        return max((sum(at <= one < at + seconds for one in self._tried) for at in self._tried), default=0)

    def pending_device(self) -> str:
        """The code that a person would be shown now, "" if none is."""
        return next((one["user_code"] for one in self._devices.values() if not one["person"]), "")

    def approve_device(self, login: str) -> None:
        """Somebody enters the code that is shown."""
        for device in self._devices.values():
            if not device["person"]:
                device["person"] = self.person(login)

    def grant(self, login: str, scopes: tuple[str, ...], *, seconds: float = 14_400) -> Token:
        """A login that has happened already."""
        return self._issue(self.person(login), scopes, seconds)

    # ---- inside: helpers -----------------------------------------------------------------------------------------

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _each(self, act: Callable[[Session], Any]) -> None:
        for session in list(self._sessions.values()):
            await act(session)

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _issue(self, person: Person | None, scopes: tuple[str, ...], seconds: float = 14_400) -> Token:
        token = Token(secret("access"), secret("refresh"), person, tuple(scopes), time.monotonic() + seconds)
        self.tokens[token.access] = token
        self.secrets |= {token.access, token.refresh}
        return token

    def _broadcaster(self, channel: str = "") -> dict[str, str]:
        who = self.person(channel) if channel else self.channel
        return {
            "broadcaster_user_id": who.id,
            "broadcaster_user_login": who.login,
            "broadcaster_user_name": who.name,
        }

    @staticmethod
    def _target(who: Person) -> dict[str, str]:
        return {"target_user_id": who.id, "target_user_login": who.login, "target_user_name": who.name}

    def _reply(self, parent_id: str, parent: Person) -> dict[str, str]:
        ids = {"parent_message_id": parent_id, "thread_message_id": parent_id}
        who = {"user_id": parent.id, "user_login": parent.login, "user_name": parent.name}
        both = {f"{which}_{key}": value for which in ("parent", "thread") for key, value in who.items()}
        return ids | both | {"parent_message_body": self._texts[parent_id]}

    def _fragments(
        self, text: str, emotes: tuple, cheers: tuple, mentions: tuple, others: dict[str, str]
    ) -> list[dict]:
        """Word by word: what is marked is a fragment of its own, plain words and spaces between them are one. All texts
        together are the message's."""
        made: list[dict] = []
        empty = {"cheermote": None, "emote": None, "mention": None, "gif": None}
        for word in re.split(r"([ \x01]+)", text):
            name = word.removeprefix("@").lower()
            if word in emotes:
                made.append(empty | {"type": "emote", "text": word, "emote": {"id": "25", "emote_set_id": "1"}})
            elif word in cheers:
                cheer = {"prefix": word.rstrip("0123456789"), "bits": 100, "tier": 100}
                made.append(empty | {"type": "cheermote", "text": word, "cheermote": cheer})
            elif word.startswith("@") and (name in mentions or name == self.bot.login):
                who = self.person(name)
                mention = {"user_id": who.id, "user_login": who.login, "user_name": who.name}
                made.append(empty | {"type": "mention", "text": word, "mention": mention})
            elif word in others:
                gif = {"gif": {"url": "https://static.example/x.gif"}} if others[word] == "gif" else {}
                made.append(empty | {"type": others[word], "text": word} | gif)
            elif made and made[-1]["type"] == "text":
                made[-1]["text"] += word
            elif word:
                made.append(empty | {"type": "text", "text": word})
        return made

    @staticmethod
    def _envelope(kind: str, payload: dict, *, message_id: str = "", **extra: str) -> dict:
        metadata = {"message_id": message_id or secrets.token_hex(16), "message_type": kind, "message_timestamp": now()}
        return {"metadata": metadata | extra, "payload": payload}

    async def _deliver(self, kind: str, event: dict, times: int = 1) -> None:
        message_id = secrets.token_hex(16)
        for session in list(self._sessions.values()):
            for subscription in session.subscriptions.values():
                if subscription["type"] != kind or session.muted:
                    continue
                if subscription["condition"]["broadcaster_user_id"] != event["broadcaster_user_id"]:
                    continue
                payload = {"subscription": subscription, "event": event}
                extra = {"subscription_type": kind, "subscription_version": "1"}
                for _ in range(times):
                    notice = self._envelope("notification", payload, message_id=message_id, **extra)
                    await session.socket.send_str(json.dumps(notice))

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        fault = next((f for f in self._faults if f.path in request.path and f.method in ("", request.method)), None)
        if fault:
            fault.times -= 1
            if not fault.times:
                self._faults.remove(fault)
            response: web.StreamResponse = refuse(fault.status, fault.message)
        else:
            response = await handler(request)
        self.requests.append((time.monotonic(), request.method, request.path, response.status))
        self._note()
        return response

    def _bearer(self, request: web.Request) -> Token | None:
        """The living token that a request carries."""
        access = request.headers.get("Authorization", "").removeprefix("Bearer ").removeprefix("OAuth ")
        token = self.tokens.get(access)
        return token if token and token.expires > time.monotonic() else None

    # ---- inside: accounts ----------------------------------------------------------------------------------------

    async def _token(self, request: web.Request) -> web.Response:
        asked = request.query
        if asked.get("client_id") != CLIENT_ID:
            return refuse(400, "invalid client")
        grant = asked.get("grant_type", "")
        if grant.endswith("device_code"):
            return self._device_token(asked)
        if self.client_secret and asked.get("client_secret") != self.client_secret:
            return refuse(403, "invalid client secret")
        if grant == "client_credentials":
            if not self.client_secret:
                return refuse(403, "invalid client secret")
            token = self._issue(None, ())
            return web.json_response({"access_token": token.access, "expires_in": 5_000_000, "token_type": "bearer"})
        if grant == "authorization_code":
            found = self._codes.pop(asked.get("code", ""), None)
            if not found or found[2] != asked.get("redirect_uri"):
                return refuse(400, "Invalid authorization code")
            return self._tokens_for(self._issue(found[0], found[1]))
        old = next((t for t in self.tokens.values() if t.refresh == asked.get("refresh_token")), None)
        if not old or not old.person:
            return refuse(400, "Invalid refresh token")
        del self.tokens[old.access]
        return self._tokens_for(self._issue(old.person, old.scopes))

    @staticmethod
    def _tokens_for(token: Token) -> web.Response:
        return web.json_response(
            {
                "access_token": token.access,
                "refresh_token": token.refresh,
                "expires_in": 14_400,
                "scope": list(token.scopes),
                "token_type": "bearer",
            }
        )

    async def _validate(self, request: web.Request) -> web.Response:
        token = self._bearer(request)
        if not token:
            return refuse(401, "invalid access token")
        known = {"client_id": token.client_id, "scopes": list(token.scopes)}
        known["expires_in"] = int(token.expires - time.monotonic())
        who = {"login": token.person.login, "user_id": token.person.id} if token.person else {}
        return web.json_response(known | who)

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = request.query
        redirect, state = asked.get("redirect_uri", ""), asked.get("state", "")
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code":
            return refuse(400, "invalid client")
        if redirect not in self.redirects:
            return refuse(400, "redirect_mismatch")
        if self.browser is None:
            raise web.HTTPFound(f"{redirect}?error=access_denied&error_description=no&state={state}")
        code = secret("code")
        self.secrets.add(code)
        self._codes[code] = (self.person(self.browser), tuple(asked.get("scope", "").split()), redirect)
        raise web.HTTPFound(f"{redirect}?code={code}&scope={asked.get('scope', '')}&state={state}")

    async def _device(self, request: web.Request) -> web.Response:
        if request.query.get("client_id") != CLIENT_ID:
            return refuse(400, "invalid client")
        code, user_code = secret("device"), secrets.token_hex(4).upper()
        self.secrets.add(code)
        scopes = tuple(request.query.get("scopes", "").split())
        self._devices[code] = {"user_code": user_code, "scopes": scopes, "person": None}
        self._note()
        uri = f"https://www.twitch.tv/activate?device-code={user_code}"
        known = {"device_code": code, "user_code": user_code, "verification_uri": uri}
        return web.json_response(known | {"expires_in": 1800, "interval": self.device_interval})

    def _device_token(self, asked: Any) -> web.Response:
        device = self._devices.get(asked.get("device_code", ""))
        if not device:
            return refuse(400, "invalid device code")
        if not device["person"]:
            return refuse(400, "authorization_pending")
        del self._devices[asked["device_code"]]
        return self._tokens_for(self._issue(device["person"], device["scopes"]))

    async def _revoke(self, request: web.Request) -> web.Response:
        if self.tokens.pop(request.query.get("token", ""), None) is None:
            return refuse(400, "Invalid token")
        return web.json_response({})

    # ---- inside: Helix -------------------------------------------------------------------------------------------

    async def _users(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return refuse(401, "Invalid OAuth token")
        logins, ids = request.query.getall("login", []), request.query.getall("id", [])
        found = [one for one in self.people.values() if one.login in logins or one.id in ids]
        empty = {"type": "", "broadcaster_type": "", "description": "", "profile_image_url": ""}
        empty |= {"offline_image_url": "", "created_at": now(), "view_count": 0}
        return web.json_response(
            {"data": [empty | {"id": o.id, "login": o.login, "display_name": o.name} for o in found]}
        )

    async def _moderated(self, request: web.Request) -> web.Response:
        token = self._bearer(request)
        if not token or MODERATED not in token.scopes:
            return refuse(401, "Missing scope: user:read:moderated_channels")
        who = self.channel
        channel = {"broadcaster_id": who.id, "broadcaster_login": who.login, "broadcaster_name": who.name}
        mine = [channel] if token.person.login in self.moderators else []
        return web.json_response({"data": mine, "pagination": {}})

    async def _subscribe(self, request: web.Request) -> web.Response:
        token, asked = self._bearer(request), await request.json()
        if not token or request.headers.get("Client-ID") != token.client_id:
            return refuse(401, "Invalid OAuth token")
        if not token.person:
            return refuse(400, "invalid transport and auth combination")
        if READ not in token.scopes or asked["condition"]["user_id"] != token.person.id:
            return refuse(403, "subscription missing proper authorization")
        if token.person.login in self.banned:
            return refuse(403, "the user is banned from the channel")
        session = self._sessions.get(asked["transport"]["session_id"])
        if not session:
            return refuse(400, "websocket transport session does not exist or has already disconnected")
        known = {one["type"]: one["id"] for one in session.subscriptions.values()}
        if asked["type"] in known:
            return refuse(409, f"subscription already exists: id={known[asked['type']]}")
        made = {
            "id": secrets.token_hex(8),
            "status": "enabled",
            "type": asked["type"],
            "version": asked["version"],
            "condition": asked["condition"],
            "transport": asked["transport"] | {"connected_at": now()},
            "created_at": now(),
            "cost": 0,
        }
        session.subscriptions[made["id"]] = made
        return web.json_response({"data": [made], "total": 1, "total_cost": 0, "max_total_cost": 10}, status=202)

    async def _subscriptions(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return refuse(401, "Invalid OAuth token")
        all_ = [one for session in self._sessions.values() for one in session.subscriptions.values()]
        totals = {"total": len(all_), "total_cost": 0, "max_total_cost": 10, "pagination": {}}
        return web.json_response({"data": all_} | totals)

    async def _say(self, request: web.Request) -> web.Response:
        token, asked = self._bearer(request), await request.json()
        if not token:
            return refuse(401, "Invalid OAuth token")
        sender = next((one for one in self.people.values() if one.id == asked["sender_id"]), None)
        if problem := self._may_not_speak(token, sender, asked):
            return refuse(*problem)
        if token.person and "for_source_only" in asked:
            return refuse(400, "for_source_only is for applications")
        arrived = time.monotonic()
        self._tried.append(arrived)
        limit = 100 if sender.login in self.moderators or sender == self.channel else 20
        if self.enforcing and sum(at > arrived - 30 for at in self._tried) > limit:
            return refuse(429, "too many messages")
        message_id, text, reply_to = f"m-{secrets.token_hex(8)}", asked["message"], ""
        reply_to = asked.get("reply_parent_message_id", "")
        code, words = self._rejections.pop(0) if self._rejections else self._refusal(text, limit, arrived)
        if code:
            reason = {"code": code, "message": words}
            return web.json_response({"data": [{"message_id": "", "is_sent": False, "drop_reason": reason}]})
        self._seen[message_id], self._texts[message_id] = sender, text
        here = asked.get("for_source_only")
        where = self._channel_of(asked["broadcaster_id"]).login
        self.sent.append(Sent(message_id, arrived, text, reply_to, sender.login, token.person is None, here, where))
        asyncio.get_running_loop().create_task(self._echo(text, sender, reply_to, message_id, where))
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            request.transport.abort()
        return web.json_response({"data": [{"message_id": message_id, "is_sent": True, "drop_reason": None}]})

    async def _echo(self, text: str, sender: Person, reply_to: str, message_id: str, channel: str) -> None:
        """What was said comes back to everyone, the speaker included."""
        arguments = {"by": sender.login, "reply_to": reply_to, "message_id": message_id, "channel": channel}
        await asyncio.to_thread(self.chat, text, **arguments)

    def _refusal(self, text: str, limit: int, arrived: float) -> tuple[str, str]:
        """Why a message is not shown to others: a code and words."""
        if limit > 20 or not self.enforcing:
            return "", ""
        if any(one.text == text and one.at > arrived - 30 for one in self.sent):
            return "msg_duplicate", "Your message is identical to the previous one."
        left = max((one.at + self.slow - arrived for one in self.sent), default=0)
        if left > 0:
            return "msg_slowmode", f"This room is in slow mode. You may talk again in {int(left) + 1} seconds."
        return "", ""

    async def _settings(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return refuse(401, "Invalid OAuth token")
        modes = {f"{name}_mode": f"{name}_mode" in self.only for name in ("follower", "subscriber", "emote")}
        modes |= {"unique_chat_mode": False, "slow_mode": bool(self.slow), "slow_mode_wait_time": self.slow or None}
        modes |= {"follower_mode_duration": 0 if "follower_mode" in self.only else None}
        return web.json_response({"data": [{"broadcaster_id": request.query["broadcaster_id"]} | modes]})

    async def _shared(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return refuse(401, "Invalid OAuth token")
        everybody = [{"broadcaster_id": self.person(login).id} for login in (self.channel.login, *self.shared_with)]
        session = {"session_id": "shared", "host_broadcaster_id": self.channel.id, "participants": everybody}
        session |= {"created_at": now(), "updated_at": now()}
        return web.json_response({"data": [session] if self.shared_with else []})

    async def _followers(self, request: web.Request) -> web.Response:
        token = self._bearer(request)
        if not token or FOLLOWERS not in token.scopes:
            return refuse(401, "Missing scope: moderator:read:followers")
        who = next((one for one in self.people.values() if one.id == request.query.get("user_id")), None)
        shown = token.person.login in self.moderators and who and who.login in self.followers
        found = (
            [{"user_id": who.id, "user_login": who.login, "user_name": who.name, "followed_at": now()}] if shown else []
        )
        return web.json_response({"data": found, "total": len(self.followers), "pagination": {}})

    async def _streams(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return refuse(401, "Invalid OAuth token")
        stream = {"id": "1", "user_id": request.query["user_id"], "type": "live", "started_at": now()}
        return web.json_response({"data": [stream] if self.live else [], "pagination": {}})

    def _channel_of(self, broadcaster: str) -> Person | None:
        return next((one for one in (self.channel, *self.others) if one.id == broadcaster), None)

    def _may_not_speak(self, token: Token, sender: Person | None, asked: dict) -> tuple[int, str] | None:
        if sender is None or self._channel_of(asked["broadcaster_id"]) is None:
            return 400, "no such user"
        if len(" ".join(asked["message"].split())) > 500 or not asked["message"].strip():
            return 400, "the message must be 1 to 500 characters"
        if sender.login in self.banned:
            return 403, "the sender is banned from the channel"
        if token.person:
            right = token.person == sender and WRITE in token.scopes
            return None if right else (401, f"Missing scope: {WRITE}")
        granted = {(one.person, scope) for one in self.tokens.values() for scope in one.scopes}
        if (sender, "user:bot") not in granted or (
            (self.channel, "channel:bot") not in granted and sender.login not in self.moderators
        ):
            return 401, "the application may not speak for this user here"
        return None

    # ---- inside: EventSub ----------------------------------------------------------------------------------------

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        old = self._sessions.get(request.query.get("reconnect", ""))
        session = Session(f"session-{secrets.token_hex(6)}", socket)
        if old and request.query.get("same") == "1":
            session.id = old.id
        if old:
            for one in old.subscriptions.values():
                one["transport"]["session_id"] = session.id
            await asyncio.sleep(self.thinking)
        talking = None
        if self.welcoming:
            await socket.send_json(self._envelope("session_welcome", {"session": self._greeting(session.id)}))
            if old:
                session.subscriptions, old.subscriptions = old.subscriptions, {}
                self._sessions.pop(old.id, None)
            self._sessions[session.id] = session
            self._note()
            talking = asyncio.create_task(self._keep_alive(session))
        else:
            self.silent_welcomes += 1
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await socket.close(code=4001)
        finally:
            if talking:
                talking.cancel()
            if self._sessions.get(session.id) is session:
                del self._sessions[session.id]
            self._note()
        return socket

    def _greeting(self, session_id: str) -> dict:
        return {
            "id": session_id,
            "status": "connected",
            "connected_at": now(),
            "keepalive_timeout_seconds": 10,
            "reconnect_url": None,
            "recovery_url": None,
        }

    async def _keep_alive(self, session: Session) -> None:
        started = time.monotonic()
        while not session.socket.closed:
            await asyncio.sleep(self.keepalive)
            if not session.subscriptions and time.monotonic() - started > 10:
                await session.socket.close(code=4003)
            elif not session.muted:
                await session.socket.send_json(self._envelope("session_keepalive", {}))


def refuse(status: int, message: str) -> web.Response:
    return web.json_response({"status": status, "error": "Error", "message": message}, status=status)
