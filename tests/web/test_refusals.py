"""What an upload is refused for is said in the reader's language, with what to do."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from uptake.core.errors import UptakeError
from uptake.web.common.messages import say, say_error
from web_world import World

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
HEADER = "Report Refresh Date,User Principal Name,Last Activation Date,Last Activity Date,Report Period,Windows,Mac,Mobile,Web\r\n"


@pytest.mark.parametrize(
    ("path", "name", "body"),
    [
        ("usage/import/", "x.csv", b""),
        ("usage/import/", "x.csv", b"nothing,here\n1,2\n"),
        ("usage/import/", "x.csv", b"\x00\x01\x02"),
        ("usage/import/", "x.json", b"{}"),
        ("usage/import/", "x.json", b"{"),
        ("usage/import/", "x.csv", HEADER.encode("utf-16")),
        ("rollout/inventory/", "x.csv", b""),
        ("rollout/inventory/", "x.csv", b"a,b\n1,2\n"),
        ("rollout/inventory/", "x.csv", b"device,user\n"),
        ("rollout/inventory/", "x.csv", b"\xff\xff\xff\x81"),
    ],
)
def test_a_refusal_is_in_the_language_of_the_reader_and_names_the_file(
    world: World, path: str, name: str, body: bytes
) -> None:
    client = world.client(world.member)
    client.post("/language/", {"language": "ja"})
    answer = client.post(f"/e/{world.row.pk}/{path}", {"file": SimpleUploadedFile(name, body)})
    assert answer.status_code == 422, (answer.status_code, path)
    errors = [str(each) for found in answer.context["form"].errors.values() for each in found]
    assert errors
    for each in errors:
        assert JAPANESE.search(each), each


@pytest.mark.parametrize(
    "message",
    [
        "no result was found in this file: line 1: no JSON",
        "the workbook has no sheet “VBA Results”",
        "the sheet “VBA Results 1” has no columns Severity and Source File",
        "no device was found in these files: a.txt: it is no evidence",
        "more than 50,000 files",
        "a.zip is no zip that can be read",
        "x.csv (m365_app_user_detail) is one page of several",
        "x.csv has 25 rows and seems to be cut off",
        "import the usage report first, then the licences",
        "the upload unfolds to too much",
        "x.csv cannot be read from line 7 on: unexpected end of data",
        "50 % of all.csv is empty",
    ],
)
def test_what_the_background_refuses_has_a_japanese_form(message: str) -> None:
    with translation.override("ja"):
        assert JAPANESE.search(say(message)), message


def test_a_sentence_without_a_form_keeps_what_to_do() -> None:
    assert say_error(UptakeError("the moon is full", hint="Wait a week.")) == "the moon is full. Wait a week."
    assert say_error(UptakeError("the moon is full")) == "the moon is full"
