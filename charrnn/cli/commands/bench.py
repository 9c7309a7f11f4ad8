"""`charrnn bench`."""

import typer

from charrnn.cli.options import common, values


def bench(
    config: common.ConfigOption = None,
    settings: common.SettingsOption = None,
    seconds: float = typer.Option(
        3.0, metavar="SECONDS", help="How long to measure.", parser=values.number(least=0.1, most=600)
    ),
    json: common.JsonOption = False,
) -> None:
    """Measure how fast a configuration trains here.

    Prints characters per second on random text, the speed of its matrix products beside the fastest of this machine,
    and where the time goes.
    """
    from charrnn import api
    from charrnn.cli.reports import bench
    from charrnn.config.resolve import resolve

    bench.show_bench(api.bench(resolve(config, settings or ()).config, seconds), json)
