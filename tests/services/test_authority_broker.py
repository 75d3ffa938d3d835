"""The broker's configuration keeps terminals apart, whatever client they use."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from padpos.wire.facts import ClerkFacts
from padpos.wire.messages import EntryMessage, down_topic, up_topic

if TYPE_CHECKING:
    from tests.services.conftest import Authority, Terminal


CLERK = ClerkFacts("c-1", True)


def tool(program: str, authority: Authority, who: Any, *arguments: str) -> list[str]:
    return [program, "-h", "127.0.0.1", "-p", str(authority.broker.port), "-V", "5", "-q", "1",
            "--cafile", str(who.folder / "ca.pem"), "--cert", str(who.folder / "tls.pem"),
            "--key", str(who.folder / "tls-key.pem"), *arguments]  # fmt: skip


def listen(authority: Authority, who: Any, *topics: str) -> subprocess.Popen[bytes]:
    wanted = [word for topic in topics for word in ("-t", topic)]
    command = tool("mosquitto_sub", authority, who, "-W", "3", "-F", "%t", *wanted)
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return started


def test_another_terminal_sees_none_of_this_ones_messages(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    spy = new_terminal()
    spy.disconnect()
    listening = listen(authority, spy, "#", "padpos/1/#", up_topic(terminal.name, "#"),
                       "$share/ingest/padpos/1/up/+/entry", down_topic(spy.name, "#"))  # fmt: skip
    authority.run("publish", "keys", "--terminal", spy.name)
    assert terminal.send(CLERK) == (0, None)
    heard = listening.communicate(timeout=10)[0].decode().split()
    spy.connect()
    assert down_topic(spy.name, "keys") in heard, "the spy did hear what is its own"
    assert not [topic for topic in heard if terminal.name in topic]


def test_another_terminal_can_write_nothing_in_this_ones_name(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    forger = new_terminal()
    forger.disconnect()
    message, digest = terminal.make(CLERK)
    (forger.folder / "message").write_bytes(message)
    for topic in (up_topic(terminal.name, "entry"), down_topic(terminal.name, "receipt")):
        command = tool("mosquitto_pub", authority, forger, "-t", topic, "-f",
                       str(forger.folder / "message"))  # fmt: skip
        subprocess.run(command, capture_output=True, check=False, timeout=10)
    forger.connect()
    assert terminal.send(ClerkFacts("c-2", True)) == (0, None)
    assert authority.rows("SELECT 1 FROM entry WHERE hash = ?", digest) == []
    assert terminal.received.empty()
    terminal.publish("entry", message)
    assert terminal.word_on(digest) == (0, None), "the same bytes pass in the right name"


def test_another_terminals_client_id_does_not_end_this_ones_session(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    thief = new_terminal()
    thief.disconnect()
    for stolen in (terminal.name, "authority"):
        command = tool("mosquitto_pub", authority, thief, "-i", stolen,
                       "-t", up_topic(thief.name, "status"), "-m", "x")  # fmt: skip
        subprocess.run(command, capture_output=True, check=True, timeout=10)
    thief.connect()
    broker_log = (authority.broker.folder / "mosquitto.log").read_text()
    assert f"Client {terminal.name} already connected" not in broker_log
    assert "Client authority already connected" not in broker_log
    assert terminal.send(CLERK) == (0, None)
    assert authority.counted("malformed", thief.name) == 2, "the thief did get through, as itself"


def test_one_terminals_entry_in_anothers_topic_is_refused(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    other = new_terminal()
    other.publish("entry", EntryMessage(other.genesis, None, None).to_bytes())
    message, digest = terminal.make(CLERK)
    other.publish("entry", message)  # the ACL lets it write under its own name
    other.send(CLERK)
    assert authority.counted("wrong-key", other.name) == 1
    assert authority.rows("SELECT 1 FROM entry WHERE hash = ?", digest) == []
    terminal.publish("entry", message)
    assert terminal.word_on(digest) == (0, None)
