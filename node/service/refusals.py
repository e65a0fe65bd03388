"""Refusals as they are stored: the reason a decision was "no", kept with its row."""

from pydantic import TypeAdapter

from federation.contract import Refused

_REFUSED = TypeAdapter(Refused)


def stored(refused: Refused) -> str:
    return _REFUSED.dump_json(refused, exclude_defaults=True).decode()


def restored(text: str) -> Refused:
    return _REFUSED.validate_json(text)
