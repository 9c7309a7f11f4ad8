"""`charrnn info`."""

from charrnn.cli.options import common


def info(run: common.RunArgument = common.NO_RUN, json: common.JsonOption = False) -> None:
    """Show what a run or a checkpoint is.

    Shows how far it came and how good it is, its network, vocabulary, text and versions, its files, and where its
    configuration differs from a recipe. Nothing is changed.

        charrnn info runs/harbour
        charrnn info runs/harbour/best.safetensors
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    with stage_lines(json):
        from charrnn.cli.reports import info as report
        from charrnn.runs.run_info import describe_run

        found = describe_run(run)
    report.show(found, json)
