"""`charrnn bench`."""

from typing import Annotated

import typer

from charrnn.cli.commands.common_options import ConfigOption, SettingsOption


def bench(
    config: ConfigOption = None,
    settings: SettingsOption = None,
    seconds: Annotated[float, typer.Option(metavar="SECONDS", help="How long to measure.", min=0.1, max=600)] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")] = False,
) -> None:
    """Measure how fast a configuration trains here.

    Characters per second on random text, beside the fastest large matrix product of this machine, and where the time goes.
    """
    from charrnn import api
    from charrnn.cli.reports import bench
    from charrnn.config.resolve import resolve

    bench.show_bench(api.bench(resolve(config, settings or ()).config, seconds), json)
