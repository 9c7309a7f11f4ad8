"""`charrnn bench`."""

import typer

from charrnn.cli.options import common, values


def bench(
    config: common.ConfigOption = None,
    settings: common.SettingsOption = None,
    seconds: float = typer.Option(
        3.0,
        metavar="SECONDS",
        help="How long to measure, in all.",
        rich_help_panel=common.HOW_LONG,
        parser=values.number(least=0.1, most=600),
    ),
    json: common.JsonOption = False,
) -> None:
    """Measure how fast a configuration trains here.

    Prints characters per second on random text, the speed of its matrix products beside the fastest of this machine,
    and where the time goes.

        charrnn bench
        charrnn bench -s model.cell=lstm -s model.hidden_size=512
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    with stage_lines(json) as on_stage:
        from charrnn import api
        from charrnn.cli.reports import bench
        from charrnn.config.resolve import DEFAULT, resolve

        found = api.bench(resolve(config or DEFAULT, settings or ()).config, seconds, on_stage)
    bench.show_bench(found, seconds, json)
