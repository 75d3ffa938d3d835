"""Tells a technician what CSCA certificates a file or folder holds, and which are out of date."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from padpos_drivers.idcard.emrtd import csca
from padpos_drivers.idcard.emrtd.certificates import country


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
def main(path: Path) -> None:
    """Read the CSCA certificates at PATH (a folder, a certificate, a master list) and list them.

    读取 PATH 处的 CSCA 证书（文件夹、单个证书或主列表）并按国家列出。
    """
    try:
        anchors = csca.load(path)
    except csca.CscaUnreadable as error:
        raise click.ClickException(str(error)) from None
    now = datetime.now(UTC)
    valid = Counter(country(one) for one in anchors if one.not_valid_after_utc >= now)
    ended = Counter(country(one) for one in anchors if one.not_valid_after_utc < now)
    click.echo(f"{len(anchors)} certificates, {ended.total()} expired / 证书，已过期")
    for state in sorted(valid.keys() | ended.keys()):
        click.echo(f"  {state or '??'}  {valid[state]} valid 有效, {ended[state]} expired 过期")


if __name__ == "__main__":
    main()
