"""Documents: Word, OpenDocument, RTF, PDF, books, web pages, subtitles, tables."""

from __future__ import annotations

import pytest

from school.texts.encodings import Unreadable
from school.texts.formats.pdf import paragraphs
from tests.school.texts.formats.reading import read, talk, zip_of

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def docx(body: str, **more: str) -> bytes:
    parts = {"word/document.xml": f"<w:document {W} {MC}><w:body>{body}</w:body></w:document>"}
    return zip_of(parts | {f"word/{name}.xml": text for name, text in more.items()})


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_word():
    """Paragraphs, breaks and tables; footnotes from their own file; not what was deleted, nor twice what is there for
    older programs."""
    body = (
        f"<w:p>{run('The naïve fox ')}<w:ins>{run('ate')}</w:ins><w:del><w:r><w:delText>drank</w:delText></w:r></w:del>"
        f"{run(' soup.')}<w:r><w:footnoteReference/></w:r></w:p><w:p/>"
        f"<w:tbl><w:tr><w:tc><w:p>{run('one')}</w:p></w:tc><w:tc><w:p>{run('two')}</w:p></w:tc></w:tr></w:tbl>"
        f"<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>"
        f"<mc:AlternateContent><mc:Choice><w:p>{run('box')}</w:p></mc:Choice>"
        f"<mc:Fallback><w:p>{run('box')}</w:p></mc:Fallback></mc:AlternateContent>"
    )
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator"><w:p>{run("-")}</w:p></w:footnote>'
        f"<w:footnote><w:p>{run('With salt.')}</w:p></w:footnote></w:footnotes>"
    )
    found = read("a.docx", docx(body, footnotes=notes), "docx")
    assert found.documents == ["The naïve fox ate soup.\none\ntwo\na\tb\nc\nbox\nWith salt.\n"]


ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
)


def test_opendocument():
    """Spans, spaces, tabs and footnotes; a comment and a deletion are no text, but what follows them is."""
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:h>A <text:span>day</text:span></text:h><text:p>The fox<text:s text:c="2"/>ate<text:note>'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>With salt.</text:p></text:note-body>"
        "</text:note> soup<office:annotation><text:p>really?</text:p></office:annotation>, hot<text:line-break/>too."
        "</text:p><text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
    )
    content = (
        f"<office:document-content {ODF}><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    found = read("a.odt", zip_of({"content.xml": content}), "odt")
    assert found.documents == ["A day\nThe fox  ate soup, hot\ntoo.\nWith salt.\none\n"]


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\author Ann}}\pard The na\'efve fox\par ate \b soup\b0"
    rb"{\footnote With salt.}.\par \u8220?Hot\u8221?{\pict\pngblip 89504e470d0a1a0a}\par}"
)


@pytest.mark.parametrize("name", ["a.rtf", "a.txt", "a.doc", "a.md"])
def test_rtf_whatever_it_is_called(name: str):
    """It is known by its first bytes; a footnote follows its word."""
    (text,) = read(name, RTF, "rtf").documents
    assert text.split("\n") == ["The naïve fox", "ate soup With salt..", "“Hot”", ""]


def pdf(*pages: list[str]) -> bytes:
    """A PDF with these lines on its pages, in Helvetica."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for lines in pages:
        stream = "BT /F1 12 Tf 14 TL 50 750 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        f"{out}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    ).encode("latin-1")


LONG = ["The fox came back to the garden this morning and sat", "down beside the soup.", "Then it rained."]


def test_pdf():
    """Page by page; lines that were broken by the page's width are whole again."""
    found = read("a.pdf", pdf(LONG, ["The end."], []), "pdf")
    assert found.documents == [f"{LONG[0]} {LONG[1]}\nThen it rained.\nThe end.\n"]
    assert found.dropped == {"page without text": 1}
    assert paragraphs("The gar\ufffe\r\nden was wet and the fox was not\r\nhappy at all.") == (
        "The garden was wet and the fox was not\nhappy at all."
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [(pdf([]), "pictures of text"), (b"%PDF-1.4\nbroken", "damaged or cut short"), (b"fox", "none of the")],
)
def test_a_pdf_without_text(said: bytes, why: str):
    with pytest.raises(Unreadable, match=why):
        read("a.pdf", said)


