"""Machine-readable zones: read as ICAO prints them, typed as people do, refused when misread."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos_drivers.idcard.emrtd import mrz, typed
from padpos_drivers.idcard.emrtd.errors import MrzInvalid
from padpos_drivers.idcard.emrtd.places import Zone
from padpos_drivers.idcard.sim.emrtd import lds
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS, Traveller

# The specimens of Doc 9303 parts 4, 5 and 6, and the long number of part 11, appendix D.2.
TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
TD2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
LONG = (
    "I<UTOD23145890<7349<<<<<<<<<<<",
    "3407127M9507122UTO<<<<<<<<<<<2",
    "STEVENSON<<PETER<JOHN<<<<<<<<<",
)
# Whose zones have places of their own.
PERMITS = ("回乡证", "台胞证", "往来港澳", "往来台湾")


@pytest.mark.parametrize(
    ("lines", "zone", "number"),
    [(TD1, Zone.TD1, "D23145890"), (TD2, Zone.TD2, "D23145890"), (TD3, Zone.TD3, "L898902C3")],
    ids=["TD1", "TD2", "TD3"],
)
def test_the_specimens_of_icao_are_read(lines: tuple[str, ...], zone: Zone, number: str) -> None:
    found = mrz.parse("".join(lines))
    assert (found.zone, found.number, found.issuer, found.nationality) == (
        *(zone, number),
        *("UTO", "UTO"),
    )
    assert (found.surname, found.given, found.sex) == ("ERIKSSON", "ANNA MARIA", "F")
    assert (found.birth, found.expiry) == ("740812", "120415")
    assert found.key.decode() == f"{mrz_field(number)}{mrz_field('740812')}{mrz_field('120415')}"


def mrz_field(text: str) -> str:
    return text + mrz.check_digit(text)


def test_check_digits_are_those_of_the_standards_examples() -> None:
    # Doc 9303-3 §4.9 and its appendix: dates, a number, a whole line.
    assert mrz.check_digit("520727") == "3"
    assert mrz.check_digit("AB2134<<<") == "5"
    assert mrz.check_digit("L898902C<") == "3"
    assert mrz.check_digit("HA672242<658022549601086<<<<<<<<<<<<<<0") == "8"


@pytest.mark.parametrize("name", PERMITS)
def test_permits_are_read_from_places_of_their_own(name: str) -> None:
    holder = TRAVELLERS[name]
    found = mrz.parse("".join(lds.chip_lines(holder)))
    assert found.zone in {Zone.RESIDENT_PERMIT, Zone.EXIT_PERMIT_CHIP}
    assert (found.code, found.number, found.sex) == (holder.code, holder.number, holder.sex)
    assert (found.surname, found.given) == (holder.surname, holder.given)
    assert (found.issuer, found.nationality) == ("CHN", "CHN")
    printed = mrz.parse("".join(lds.printed(holder)))
    assert printed.key == found.key == lds.mrz_information(holder)


def test_a_permits_line_is_laid_out_as_its_holders_card_has_it() -> None:
    assert lds.printed(TRAVELLERS["回乡证"])[0] == "CRH000000814<012804040M0208080"
    assert lds.printed(TRAVELLERS["往来港澳"]) == ["CSC000001056<3006069<0709071<6"]


def test_an_icao_card_with_a_permits_letters_is_still_icaos() -> None:
    lines = ("CR" + TD1[0][2:], TD1[1], TD1[2])
    assert mrz.parse("".join(lines)).zone is Zone.TD1


def test_a_zone_may_be_typed_in_lines_with_blanks_small_or_as_three_fields() -> None:
    key = mrz.parse("".join(TD3)).key
    assert typed.key_of("\n".join(TD3)) == key
    assert typed.key_of(" ".join(line.lower() for line in TD3)) == key
    assert typed.key_of(TD3[0].replace("<<", "«") + "\r\n" + TD3[1]) == key
    assert typed.key_of("L898902C3 740812 120415") == key
    for name in PERMITS:
        assert typed.key_of("\n".join(lds.printed(TRAVELLERS[name]))) == lds.mrz_information(
            TRAVELLERS[name]
        )


def test_letters_read_for_digits_are_mended_where_only_digits_can_stand() -> None:
    key = mrz.parse("".join(TD3)).key
    misread = TD3[1].replace("7408122", "74OB1ZZ").replace("1204159", "I2O4I59")
    assert typed.key_of(TD3[0] + misread) == key
    with pytest.raises(MrzInvalid):  # a number may hold letters: nothing is guessed there
        typed.key_of(TD3[0] + TD3[1].replace("L898902C", "L8989O2C"))


@pytest.mark.parametrize("lines", [TD1, TD2, TD3, LONG])
def test_every_single_wrong_digit_that_a_check_digit_covers_is_caught(
    lines: tuple[str, ...],
) -> None:
    zone = "".join(lines)
    places = mrz.parse(zone).zone.value
    key = mrz.parse(zone).key
    for place in (places.number + 1, places.birth, places.expiry + 5, places.composite_check):
        for digit in "0123456789":
            if zone[place] != digit:
                changed = zone[:place] + digit + zone[place + 1 :]
                with pytest.raises(MrzInvalid):
                    assert mrz.parse(changed).key == key


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "length"),
        ("P<UTO", "length"),
        ("".join(TD3)[:-1] + "é", "characters"),
        ("".join(TD3) + "<", "length"),
        ("L898902C3 740812", "length"),
        ("L898902C3 7408AA 120415", "birth"),
        ("A" * 500, "length"),
        ("XX" + lds.printed(TRAVELLERS["往来港澳"])[0][2:], "kind of document"),
    ],
)
def test_what_is_no_zone_is_refused_by_name(text: str, where: str) -> None:
    with pytest.raises(MrzInvalid) as caught:
        typed.key_of(text)
    assert caught.value.where == where


@given(st.text(alphabet="ABCPIR0123456789<", min_size=88, max_size=90))
@settings(max_examples=200)
def test_no_random_zone_passes_and_no_error_tells_it(text: str) -> None:
    with pytest.raises(MrzInvalid) as caught:
        mrz.parse(text)
    assert caught.value.__context__ is None
    assert not set(caught.value.where.split()) & set(text.split("<"))


letters = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)


@given(letters, letters, st.dates(), st.dates(), st.from_regex("[A-Z0-9]{1,9}", fullmatch=True))
@settings(max_examples=100)
def test_whatever_a_state_writes_on_a_passport_is_read_back(
    surname: str, given_name: str, birth: object, expiry: object, number: str
) -> None:
    holder = Traveller(
        kind="passport",
        code="P",
        issuer="UTO",
        nationality="D",
        surname=surname,
        given=given_name,
        number=number,
        birth=f"{birth:%Y%m%d}".zfill(8),
        sex="M",
        expiry=f"{expiry:%Y%m%d}".zfill(8),
    )
    found = mrz.parse("".join(lds.chip_lines(holder)))
    assert (found.surname, found.given, found.number) == (surname, given_name, number)
    assert found.key == lds.mrz_information(holder)
