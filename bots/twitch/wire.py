"""The wire: keeps one connection to one chat, whatever happens, and says what it is given to say.

Each try has a client of its own. Whatever ends it, the next try comes by itself: soon, when another try may help; when
only a person can do something, as soon as the keys have changed, and otherwise now and then.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import twitchio
from cachetools import FIFOCache

from bots.chat.messages import Line, Listener, Removal, Standing, WireState
from bots.twitch.address import point_client_library
from bots.twitch.client import ChatClient, Deaf, Presence, explain, understood
from bots.twitch.conditions import Conditions, look_around
from bots.twitch.keys import CLIENT_ID, Account, Keys, Refused, keep_account, read_keys
from bots.twitch.outbox import NotNow, NotSent, Outbox
from bots.twitch.pace import WINDOW, Pace, fit
from bots.twitch.pace_memory import PaceMemory
from bots.twitch.refusals import too_fast, why_not_shown
from bots.twitch.settings import TwitchSettings
from bots.twitch.translate import line_of, removal_of
from school.office.advice import command
from school.office.log import redact
from school.screen.calligraphist import for_screen

log = logging.getLogger(__name__)

UNKNOWN = "?"  # as a reward's id
SHARED = "the chat is shared with other channels, whose viewers did not ask for it"
LONGEST_SLOW = 120.0  # seconds; Twitch allows no slower mode
REMEMBERED = 10_000  # ids of messages that were heard, and of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long it waits for what, in seconds."""

    answer: float = 10.0  # for any answer of Twitch's
    examination: float = 30.0  # between two questions whether it still hears
    silence: float = 25.0  # without so much as a keepalive, which Twitch sends every ten
    first_retry: float = 1.0
    longest_retry: float = 60.0
    well: float = 60.0  # after so long a time in the chat, the next trouble is a new one
    refused_retry: float = 90.0  # bans end, and Twitch errs
    keys: float = 2.0  # between two looks whether the keys have changed
    stale: float = 30.0  # age from which a message is no longer worth sending
    gap: float = 1.1  # between two messages, where the bot is no moderator
    moderator_gap: float = 0.1
    farewell: float = 3.0
    window: float = WINDOW  # that messages are counted in
    slow_margin: float = 0.5  # beyond what slow mode asks for
    told: float = 3600.0  # between two times that the same reason for not showing a message is told
    echo: float = 3.0  # for its own message to be heard, where Twitch's answer to it was lost


@dataclass(frozen=True, slots=True)
class _Sending:
    """The message on its way, of which there is one at most; ``echo`` brings its id when it is heard."""

    text: str
    reply_to: str
    echo: asyncio.Future[str]

    def sounds_like(self, line: Line) -> bool:
        """Twitch puts the name of whom it answers before a reply."""
        return line.reply_to == self.reply_to and line.text.endswith(self.text)