def test_a_book():
    """Its chapters in the order of the spine, without the table of contents."""
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="n" href="nav.xhtml" properties="nav"/><item id="b" href="text/two%20b.xhtml"/>'
        '<item id="a" href="text/one.xhtml"/></manifest>'
        '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    page = "<html><head><title>no</title></head><body><h1>{}</h1><p>It <i>rained</i> a\nlot.</p></body></html>"
    book = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "OEBPS/book.opf": opf,
        "OEBPS/nav.xhtml": page.format("Contents"),
        "OEBPS/text/two b.xhtml": page.format("Two"),
        "OEBPS/text/one.xhtml": page.format("One"),
    }
    found = read("a.epub", zip_of(book), "epub")
    assert found.documents == ["One\n\nIt rained a lot.\n\nTwo\n\nIt rained a lot.\n"]


PAGE = """<!DOCTYPE html><html><head><title>Soup</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav><h1>A   day</h1><p>The <b>fox</b> came
back &amp; <a href="https://a.example">sat</a>.<br>Then:</p><ul><li>one</li><li>two <img src="a.png"></li></ul>
<pre>a
  b</pre><table><tr><td>x</td><td>y</td></tr></table><script>alert("no")</script>end</body></html>"""


def test_a_web_page():
    """Its words, block by block; menus, scripts and styles are none."""
    found = read("a.html", PAGE, "html")
    assert found.documents == ["A day\n\nThe fox came back & sat.\nThen:\n\none\ntwo\n\na\nb\n\nx y\n\nend\n"]
    assert found.dropped == {"picture": 1}


def test_a_web_page_says_what_it_is_in():
    page = '<meta charset="windows-1251"><p>Лиса пришла домой и ела суп</p>'.encode("cp1251")
    assert read("a.htm", page).documents == ["Лиса пришла домой и ела суп\n"]


@pytest.mark.parametrize("name", ["messages/inbox/ben_1/message_1.html", "a.html"])
def test_a_chat_as_a_web_page_is_refused(name: str):
    """It doesn't tell whose words are whose."""
    page = "<div>Ann</div><div>hi</div>" if "inbox" in name else '<div class="page_wrap list_page">Ann</div>'
    with pytest.raises(Unreadable, match="export it as JSON"):
        read(name, page)


def test_subtitles():
    """What was said, line by line; numbers, times, styles and sounds are not; lines that roll on are read once."""
    srt = "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i> there.\n\n2\n00:00:03,000 --> 00:00:04,000\n[laughs]\nSoup?\n"
    found = read("a.srt", srt, "subtitles")
    assert found.documents == ["Hello there.\nSoup?\n"]
    assert found.dropped == {"sound": 1}
    vtt = (
        "WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000\n<v Ann>hello <c>there</c>\n\n"
        "00:02.000 --> 00:03.000\n<v Ann>hello there\nsoup?\n"
    )
    found = read("a.vtt", vtt, "subtitles")
    assert found.documents == ["Ann: hello there\nsoup?\n"]
    assert found.dropped == {"line shown again": 1}


def test_a_table():
    """A column that is called so is its text, each row a document; with who speaks they are turns."""
    found = read("a.csv", 'date,text\n2024,It rained.\n2024,\n2024,"Then,\nsoup."\n', "table")
    assert found.documents == ["It rained.", "Then,\nsoup."]
    assert found.dropped == {"empty row": 1}
    assert read("a.tsv", "when\tEntry\n1\tIt rained; a lot\n").documents == ["It rained; a lot"]
    assert talk(read("a.csv", "name;message\nAnn;hi\nAnn;you\nBen;no\n")) == [("Ann", "hi\nyou"), ("Ben", "no")]


def test_a_table_whose_text_nobody_knows():
    """Then its columns are told, and what to type; with the name of one it is read."""
    table = "date,thoughts\n2024,It rained.\n"
    with pytest.raises(
        Unreadable,
        match=r'which column is its text\? It has date, thoughts. Say it once: .* library add.* "a.csv" --column NAME',
    ):
        read("a.csv", table)
    assert read("a.csv", table, column="Thoughts").documents == ["It rained."]


def test_reddit():
    """Each comment or post is a document."""
    comments = (
        "id,permalink,date,ip,subreddit,gildings,link,parent,body,media\na,u,d,,soup,0,l,,It rained &amp; more.,\n"
    )
    found = read("comments.csv", comments + "b,u,d,,soup,0,l,,[removed],\n", "reddit")
    assert found.documents == ["It rained & more."]
    assert found.dropped == {"deleted message": 1}
    posts = "id,permalink,date,ip,subreddit,gildings,title,url,body\na,u,d,,soup,0,Soup,u,It rained.\n"
    assert read("posts.csv", posts, "reddit").documents == ["Soup\n\nIt rained."]
