"""How the demo speaks: steps as text and as JSON, verdicts, and what a broken step becomes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import cast

import pytest
import pytest_twisted
from rich.console import Console

from kiosk_sim.city import plan, story
from kiosk_sim.city.account import Lang, Notebook, StepResult, Words
from kiosk_sim.city.city import city
from kiosk_sim.city.layout import write_settings
from kiosk_sim.city.plan import all_codes
from kiosk_sim.city.scene import Scene, Step
from kiosk_sim.city.telling import Telling, kiosk_command, kiosk_lines
from kiosk_sim.client import ENGLISH, NoAnswer
from kiosk_sim.commands.demo import DEFAULT_BASE_PORT
from node.settings.library import load_node_settings

GOOD = StepResult(1, "借书", "Borrowing", ("did",), ("lent",), ("12: ok=1",), (True,))
BAD = StepResult(2, "还书", "Returning", ("did",), ("taken",), ("10: ok=0 [red]",), (False,))


def told(lang: Lang, as_json: bool, *results: StepResult) -> str:
    out = io.StringIO()
    telling = Telling(Console(file=out, width=40), lang, as_json)
    for result in results:
        telling.step(result)
    telling.summary(results, 3.2)
    return out.getvalue()


def test_plain_text_names_each_step_and_its_checks_in_the_chosen_language() -> None:
    text = told("en", False, GOOD, BAD)
    assert "✓  1 Borrowing" in text
    assert "✗  2 Returning" in text
    assert "10: ok=0 [red]" in text
    assert "1 of 2 steps went wrong: 2 (3 s)" in text
    assert "借书" in told("zh", False, GOOD)
    assert "\x1b" not in text


def test_json_is_one_object_a_step_and_nothing_else() -> None:
    lines = told("zh", True, GOOD, BAD).splitlines()
    assert [json.loads(line)["ok"] for line in lines] == [True, False]
    assert json.loads(lines[0])["name_en"] == "Borrowing"


def test_a_step_that_checked_nothing_is_not_ok() -> None:
    assert not Notebook("zh").result(1, Words("空", "empty")).ok


async def breaks_off(scene: Scene, book: Notebook) -> None:
    raise NoAnswer("silence")


async def goes_well(scene: Scene, book: Notebook) -> None:
    book.check(Words("做", "did"), Words("好", "well"), "well", True)


@pytest_twisted.ensureDeferred
async def test_a_step_without_answer_fails_and_the_story_goes_on() -> None:
    steps = [Step(Words("断", "broken"), breaks_off), Step(Words("续", "next"), goes_well)]
    results = [result async for result in story.tell(cast(Scene, None), "en", steps)]
    assert [result.ok for result in results] == [False, True]
    assert "NoAnswer: silence" in results[0].got[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_step_of_the_story_has_a_name_in_both_languages(lang: Lang) -> None:
    names = [step.name.of(lang) for step in story.STORY]
    assert all(names)


def directions(lang: Lang, tmp_path: Path) -> str:
    out = io.StringIO()
    Telling(Console(file=out, width=60), lang, False).directions(city(tmp_path, ["CQSPB", "CQBB"], 7000), tmp_path)
    return out.getvalue()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_visitors_are_told_the_address_of_each_status_page_and_what_to_do_next(lang: Lang, tmp_path: Path) -> None:
    text = directions(lang, tmp_path)
    laid_out = city(tmp_path, ["CQSPB", "CQBB"], 7000)
    for branch in laid_out.branches:
        assert f"http://127.0.0.1:{branch.library.http_port}/" in text
    assert f"  {' '.join(kiosk_command(laid_out, lang))}\n" in text
    assert all(f"  > {line}\n" in text for line in kiosk_lines(laid_out))


def test_no_folder_is_named_that_the_demo_takes_away_again(tmp_path: Path) -> None:
    out = io.StringIO()
    telling = Telling(Console(file=out, width=60), "en", False)
    telling.opening(city(tmp_path, ["CQSPB"], 7000))
    telling.what_next()
    assert str(tmp_path) not in out.getvalue()
    assert "tongjie demo --serve" in out.getvalue()


def test_the_readme_has_the_very_lines_that_make_a_kiosk_of_the_demo() -> None:
    usual = city(Path("/nowhere/city"), plan.DEFAULT_CODES, DEFAULT_BASE_PORT)
    readme = (Path(__file__).resolve().parent.parent.parent / "README.md").read_text("utf-8")
    assert ".venv/bin/tongjie demo --serve " in readme
    assert f"\n.venv/bin/{' '.join(kiosk_command(usual, 'zh')[:-2]).replace('/nowhere/', '')}\n" in readme
    assert f"\n{kiosk_lines(usual)[1]} " in readme


def test_a_city_in_english_has_english_names_and_terminals_that_speak_english_where_a_request_names_no_language(
    tmp_path: Path,
) -> None:
    english = city(tmp_path / "city", all_codes(), 7000, items=1, readers=1, language=ENGLISH)
    write_settings(english)
    for branch in english.branches:
        settings = load_node_settings(branch.config(english.root))
        assert settings.entry.english == branch.library.name_en != branch.library.code
        assert settings.entry.english.isascii()
        assert {terminal.language for terminal in settings.terminals} == {ENGLISH}
