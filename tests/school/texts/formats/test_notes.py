"""Notes and diaries: Markdown of Obsidian, Logseq and Notion, Day One, Keep, Evernote, Journey, Joplin."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from school.texts.encodings import Unreadable
from tests.school.texts.formats.reading import read

OBSIDIAN = """---
tags: [soup, fox]
date: 2024-01-01
aliases:
  - Broth
---
# A day

See [[Soup|the soup]], [[Fox#Tail]] and [[Rain]]. ![[picture.png]] %%not
for others%%It rained. ^block-1
> [!note] Mind
> the gap
mood:: good
Weather [temperature:: cold] and (wind:: none) here.
- [ ] cook
- [x] eat

```bash
if [[ -f soup ]]; then echo "a:: b"; fi
```
```dataview
LIST FROM #soup
```
Use `[[this]]`. ![a fox](fox.png)
"""


def test_obsidian():
    """Links are the words one sees; what one doesn't see is left out; code stays as it is."""
    found = read("day.md", OBSIDIAN, "markdown")
    assert found.documents == [
        "# A day\n\nSee the soup, Fox and Rain.  It rained.\n> Mind\n> the gap\nWeather  and  here.\n- cook\n- eat\n\n"
        '```bash\nif [[ -f soup ]]; then echo "a:: b"; fi\n```\n\nUse `[[this]]`. \n'
    ]
    dropped = {"front matter": 1, "picture or embed": 2, "comment": 1, "property": 3, "query": 1}
    assert +found.dropped == dropped


def test_what_only_looks_like_a_property():
    """Words with colons in them stay."""
    text = "std::vector is a word, so is\nfox::moon\nand a: b\n"
    assert read("a.md", text).documents == [text]


@pytest.mark.parametrize("text", ["---\n\nA line of dashes.\n\n---\n\nMore.\n", "--- no\n", "Soup.\n---\nBread.\n"])
def test_dashes_are_no_front_matter(text: str):
    assert read("a.md", text).documents == [text]


def test_logseq():
    """An outline without its bullets, properties and references."""
    text = (
        "- It rained.\n  id:: 6423f0a1-0000-4000-8000-000000000000\n  collapsed:: true\n\t- {{embed [[Soup]]}} soup\n"
    )
    text += "\t- see ((6423f0a1-0000-4000-8000-000000000000)) [[Fox]]\n"
    found = read("pages/day.md", text, "markdown")
    assert found.documents == ["It rained.\n soup\nsee  Fox\n"]


def test_notion():
    """The lines of properties below the title are left out."""
    text = "# A day\n\nCreated: January 1, 2024\nTags: soup, fox\n\nNote: it rained.\n"
    found = read("A day 0123456789abcdef0123456789abcdef.md", text, "markdown")
    assert found.documents == ["# A day\n\nNote: it rained.\n"]
    assert +found.dropped == {"property": 2}
    assert read("A day.md", text).documents == [text]


def test_day_one():
    """Entries, the oldest first, without escapes and pictures."""
    entries = [
        {"creationDate": "2024-01-02T10:00:00Z", "text": "It rained\\. A lot\\!\u200b", "uuid": "2", "timeZone": "UTC"},
        {"creationDate": "2024-01-01T10:00:00Z", "text": "![](dayone-moment://ABC)\n# Soup", "uuid": "1"},
        {"creationDate": "2024-01-03T10:00:00Z", "uuid": "3"},
    ]
    found = read("Journal.json", {"metadata": {"version": "1.0"}, "entries": entries}, "day one")
    assert found.documents == ["# Soup", "It rained. A lot!"]
    assert found.dropped == {"picture": 1, "entry without words": 1}


def test_keep():
    """A note or a list; what is in the bin stays there, and the web page of a note is not read beside it."""
    note = {"isTrashed": False, "isArchived": False, "title": "Soup", "textContent": "It rained."}
    listed = {"isTrashed": False, "title": "", "listContent": [{"text": "salt", "isChecked": True}, {"text": "pepper"}]}
    assert read("Keep/Soup.json", note | {"userEditedTimestampUsec": 1}, "keep").documents == ["Soup\nIt rained.\n"]
    assert read("a.json", listed, "keep").documents == ["salt\npepper\n"]
    found = read("a.json", note | {"isTrashed": True}, "keep")
    assert (found.documents, found.dropped) == ([], {"note in the bin": 1})
    with pytest.raises(Unreadable, match=r"Soup\.json has the same note"):
        read("Keep/Soup.html", "<p>It rained.</p>", Keep__Soup_json=note | {"userEditedTimestampUsec": 1})


def test_evernote():
    """The title, and the words of the page; what is attached is not read, and what breaks off is read up to there."""
    note = (
        '<note><title>Soup</title><content><![CDATA[<?xml version="1.0"?><!DOCTYPE en-note SYSTEM "x.dtd"><en-note>'
        "<div>It <b>rained</b>.</div><div><br/></div><div>A lot.</div></en-note>]]></content>"
        '<resource><data encoding="base64">AAAA</data></resource></note>'
    )
    found = read("a.enex", f'<?xml version="1.0"?><en-export>{note}{note}</en-export>', "evernote")
    assert found.documents == ["Soup\nIt rained.\nA lot.\n"] * 2
    assert found.dropped == {"attachment": 2}
    found = read("a.enex", f'<?xml version="1.0"?><en-export>{note}<note><title>Bro')
    assert (len(found.documents), found.note) == (1, "it breaks off after 1 entries, which were read")


def test_journey():
    assert read("1.json", {"date_journal": 1, "text": "<p>It rained.</p>", "type": "html"}, "journey").documents == [
        "It rained.\n"
    ]
    assert read("1.json", {"date_journal": 1, "text": "It rained.", "type": ""}, "journey").documents == [
        "It rained.\n"
    ]


def test_roam():
    """A page is a document, its blocks are lines, in order."""
    blocks = [{"string": "It [[rained]].", "children": [{"string": "A lot."}]}, {"string": "Soup {{embed}}"}]
    found = read("roam.json", [{"title": "A day", "children": blocks}], "roam")
    assert found.documents == ["A day\nIt rained.\nA lot.\nSoup "]


def test_standard_notes():
    """Notes, also those that are JSON in JSON; what is in the bin, and what is no note, is not read."""
    lexical = {
        "root": {
            "children": [
                {"type": "paragraph", "children": [{"type": "text", "text": "It rained."}]},
                {
                    "type": "list",
                    "children": [
                        {"type": "listitem", "children": [{"type": "text", "text": "salt"}]},
                        {"type": "listitem", "children": [{"type": "text", "text": "pepper"}]},
                    ],
                },
            ]
        }
    }
    notes = [
        {"content_type": "Note", "content": {"title": "Soup", "text": "Hot.\n"}},
        {"content_type": "Note", "content": {"title": "", "text": json.dumps(lexical), "noteType": "super"}},
        {"content_type": "Note", "content": {"title": "no", "text": "no", "trashed": True}},
        {"content_type": "Tag", "content": {"title": "tag"}},
    ]  # fmt: skip
    found = read("Standard Notes Backup and Import File.txt", {"version": "004", "items": notes}, "standard notes")
    assert found.documents == ["Soup\nHot.\n", "It rained.\nsalt\npepper\n"]
    assert found.dropped == {"note in the bin": 1}


def test_joplin():
    """Only notes, without what is told about them at their end."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for number, text in enumerate(
            (
                f"Soup\n\nIt rained, see [this](:/{'a' * 32}).\n\nid: 1\nparent_id: 2\ntype_: 1",
                "A folder\n\nid: 2\ntype_: 2",
            )
        ):
            member = tarfile.TarInfo(f"{number}.md")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    assert read("a.jex", stream.getvalue(), "joplin").documents == ["Soup\n\nIt rained, see this."]
