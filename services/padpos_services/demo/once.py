"""One scenario, played to its end without a person."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from padpos_services.demo import courier, day, summary
from padpos_services.demo.errors import DemoError
from padpos_services.demo.gather import gather
from padpos_services.demo.hands import DRAIN_SECONDS, Hands
from padpos_services.demo.layout import Layout
from padpos_services.demo.observe import observe
from padpos_services.demo.play import Play, Scenario
from padpos_services.demo.player import Played, Player
from padpos_services.demo.reach import Interpreter
from padpos_services.demo.screen import Screen
from padpos_services.demo.search import search
from padpos_services.demo.stage import Stage
from padpos_services.demo.tell import tell
from padpos_services.demo.world import World

LEAST_RUN = 10


async def play_once(
    work: Path, scenario: Scenario, vpcd: Path, head_speed: float, python: Interpreter
) -> bool:
    """Play, settle, stop, sum up: whether all ended as expected."""
    layout = Layout(work)
    stage = Stage(layout, vpcd, head_speed, python)
    try:
        await stage.open(scenario.draw_rate, scenario.freeze_count)
        screen = Screen(layout.screen)
        hands = Hands(stage, World(stage), screen)
        await hands.sign_in()
        results = await _play_all(Player(hands), scenario.plays)
        tell("waiting for the last receipts", "等待回执")
        await screen.until("an empty outbox", lambda s: not any(s["queue"].values()), DRAIN_SECONDS)
        scans = await _scan(stage, results)
        if scenario.closes_day:
            tell("closing the day", "日结")
            await hands.close_day()
            await screen.until("an empty outbox", lambda s: not any(s["queue"].values()), 30)
        houses = await asyncio.to_thread(observe, stage)
    except DemoError:
        _show_logs(layout)
        raise
    finally:
        await stage.close()
    rows: list[dict[str, Any]] = json.loads(
        await stage.office.padpos("ledger", "list", "--json", "--config", str(layout.config))
    )
    await asyncio.to_thread(gather, layout)
    made = summary.summarise(scenario.plays, results, rows, scans)
    made["houses"] = houses
    made["day"] = await day.reckon(layout, stage.office, results, rows, scans)
    made["personal_data_found"] = await asyncio.to_thread(_leaks, layout, scenario.plays)
    made["ok"] = made["ok"] and made["day"]["adds_up"] and not made["personal_data_found"]
    summary.write(made, work)
    _print(made)
    return bool(made["ok"])


async def _play_all(player: Player, plays: tuple[Play, ...]) -> list[Played]:
    results = []
    for number, play in enumerate(plays, 1):
        tell(f"{number}/{len(plays)} {play.title}")
        stays = number < len(plays) and plays[number].shown.same_visit
        results.append(await player.play(play, number, leave_card=stays))
    return results


async def _scan(stage: Stage, results: list[Played]) -> dict[str, str]:
    """What a courier gets for each accepted parcel's newest paper."""
    tell("a courier scans the labels", "快递员扫描面单")
    answers = {}
    for played in results:
        if played.outcome == "accepted" and played.waybill and played.papers:
            png = stage.layout.papers / played.papers[-1]["png"]
            answers[played.waybill] = await courier.opened(
                stage.ports.safenumber, stage.courier_token, png
            )
    return answers


def _leaks(layout: Layout, plays: tuple[Play, ...]) -> list[str]:
    """Files in which a person of the scenario can be found: there must be none."""
    tell("searching everything for personal data", "搜索个人信息")
    texts = set[str]()
    for play in plays:
        texts |= {play.recipient.phone, play.recipient.address, play.sender.phone}
        texts |= {play.sender.address, play.sender.name}
        if play.shown.organisation:
            texts |= {play.shown.organisation.name, play.shown.organisation.code}
        for card in play.cards:
            texts |= card_texts(card.image)
    found = search(layout.root, texts - {""})
    return sorted({str(path.relative_to(layout.root)) for path, _ in found})


def card_texts(image: str) -> set[str]:
    """Runs of text in a card's image, as long as a number or an address: what must not turn up."""
    block = bytes.fromhex(image)[4:260]
    text = block[: len(block) // 2 * 2].decode("utf-16-le", "ignore").replace("\0", " ")
    runs = {run.strip() for run in text.split("  ")} | {text[61:79].strip()}
    return {run for run in runs if len(run) >= LEAST_RUN and run.isprintable()}


def _show_logs(layout: Layout) -> None:
    for log in sorted(layout.logs.glob("*.log")):
        lines = log.read_text("utf-8", "replace").strip().splitlines()[-6:]
        for line in lines:
            click.echo(f"  {log.stem}: {line}", err=True)


def _print(made: dict[str, Any]) -> None:
    for item in made["consignments"]:
        sign = "ok " if item["ok"] else "BAD"
        wrong = f"  [{'; '.join(item['wrong'])}]" if item["wrong"] else ""
        ended = item["outcome"] + (f" ({item['reason']})" if item["reason"] else "")
        click.echo(f"{sign} {ended:32} {item['title']}{wrong}")
    for step, figures in made["figures"].items():
        click.echo(f"    {step:12} {figures['least']:8.1f} … {figures['most']:8.1f} ms")
    for name, line in made["day"]["lines"].items():
        sign = "   " if len(set(line.values())) == 1 else "BAD"
        told = "  ".join(f"{who} {count}" for who, count in line.items())
        click.echo(f"{sign} {name:16} {told}")
    for path in made["personal_data_found"]:
        click.echo(f"BAD personal data in {path}")
    total = len(made["consignments"])
    right = sum(item["ok"] for item in made["consignments"])
    queue = f"{len(made['outbox'])} without a receipt" if made["outbox"] else "all receipted"
    click.echo(f"{right} of {total} as expected, {made['entries']} entries, {queue}")
