"""The password of `tongjie kiosk` comes from a file, a demo's world or the keyboard, and not from the command line."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk_sim.commands.kiosk import command

HERE = ["--connect", "127.0.0.1:1", "--login", "CQCQ-SC1", "--load", "1"]


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(command, [*HERE, *arguments])
    assert done.exit_code == 1
    return done.output


def test_a_login_that_the_world_does_not_have_is_told(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"libraries": [{"terminals": [{"login": "CQBB-SC1", "password": "s3cret"}]}]}))
    out = refused("--world", str(world))
    assert "CQCQ-SC1: no such login in this file" in out
    assert "s3cret" not in out


def test_without_a_file_and_without_a_keyboard_it_says_what_to_use() -> None:
    assert "--password-file" in refused()


@pytest.mark.parametrize("option", ["--password-file", "--world"])
def test_the_password_of_the_file_is_what_is_sent(tmp_path: Path, option: str) -> None:
    secret = tmp_path / "secret"
    world = {"libraries": [{"terminals": [{"login": "CQCQ-SC1", "password": "s3cret"}]}]}
    secret.write_text("s3cret\n" if option == "--password-file" else json.dumps(world))
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            line, _ = server.accept()
            heard.append(line.recv(1024))
            line.close()

        listening = threading.Thread(target=listen)
        listening.start()
        where = ["--connect", f"127.0.0.1:{server.getsockname()[1]}", "--connections", "1"]
        CliRunner().invoke(command, [*HERE, *where, option, str(secret)])
        listening.join()
    assert b"COs3cret|" in heard[0]
