"""WhatsApp: ``18/12/2023, 15:57 - Ann: text`` (Android), ``[18/12/2023, 15:57:02] Ann: text`` (iOS).

Dates and clocks follow the phone's language: any order and separators, twelve or twenty-four hours, words around them.
Only their shape matters here, for lines are in order. A line without it goes on with the message above. What the app
says itself has no name before it; on iOS it does, but begins with a mark that nobody sees (U+200E).
"""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._text import UNSEEN, content, decoded, first_lines
from school.texts.original import Original

DATE = r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?(?: ?г\.)?"
CLOCK = r"(?:[^\W\d_]{1,4}\.? ?){0,2}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[^\W\d_]{1,3}\.?(?: ?[^\W\d_]\.?)?)?"
WHEN = rf"{DATE}[,،、]? ?{CLOCK}"
MESSAGE = re.compile(rf"(?:\[{WHEN}\] ?|{WHEN} [-–] )(.*)\Z", re.S)
SAID = re.compile(r"([^:\n]{1,100}?) ?:(?: (.*)|\n(.*)|)\Z", re.S)
SAID_CLOSE = re.compile(r"([^:\n]{1,100}?):(\S.*)\Z", re.S)
SPACES = re.compile("[\u00a0\u202f\u2009\u3000]")
BRACKETED = re.compile(r"<[^<>\n]{4,80}>")  # <Media omitted>, <Medien ausgeschlossen>, <attached: a.jpg>
ATTACHED = re.compile(r"\S[^\n]{0,120}\.\w{2,5} \([^()\n]{4,40}\)(?:\n|\Z)")  # IMG-1.jpg (file attached)
EDITED = re.compile(
    "[ \n]?<[^<>\n]{0,60}(?:edited|bearbeitet|edit[óa]|modifi|bewerkt|muoka|redigera|rediger|düzenle|измен|відредаг|"
    "edytowa|uprav|editat|編集|编辑|編輯|수정)[^<>\n]{0,40}>\\Z"
)
DELETED = re.compile(
    "(?:this message was deleted|you deleted this message|(?:diese|du hast diese) nachricht (?:wurde )?gelöscht|"
    "se eliminó este mensaje|eliminaste este mensaje|este mensaje fue eliminado|ce message a été supprimé|"
    "vous avez supprimé ce message|questo messaggio è stato eliminato|hai eliminato questo messaggio|"
    "(?:essa|esta) mensagem foi apagada|mensagem apagada|(?:você apagou|apagaste) esta mensagem|"
    "dit bericht is verwijderd|(?:je|u) hebt dit bericht verwijderd|tämä viesti poistettiin|poistit tämän viestin|"
    "det här meddelandet togs bort|denne beskeden blev slettet|denne meldingen ble slettet|to wiadomość usunięto|"
    "сообщение удалено|данное сообщение удалено|bu mesaj silindi|此消息已删除|此訊息已刪除|"
    "このメッセージは削除されました|"
    "삭제된 메시지입니다)[.。]?"
)
OMITTED = re.compile(
    "(?:image|video|video note|audio|sticker|gif|document|contact card|photo|imagen|vídeo|documento|"
    "tarjeta de contacto|bild|dokument|kontaktkarte|immagine|scheda contatto|imagem|figurinha|afbeelding|contactkaart|"
    "kuva|billede) "
    "(?:omitted|omitid[oa]|weggelassen|ausgeschlossen|omess[oa]|absente?|ocultad[oa]|weggelaten|utelämnad|udeladt|utelatt)"
)
ENCRYPTED = re.compile(  # on iOS it is the group that says so
    "(?:messages (?:to this (?:chat|group) )?and calls are|nachrichten und anrufe sind|los mensajes y las llamadas|"
    "les messages et (?:les )?appels|i messaggi e le chiamate|as mensagens e (?:as )?(?:chamadas|ligações)|"
    "berichten en (?:gesprekken|oproepen)|сообщения и звонки|viestit ja puhelut|meddelanden och samtal|"
    "消息和通话|訊息和通話)"
)
QUOTES = set('"“”„«»')
CLOCKLESS = 2  # lines in the first ones that must be such messages


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, dropped = decoded(file), Counter[str]()
    said = [_said(message, dropped) for message in messages(found.text)]
    names = Counter(name for name, _ in said if name)
    gathering = Gathering(dropped)
    for name, text in said:
        if not name and (close := SAID_CLOSE.match(text)) and close[1] in names:
            name, text = close[1], close[2]  # "Ann:text"
        if not name or _is_sentence(name, names):
            dropped["system message"] += 1
        elif text := _words(text, dropped):
            gathering.add(name, text)
    owner = frozenset({"Me"} & names.keys()) if SIGNAL.match(found.text.lstrip()) else frozenset()
    return content(found, [gathering.talk], owner=owner, dropped=+dropped)


