"""Mail: what people wrote themselves, thread by thread."""

from __future__ import annotations

import pytest

from tests.school.texts.formats.reading import read, talk

ANN, BEN = "Ann <ann@a.example>", "Ben <Ben@b.example>"


def mail(who: str, body: str, *headers: str, kind: str = "text/plain; charset=utf-8") -> str:
    more = "".join(f"{header}\n" for header in headers)
    return f"From - Mon Jan 01 10:00:00 2024\nFrom: {who}\nContent-Type: {kind}\n{more}\n{body}\n\n"


BOX = (
    mail(
        ANN,
        "Dear Ben,\nhow is\n>From here it looks fine.\n-- \nAnn\nPhone 555",
        "Message-ID: <1>",
        "X-Gmail-Labels: Sent",
    )
    + mail(BEN, "A newsletter", "Message-ID: <9>")
    + mail(BEN, "Fine.\n\nOn Mon, Jan 1, Ann wrote:\n> Dear Ben,\n> how is", "Message-ID: <2>", "In-Reply-To: <1>")
    + mail(ANN, "> Fine.\nyou: good\n", "Message-ID: <3>", "References: <1> <2>", "X-Gmail-Labels: Sent,Important")
)


def test_threads():
    """Each thread is a conversation; quotations and signatures are left out; who sent is the owner."""
    found = read("All mail.mbox", BOX, "mail")
    assert found.documents == [
        [
            ("ann@a.example", "Dear Ben,\nhow is\nFrom here it looks fine."),
            ("ben@b.example", "Fine."),
            ("ann@a.example", "you: good"),
        ],
        [("ben@b.example", "A newsletter")],
    ]
    assert found.owner == {"ann@a.example"}
    assert found.dropped == {"signature": 1, "quotation": 1, "quoted line": 1}


@pytest.mark.parametrize(
    ("box", "owner"),
    [
        (mail(ANN, "hi") + mail(ANN, "hello"), {"ann@a.example"}),
        (mail(ANN, "hi", "Delivered-To: ben@b.example") + mail(BEN, "hello"), {"ben@b.example"}),
        (mail(ANN, "hi") + mail(BEN, "hello"), set()),
    ],
)
def test_whose_mail_it_is(box: str, owner: set[str]):
    """Who wrote all of it, or to whom it was delivered; else nobody knows."""
    assert read("a.mbox", box).owner == owner


def test_what_mail_is_made_of():
    """Web pages, flowed lines, encoded letters, several parts, unknown encodings."""
    html = mail(ANN, "<p>It <b>rained</b>.</p>", kind="text/html; charset=utf-8")
    assert talk(read("a.mbox", html)) == [("ann@a.example", "It rained.")]
    flowed = mail(ANN, "It rained \nand rained.\nThen soup.", kind="text/plain; format=flowed")
    assert talk(read("a.mbox", flowed)) == [("ann@a.example", "It rained and rained.\nThen soup.")]
    quoted = mail(
        ANN, "caf=E9 =\nsoup", "Content-Transfer-Encoding: quoted-printable", kind="text/plain; charset=latin-1"
    )
    assert talk(read("a.mbox", quoted)) == [("ann@a.example", "café soup")]
    wrapped = mail(ANN, "Yes.\n\nOn Mon, Jan 1, 2024 at 10:00 AM Ben Broth\n<ben@b.example> wrote:\n\n> hi")
    assert talk(read("a.mbox", wrapped)) == [("ann@a.example", "Yes.")]
    parts = "--x\nContent-Type: text/html\n\n<p>no</p>\n--x\nContent-Type: text/plain\n\nyes\n--x--"
    assert talk(read("a.mbox", mail(ANN, parts, kind='multipart/alternative; boundary="x"'))) == [
        ("ann@a.example", "yes")
    ]
    strange = read("a.mbox", mail(ANN, "soup", kind="text/plain; charset=no-such"))
    assert strange.dropped["mail that can't be decoded"] + len(strange.documents) == 1


def test_a_mail_by_itself():
    found = read("a.eml", f"From: {ANN}\nSubject: hi\n\nIt rained.\n", "mail")
    assert talk(found) == [("ann@a.example", "It rained.")]
