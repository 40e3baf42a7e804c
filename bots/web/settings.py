"""The settings of the web face: its pages, the overlay, and the endpoint that speaks like OpenAI's."""

from __future__ import annotations

from pydantic import Field

from school.office.settings import EXPERT, Slice


class WebSettings(Slice):
    enabled: bool = Field(False, description="show it on pages in a browser; `make wakeup WEB=1` does for one time")
    host: str = Field(
        "127.0.0.1",
        description="where it listens: at this machine alone; 0.0.0.0: its whole network, with a key that is made then",
    )
    port: int = Field(8088, ge=0, le=65_535, description="port to listen at; 0: any that is free")
    api: bool = Field(True, description="answer programs, too, that speak with it as they do with OpenAI's models")
    learn_from_api: bool = Field(
        False, description="keep what such programs ask, and learn from the marks that they give its answers"
    )
    requests_a_minute: int = Field(
        30, ge=1, le=6000, description="questions that programs may ask in a minute; more are told when to come again"
    )
    lessons_an_hour: int = Field(
        20, ge=1, le=1000, description="marks of programs that may become lessons in an hour", json_schema_extra=EXPERT
    )
    captions: bool = Field(
        False, description="show in the overlay what it reads; of texts that are public alone, of others nothing"
    )