SIGNAL = re.compile(r"\[\d{4}-\d\d-\d\d,? \d\d:\d\d\] ")  # how signal-export writes the same


def messages(text: str):
    """Each message with its name, all lines in one."""
    current: list[str] = []
    for line in text.split("\n"):
        bare = SPACES.sub(" ", UNSEEN.sub("", line[:200])) if line[:200].strip() else ""
        if begins := MESSAGE.match(bare):
            if current:
                yield "\n".join(current)
            rest = SPACES.sub(" ", line)
            current = [rest[_place(rest, len(bare) - len(begins[1])) :]]
        elif current:
            current.append(line)
    if current:
        yield "\n".join(current)


def _place(line: str, seen: int) -> int:
    """Where a line goes on behind so many letters that one sees."""
    for place, letter in enumerate(line):
        if not seen:
            return place
        seen -= not UNSEEN.match(letter)
    return len(line)


def _said(message: str, dropped: Counter[str]) -> tuple[str, str]:
    said = SAID.match(message)
    if not said:
        return "", UNSEEN.sub("", message)
    return UNSEEN.sub("", said[1]).strip().removeprefix("~").strip(), said[2] or said[3] or ""


def _is_sentence(name: str, names: Counter[str]) -> bool:
    """Whether what stands before a colon is no name: ``Ann changed the subject to "Soup``."""
    if QUOTES & set(name):
        return True
    return names[name] == 1 and any(name != other and name.startswith(f"{other} ") for other in names)


def _words(text: str, dropped: Counter[str]) -> str:
    """What of a message somebody wrote."""
    of_the_app = text.startswith("\u200e")
    text = UNSEEN.sub("", text).strip()
    if edited := EDITED.search(text):
        text = text[: edited.start()]
    if attached := ATTACHED.match(text):
        dropped["attachment"] += 1
        return text[attached.end() :].strip()
    lines = text.split("\n")
    kept = [line for line in lines if not _is_bracketed(line)]
    if len(kept) < len(lines) or OMITTED.fullmatch(text.casefold()):
        dropped["attachment"] += 1
        text = "\n".join(kept) if len(kept) < len(lines) else ""
    elif ENCRYPTED.match(text.casefold()):
        dropped["system message"] += 1
        return ""
    elif DELETED.fullmatch(text.casefold()):
        dropped["deleted message"] += 1
        return ""
    elif of_the_app:
        dropped["system message"] += 1
        return ""
    elif text == "null":
        dropped["attachment"] += 1
        return ""
    ending = re.search(r" <[^<>\n:]{2,30}: [^<>\n]+>\Z", text)  # a picture's words, then <attached: a.jpg>
    if ending:
        dropped["attachment"] += 1
        text = text[: ending.start()]
    return text.strip()


def _is_bracketed(line: str) -> bool:
    line = line.strip()
    return BRACKETED.fullmatch(line) is not None and (" " in line or not line.isascii())


def sniff(file: Original) -> bool:
    lines = [SPACES.sub(" ", line) for line in first_lines(file)]
    hits = sum(MESSAGE.match(line) is not None for line in lines)
    return bool(lines) and MESSAGE.match(lines[0]) is not None and hits >= min(CLOCKLESS, len(lines))


FORMAT = Format(name="whatsapp", suffixes=frozenset({".txt", ".md"}), read=read, sniff=sniff, version=1)