class TwitchWire:
    """``start`` it on the running loop and ``close`` it in the end; ``say`` and ``state`` at any time in between."""

    def __init__(
        self,
        settings: TwitchSettings,
        home: Path,
        *,
        tell: Callable[[str], None],
        patience: Patience | None = None,
    ):
        self.listener: Listener | None = None  # to be set before it runs
        self._settings, self._home, self._tell = settings, home, tell
        self._patience = patience or Patience()
        self._client: ChatClient | None = None  # while it listens
        self._room: Presence | None = None
        self._state = WireState(standing="connecting", why="it has not tried yet")
        self._heard: FIFOCache[str, None] = FIFOCache(REMEMBERED)
        self._mine: FIFOCache[str, None] = FIFOCache(REMEMBERED)  # ids of what it said
        self._sending: _Sending | None = None
        self._pace = Pace(limit=settings.messages, gap=self._patience.gap, window=self._patience.window)
        self._pace_memory: PaceMemory | None = None  # while it runs
        self._conditions = Conditions()
        self._not_shown = ""  # why its last message was not
        self._told_not_shown: dict[str, float] = {}  # and when that was last told
        self._outbox = Outbox(self._send, self._pace, limit=settings.waiting, stale=self._patience.stale)
        self._keys: Keys | None = None  # as they are now, and as they were when the try under way began
        self._first_keys: Keys | None = None
        self._tries = 0  # in vain, since it was last well
        self._complaints: set[str] = set()  # of the trouble it is in
        self._brake = self._patience.first_retry
        self._tasks: list[asyncio.Task] = []

    # ---- for everyone --------------------------------------------------------------------------------------------

    async def say(self, text: str, *, reply_to: str = "") -> str:
        """Send when the limits allow. Returns the message's id, or "" when it was not sent; Twitch's refusals are
        logged, never raised."""
        text = fit(redact(text))
        if not text or not self._tasks or self._state.standing == "refused":
            return ""
        if self._silent():
            self._outbox.dropped += 1
            return ""
        return await self._outbox.say(text, reply_to)

    async def follows(self, person: str) -> bool | None:
        """Whether somebody follows the channel; None where that can't be told just now."""
        if self._client is None:
            return None
        try:
            return await self._client.follows(person)
        except Exception as error:
            log.info("Twitch did not tell who follows: %s", explain(error))
            return None

    def state(self) -> WireState:
        room, outbox = self._room, self._outbox
        return replace(
            self._state,
            channel=room.channel_login if room else "",
            bot=room.bot_login if room else "",
            me=room.bot if room else "",
            moderator=bool(room and room.moderator),
            said=outbox.said,
            rejected=outbox.rejected,
            dropped=outbox.dropped,
            waiting=outbox.waiting,
            silent=self._silent(),
            live=self._conditions.live,
            pace=self._pace.most,
            not_shown=self._not_shown,
        )

    def _silent(self) -> str:
        shared = self._conditions.shared and not (self._settings.shared_chat or self._settings.badge)
        return SHARED if shared else ""

    def start(self) -> None:
        """Begin to listen and to speak, on the running loop."""
        memory = self._pace_memory = PaceMemory(self._home, self._pace, self._settings.channel)
        memory.begin(asyncio.get_running_loop().time())
        self._conditions = replace(self._conditions, slow=memory.slow)
        self._pace.on_sent = lambda: memory.note(self._conditions.slow)
        work = (self._keep_connected(), self._outbox.run(), memory.run())
        self._tasks = [asyncio.create_task(one) for one in work]

    async def close(self) -> None:
        """Leave; within seconds, whatever Twitch does."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._patience.farewell)
        self._tasks = []
        self._stand("off", "it has left")

    # ---- its life ------------------------------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        point_client_library()
        while True:
            entered = time.monotonic()
            try:
                await self._connect_once()
            except Exception as error:
                if not isinstance(error, Deaf | Refused | twitchio.TwitchioException | aiohttp.ClientError | OSError):
                    log.exception("the connection to Twitch failed in an unexpected way")
                trouble = understood(error)
            if self._state.standing == "listening" and time.monotonic() - entered > self._patience.well:
                self._tries = 0
            self._tries += 1
            try:
                await self._wait_before_another(trouble)
            except Exception as error:
                log.error("waiting for Twitch led to a %s", type(error).__name__)
                await asyncio.sleep(self._patience.first_retry)

    async def _wait_before_another(self, trouble: Exception) -> None:
        if isinstance(trouble, Refused) and self._keys == self._first_keys:
            await self._wait_for_keys(str(trouble))
        else:
            await self._wait_a_little(str(trouble))

    async def _connect_once(self) -> None:
        """One try, from reading the keys until something goes wrong, which is raised."""
        self._keys = self._first_keys = None
        keys = self._keys = self._first_keys = read_keys(self._home)
        if not keys.client_id:
            raise Refused(f"{CLIENT_ID} is missing; `{command('twitch login')}` leads through it")
        if keys.bot is None:
            raise Refused(f"no account has logged in for the bot; `{command('twitch login')}` leads through it")
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._patience.answer)) as session:
            client = ChatClient(
                keys,
                session,
                on_event=self._take,
                keep=self._keep,
                welcome_seconds=self._patience.answer,
            )
            try:
                room = await client.enter(self._settings.channel, badge=self._settings.badge)
                self._notice(await self._look_around(client, replace(self._conditions, shared=False)))
                self._enter_room(room)
                self._client = client
                await self._watch(client)
            finally:
                self._client = None
                if client.banned:  # nobody else tells that its messages are gone
                    self._room = client.banned
                    self._tell_removal(Removal(kind="person", channel=client.banned.channel, person=client.banned.bot))
                await self._dismiss(client)

    def _enter_room(self, room: Presence) -> None:
        self._room = room
        self._set_pace(room.moderator)
        recovered = self._state.standing == "deaf"
        self._state = replace(
            self._state,
            connects=self._state.connects + 1,
            recoveries=self._state.recoveries + recovered,
        )
        self._stand("listening", "")
        if self._complaints or not recovered:
            self._say_here(f"Twitch: it listens in the chat of {room.channel_login}, as {room.bot_login}.")
        self._complaints.clear()

    async def _watch(self, client: ChatClient) -> None:
        """Until it is deaf, or no longer wanted; raises Deaf or Refused."""
        while True:
            done, _ = await asyncio.wait([client.lost], timeout=self._patience.examination)
            if done:
                raise Deaf(client.lost.result())
            if _identity(read_keys(self._home)) != _identity(self._keys):
                raise Deaf("another account has logged in")
            try:
                await client.examine(self._patience.silence)
                self._notice(await self._look_around(client, self._conditions))
            except (Deaf, Refused):
                raise
            except Exception as error:
                if isinstance(trouble := understood(error), Refused):
                    raise trouble from None
                log.info("could not ask Twitch whether it still sends everything: %s", explain(error))

    async def _look_around(self, client: ChatClient, known: Conditions) -> Conditions:
        return await look_around(client, known, self._patience.answer)

    def _notice(self, now: Conditions) -> None:
        """What the chat is like now; told here, where it keeps it from speaking."""
        before, self._conditions = self._conditions, now
        silent, was = self._silent(), before.shared and not (self._settings.shared_chat or self._settings.badge)
        if silent and not was:
            self._say_here(f"Twitch: it says nothing for now: {silent}; twitch.shared_chat lets it speak there, too.")
        elif was and not silent:
            self._say_here("Twitch: the chat is no longer shared; it speaks again.")
        self._set_pace(bool(self._room and self._room.moderator))
        if now.slow != before.slow and self._pace_memory:
            self._pace_memory.note(now.slow)

    async def _dismiss(self, client: ChatClient) -> None:
        """A dead connection may not answer to its closing; it isn't waited for."""
        try:
            await asyncio.wait_for(client.close(), self._patience.farewell / 2)
        except Exception as error:
            log.info("the client did not close well: %s", explain(error))

    async def _wait_a_little(self, why: str) -> None:
        """Longer each time, and not in step with all the others whom the same trouble hit."""
        longest = min(self._patience.longest_retry, self._patience.first_retry * 2 ** min(self._tries - 1, 20))
        seconds = random.uniform(longest / 2, longest)
        listened = self._state.standing in ("listening", "deaf")
        self._stand("deaf" if listened else "connecting", f"{why}; it tries again by itself")
        if self._tries > 1 or not listened:
            self._complain(f"Twitch: {why}. It tries again by itself.")
        await asyncio.sleep(seconds)

    async def _wait_for_keys(self, why: str) -> None:
        """Until the keys are others than those of the last try, or some time has passed."""
        self._stand("refused", why)
        self._complain(f"Twitch: {why}.")
        used, until = self._keys, time.monotonic() + self._patience.refused_retry
        while time.monotonic() < until:
            await asyncio.sleep(self._patience.keys)
            try:
                if read_keys(self._home) != used:
                    return
            except Refused:
                if used is not None:
                    return

    def _stand(self, standing: Standing, why: str) -> None:
        log.info("Twitch: %s", redact(f"{standing}: {why}" if why else standing))
        self._state = replace(self._state, standing=standing, why=redact(why))

    def _complain(self, text: str) -> None:
        """Once, however often the same trouble comes until it listens again."""
        if text not in self._complaints:
            self._complaints.add(text)
            self._say_here(redact(text))

    def _say_here(self, text: str) -> None:
        """To the people at this machine, if they can be told anything."""
        try:
            self._tell(for_screen(text))
        except Exception as error:
            log.info("nobody could be told: %s", type(error).__name__)

    def _keep(self, bot: Account) -> None:
        """New tokens, which Twitch gives every few hours; unless somebody else has logged in meanwhile, or out."""
        try:
            stored = read_keys(self._home).bot
            if stored and stored.user_id == bot.user_id:
                self._keys = keep_account(self._home, "bot", bot)
        except (OSError, Refused) as error:
            log.error("the bot's new tokens can't be stored (%s); it may have to log in again", type(error).__name__)

    # ---- hearing -------------------------------------------------------------------------------------------------

    def _take(self, event: Any, room: Presence) -> None:
        """An event of the library's, which Twitch may deliver more than once."""
        key = event.id if isinstance(event, twitchio.ChatMessage) else event.metadata.message_id
        if key in self._heard:
            self._state = replace(self._state, duplicates=self._state.duplicates + 1)
            return
        self._heard[key] = None
        try:
            if isinstance(event, twitchio.ChatMessage):
                self._hear(event, room)
            else:
                self._tell_removal(removal_of(event))
        except Exception as error:  # its text could hold what a person wrote; so only its kind
            log.error("the listener stumbled over a %s", type(error).__name__)

    def _tell_removal(self, removal: Removal) -> None:
        self._state = replace(self._state, removals=self._state.removals + 1)
        self.listener.removed(removal)

    def _hear(self, message: twitchio.ChatMessage, room: Presence) -> None:
        reward = "" if self._settings.reward == UNKNOWN else self._settings.reward
        line = self._own_or_not(line_of(message, room.bot, room.bot_login, room.owner, reward), room)
        if self._settings.reward == UNKNOWN and message.channel_points_id:
            self._complain(
                f"Twitch: somebody used the reward {message.channel_points_id}; with "
                f'twitch.reward = "{redact(message.channel_points_id)}" it is what a question costs.'
            )
        if line.shared_from and not self._conditions.shared:
            self._notice(replace(self._conditions, shared=True))
        if line.own and not line.shared_from and self._room:  # its badges tell what it may
            self._room = replace(self._room, moderator=line.moderator)
            self._set_pace(line.moderator)
        self._state = replace(self._state, heard=self._state.heard + 1)
        self.listener.heard(line)

    def _own_or_not(self, line: Line, room: Presence) -> Line:
        """With an account for the baby alone, all that comes from it is its own; with the streamer's, what was sent
        from here."""
        sending = self._sending
        if line.own and sending and sending.sounds_like(line) and not sending.echo.done():
            self._mine[line.id] = None
            sending.echo.set_result(line.id)
        if room.bot != room.channel:
            return line
        return replace(line, own=line.id in self._mine, reply_to_me=line.reply_to in self._mine)

    # ---- speaking ------------------------------------------------------------------------------------------------

    def _set_pace(self, moderator: bool) -> None:
        self._pace.limit = self._settings.moderator_messages if moderator else self._settings.messages
        slow = self._conditions.slow + self._patience.slow_margin if self._conditions.slow else 0.0
        self._pace.gap = self._patience.moderator_gap if moderator else max(self._patience.gap, slow)
        self._outbox.may_repeat = moderator

    async def _send(self, text: str, reply_to: str) -> str:
        """For the outbox. Raises NotSent and NotNow only."""
        client = self._client
        if client is None:
            raise NotNow(self._patience.first_retry)
        if silent := self._silent():
            raise NotSent(silent)
        self._sending = sending = _Sending(text, reply_to, asyncio.get_running_loop().create_future())
        try:
            sent = await client.send(text, reply_to, here_only=not self._settings.shared_chat)
            self._brake, self._not_shown = self._patience.first_retry, ""
            self._mine[sent] = None
            return sent
        except twitchio.MessageRejectedError as error:
            self._tell_not_shown(why_not_shown(error.code, error.message))
            if seconds := too_fast(error.code, error.message):
                slow = max(seconds, self._conditions.slow)
                self._notice(replace(self._conditions, slow=min(slow, LONGEST_SLOW)))
                raise NotNow(seconds) from None
            raise NotSent(f"Twitch did not show it ({redact(str(error.code))})") from None
        except twitchio.HTTPException as error:
            if error.status == 429 or error.status >= 500:
                raise NotNow(self._slow_down()) from None
            if error.status == 401:
                client.lose(explain(error))
            self._tell_not_shown(explain(error))
            raise NotSent(explain(error)) from None
        except aiohttp.ClientConnectorError:
            raise NotNow(self._slow_down()) from None
        except Exception as error:  # it may have arrived, and then it is heard; better not said than said twice
            await asyncio.wait([sending.echo], timeout=self._patience.echo)
            if sending.echo.done():
                return sending.echo.result()
            raise NotSent(explain(error)) from None
        finally:
            self._sending = None

    def _tell_not_shown(self, why: str) -> None:
        """Here, each reason once in a while."""
        self._not_shown = why
        if time.monotonic() - self._told_not_shown.get(why, -1e9) > self._patience.told:
            self._told_not_shown[why] = time.monotonic()
            self._say_here(f"Twitch: a message was not shown: {why}.")

    def _slow_down(self) -> float:
        """Seconds to wait, twice as long each time."""
        self._brake = min(2 * self._brake, self._patience.longest_retry)
        return random.uniform(self._brake / 2, self._brake)


def _identity(keys: Keys) -> tuple:
    """what makes a new connection necessary when it changes; tokens don't."""
    return keys.client_id, *(account and account.user_id for account in (keys.bot, keys.streamer))
