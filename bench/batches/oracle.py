"""The oracle: what the authority holds and what lies on paper, against the customer's file."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bench.batches.papers import Paper
from bench.batches.people import Parcel
from padpos.wire import entry as wire_entry
from padpos.wire import envelope, label_code, signed
from padpos.wire.envelope import Binding
from padpos.wire.facts import ConsignmentFacts, DrawFacts, EndedFacts, Facts, LabelFacts
from padpos.wire.keys import sealing_private
from padpos.wire.personal import SealedConsignment
from padpos_services.authority import keyfiles, store
from padpos_services.authority.home import Home
from padpos_services.demo.layout import TERMINAL, Layout
from padpos_services.safenumber import keyring
from padpos_services.safenumber.home import Home as CarrierHome


class Oracle:
    """Opens what the terminal can't: with the authority's key and the carrier's."""

    def __init__(self, layout: Layout) -> None:
        home = Home(layout.authority)
        self._upload = keyfiles.load_private(home.opening / "private.json", "upload")
        (self._label,) = keyring.label_keys(CarrierHome(layout.carrier))
        self.facts: list[Facts] = []
        self._sealed: dict[bytes, bytes] = {}
        self._read(home)

    def _read(self, home: Home) -> None:
        database = store.connect(home.database)
        bodies = {row["sha256"]: row["body"] for row in database.execute("SELECT * FROM envelope")}
        for row in database.execute("SELECT raw FROM entry ORDER BY seq"):
            _, payload, _ = signed.parts(signed.What.ENTRY, row["raw"])
            read = wire_entry.read_payload(payload)
            self.facts.append(read.facts)
            if isinstance(read.facts, ConsignmentFacts) and read.sealed is not None:
                self._sealed[read.facts.consignment] = bodies[read.sealed.sha256]
        database.close()

    def wrong(self, wanted: list[Parcel], papers: list[Paper]) -> list[str]:
        """Everything that is not as it must be, in words."""
        made = [each for each in self.facts if isinstance(each, ConsignmentFacts)]
        return [
            *self._entries(made, wanted),
            *self._labels(made, papers),
            *_draws(self.facts, made),
            *(f"a parcel ended: {e.reason}" for e in self.facts if isinstance(e, EndedFacts)),
        ]

    def sleeps(self, wanted: list[Parcel], papers: list[Paper]) -> list[str]:
        """What it would not notice, of a world that was whole: there must be nothing."""
        lies = {
            "a paper less": (wanted, papers[1:]),
            "a paper twice": (wanted, [*papers, papers[-1]]),
            "a row less": (wanted[1:], papers),
            "a row more": ([*wanted, replace(wanted[0], phone="19999999999")], papers),
        }
        return [lie for lie, (rows, lying) in lies.items() if not self.wrong(rows, lying)]

    def _entries(self, made: list[ConsignmentFacts], wanted: list[Parcel]) -> Iterable[str]:
        private = sealing_private(self._upload.alg, self._upload.secret)
        found: Counter[Parcel] = Counter()
        for each in made:
            binding = Binding(TERMINAL, "consignment", each.consignment)
            raw = self._sealed[each.consignment]
            content, _ = envelope.open_envelope(raw, binding, self._upload.public.id, private)
            plain = SealedConsignment.from_padded(content)
            to = plain.recipient
            found[Parcel(to.name, to.phone, to.address, plain.contents, each.grams)] += 1
        yield from (f"{found[p]} entries for a row" for p in wanted if found[p] != 1)
        yield from ("an entry for no row of the file" for p in found.keys() - set(wanted))
        numbers = Counter(each.waybill for each in made)
        yield from (f"{n} entries with one number" for n in numbers.values() if n != 1)

    def _labels(self, made: list[ConsignmentFacts], papers: list[Paper]) -> Iterable[str]:
        newest: dict[str, LabelFacts] = {}
        for fact in self.facts:
            if isinstance(fact, LabelFacts):
                newest[fact.waybill] = fact
        lie_there: dict[str, list[bytes]] = defaultdict(list)
        for paper in papers:
            lie_there[paper.waybill].append(paper.code)
        for each in made:
            said = newest.get(each.waybill)
            if said is None or said.status != "printed":
                yield "a parcel whose label nobody vouched for"
                continue
            codes = lie_there.pop(each.waybill, [])
            valid = [code for code in codes if label_code.code_hash(code) == said.code_hash]
            if len(valid) != 1:
                yield f"{len(valid)} valid labels for a parcel, {len(codes)} papers"
            else:
                yield from self._opens(valid[0], each, said.generation)
        yield from ("a paper of no parcel" for _ in lie_there)

    def _opens(self, code: bytes, each: ConsignmentFacts, generation: int) -> Iterable[str]:
        plain = label_code.open_code(code, self._label.public, self._label.private)
        if (plain.waybill, plain.generation) != (each.waybill, generation):
            yield "a label code of another parcel or generation"


def _draws(facts: list[Facts], made: list[ConsignmentFacts]) -> Iterable[str]:
    draws = [fact for fact in facts if isinstance(fact, DrawFacts)]
    yield from (
        f"{n} draws for one parcel"
        for n in Counter(draw.consignment for draw in draws).values()
        if n != 1
    )
    days: dict[str, list[int]] = defaultdict(list)
    for draw in draws:
        days[draw.day].append(draw.n)
    for numbers in days.values():
        if numbers != list(range(1, len(numbers) + 1)):
            yield "draws out of their order"
    for each in made:
        marks = {mark.mark for mark in each.marks}
        if each.draw is None or (each.draw.drawn and "inspected" not in marks):
            yield "a drawn parcel with a label and without inspection"
