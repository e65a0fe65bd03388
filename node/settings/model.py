"""What all settings models share: strict frozen models, types that files write as text, and problems in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from types import UnionType
from typing import Annotated, Final, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from node.settings.toml_file import KeyPath, Problem, TomlFile

Rows = TypeVar("Rows", bound=tuple[object, ...])


class Settings(BaseModel):
    """A table of a settings file: no unknown keys, no conversions ("3" is not 3), frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a TCP port, written "host:port" ("[::1]:6052" for IPv6)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _endpoint(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"{value!r} is not host:port; write it as in 127.0.0.1:6052")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"{value!r} is not host:port; write an IPv6 address as in [::1]:6052")
    return Endpoint(host.strip("[]"), int(port))


def folder_of(info: ValidationInfo) -> Path:
    """The folder of the file that is being read: relative paths in it start there."""
    context: Mapping[str, Path] = info.context or {}
    return context.get("folder", Path()).absolute()


def _resolved(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        return value
    if not value:
        raise ValueError("the path is empty; name a file")
    return (folder_of(info) / value).resolve()


def _at_least_one(rows: Rows) -> Rows:
    if not rows:
        raise ValueError("none given; add one")
    return rows


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for each in value:
        try:
            ip_network(each)
        except ValueError:
            raise ValueError(f"{each!r} is no address or network; write 10.1.2.3 or 10.0.0.0/8") from None
    return value


Networks = Annotated[tuple[str, ...], AfterValidator(_networks)]

EndpointText = Annotated[Endpoint, BeforeValidator(_endpoint)]
FilePath = Annotated[Path, BeforeValidator(_resolved)]

# not `min_length`: that also counts the rows which are wrong in themselves
Filled = AfterValidator(_at_least_one)

Model = TypeVar("Model", bound=Settings)


def validated(model: type[Model], file: TomlFile) -> Model:
    """The file's values as `model`. SettingsError names every key that is unknown, missing or wrong."""
    try:
        return model.model_validate(file.values, context={"folder": file.path.parent})
    except ValidationError as error:
        raise file.error(_problems(model, error.errors(include_url=False))) from None


def closest(word: str, choices: Iterable[str]) -> str:
    """ "; did you mean ...?" if one of the choices is near, else the choices."""
    choices = list(choices)
    near = difflib.get_close_matches(word, choices, n=1)
    return f"; did you mean {near[0]}?" if near else f"; use one of {', '.join(choices) or '(none)'}"


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The declarations of a table by the key that files write."""
    return {declared.alias or name: declared for name, declared in model.model_fields.items()}


def table_of(declared: FieldInfo) -> type[BaseModel] | None:
    """The model of a key that holds a table or an array of tables."""
    return _model_in(declared.annotation)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, UnionType):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None


def _problems(model: type[BaseModel], errors: Iterable[ErrorDetails]) -> Iterator[Problem]:
    errors = list(errors)
    guesses = {near for error in errors if (near := _typo_of(model, error))}
    for error in errors:
        # a mistyped required key is one mistake, not two
        if error["type"] != "missing" or error["loc"] not in guesses:
            yield Problem(error["loc"], _words(model, error))


def _typo_of(model: type[BaseModel], error: ErrorDetails) -> KeyPath | None:
    *table, key = error["loc"] or ("",)
    if error["type"] != "extra_forbidden":
        return None
    near = difflib.get_close_matches(str(key), _known(model, tuple(table)), n=1)
    return (*table, near[0]) if near else None


def _words(model: type[BaseModel], error: ErrorDetails) -> str:
    *table, key = error["loc"] or ("",)
    known = _known(model, tuple(table))
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key{closest(str(key), known)}"
        case "missing":
            return f"missing; add it ({known[str(key)].description})"
        case "value_error":
            return str(error["ctx"]["error"])
        case "literal_error":
            choices = error["ctx"]["expected"].replace(" or ", ", ")
            return f"{error['input']!r} is not possible; use one of {choices}"
    words = re.sub(r"^(Input|String|Tuple|Value) should", "should", error["msg"])
    shown = isinstance(error["input"], str | int | float) and not _is_secret(model, error["loc"])
    return f"{words}, not {error['input']!r}" if shown else words


_NO_KEYS: Final[dict[str, FieldInfo]] = {}


def _known(model: type[BaseModel], table: KeyPath) -> dict[str, FieldInfo]:
    """The keys of the table at a path."""
    current: type[BaseModel] | None = model
    for part in table:
        if isinstance(part, str) and current is not None:
            declared = keys_of(current).get(part)
            current = table_of(declared) if declared else None
    return keys_of(current) if current else _NO_KEYS


def _is_secret(model: type[BaseModel], path: KeyPath) -> bool:
    words = [part for part in path if isinstance(part, str)]
    declared = _known(model, tuple(words[:-1])).get(words[-1]) if words else None
    return declared is not None and not declared.repr
