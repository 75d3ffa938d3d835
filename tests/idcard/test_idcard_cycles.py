"""A slice of the insert and lift campaign; the whole is `python -m tests.idcard.cycles`."""

from padpos_drivers.idcard.sim.bench import ReaderBench
from tests.idcard.cycles import Campaign


def test_cards_laid_and_lifted_at_random_give_no_wrong_document_and_no_missed_removal(
    bench: ReaderBench,
) -> None:
    campaign = Campaign(bench, seed=7, restart_every=4)
    campaign.run(8)
    assert campaign.book.failures == []
    assert campaign.book.outcomes["read"] > 0
    for name in ("threads", "descriptors"):
        before, after = campaign.grown[name]
        assert after <= before, name
