"""The schema: compiled afresh, complete, and every field that crosses says what for."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from federation import contract
from federation.methods import METHODS, PACKAGE, PATHS, SCHEMA
from federation.v1 import batch_pb2, common_pb2, home_pb2, mailbox_pb2, notices_pb2, owner_pb2
from federation.wire import MODULES, NOTICE_TYPES, snake_case

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = sorted((ROOT / "proto/federation/v1").glob("*.proto"))
ENUMS = [
    found
    for found in vars(contract).values()
    if isinstance(found, type) and issubclass(found, StrEnum) and found is not StrEnum
]
PERSONAL = {"card", "pin", "name", "message"}


def test_the_generated_code_is_fresh() -> None:
    check = subprocess.run([sys.executable, ROOT / "proto/compile.py", "--check"], capture_output=True, check=False)
    assert (check.returncode, check.stdout.decode()) == (0, "")


SCHEMA_DIGESTS = {2: "16e66afb3fd6d367", 3: "339442c45adc33f4"}
"""Of what each number means. Whoever adds a field, a notice or a method raises `SCHEMA` and adds a line here."""


def test_whatever_is_added_to_the_schema_raises_its_number() -> None:
    described = sorted(
        line for module in (*MODULES, batch_pb2) for line in described_in(module.DESCRIPTOR.serialized_pb)
    )
    digest = hashlib.blake2b("\n".join(described).encode(), digest_size=8).hexdigest()
    assert (max(SCHEMA_DIGESTS), SCHEMA_DIGESTS[SCHEMA]) == (SCHEMA, digest)


def described_in(serialized: bytes) -> Iterator[str]:
    """Every field, word of an enum and method of a file, with its number and type."""
    file = FileDescriptorProto.FromString(serialized)
    for message in file.message_type:
        yield from (f"{message.name}.{f.name} = {f.number} {f.label} {f.type} {f.type_name}" for f in message.field)
    for enum in file.enum_type:
        yield from (f"{enum.name}.{value.name} = {value.number}" for value in enum.value)
    for service in file.service:
        yield from (f"{service.name}.{rpc.name}({rpc.input_type}) {rpc.output_type}" for rpc in service.method)


def test_every_rpc_of_the_schema_is_a_method_and_every_method_an_rpc() -> None:
    modules = (home_pb2, owner_pb2, mailbox_pb2)
    services = [service for module in modules for service in module.DESCRIPTOR.services_by_name.values()]
    paths = {f"/{service.full_name}/{rpc.name}" for service in services for rpc in service.methods}
    assert paths == set(PATHS)
    assert all(module.DESCRIPTOR.package == PACKAGE for module in MODULES)


def test_every_method_has_the_messages_that_the_schema_gives_it() -> None:
    for method in METHODS:
        service, rpc = method.path.rsplit("/", 1)[0].rsplit(".", 1)[1], method.path.rsplit("/", 1)[1]
        module = {"Home": home_pb2, "Owner": owner_pb2}[service]
        found = module.DESCRIPTOR.services_by_name[service].methods_by_name[rpc]
        assert (found.input_type.name, found.output_type.name) == (method.request.__name__, method.response.__name__)
        members = {field.name for field in found.output_type.oneofs_by_name["decision"].fields}
        assert members == {snake_case(kind.__name__) for kind in method.decisions}


def test_the_oneof_of_notices_has_every_notice() -> None:
    members = notices_pb2.Notice.DESCRIPTOR.oneofs_by_name["notice"].fields
    assert [member.name for member in members] == [snake_case(kind.__name__) for kind in NOTICE_TYPES]


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_every_enum_has_every_member_and_zero_means_unspecified(kind: type[StrEnum]) -> None:
    module = next(module for module in MODULES if kind.__name__ in module.DESCRIPTOR.enum_types_by_name)
    known = module.DESCRIPTOR.enum_types_by_name[kind.__name__]
    prefix = snake_case(kind.__name__).upper()
    names = [value.name for value in known.values]
    assert names == [f"{prefix}_UNSPECIFIED", *(f"{prefix}_{member.name}" for member in kind)]
    assert known.values_by_number[0].name == f"{prefix}_UNSPECIFIED"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_every_field_that_crosses_says_what_for(path: Path) -> None:
    fields = re.findall(r"^ +[\w. ]+ = \d+(?: \[.*\])?;.*$", path.read_text(), re.MULTILINE)
    fields = [line for line in fields if not re.match(r"^ +[A-Z_]+ =", line)]
    assert fields
    assert [line for line in fields if not re.search(r"; +// \w", line)] == []


def test_personal_fields_are_marked_so() -> None:
    messages = [m for module in MODULES for m in module.DESCRIPTOR.message_types_by_name.values()]
    fields = [
        field
        for message in messages
        for field in message.fields
        if field.name in PERSONAL and field.type == field.TYPE_STRING
    ]
    assert {field.name for field in fields} == PERSONAL
    assert [field.full_name for field in fields if not field.GetOptions().debug_redact] == []
    assert common_pb2.Refused.DESCRIPTOR.fields_by_name["title"].GetOptions().debug_redact is False
