"""`charrnn serve`."""

import os
import re
from pathlib import Path
from typing import Any

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, completion, run_argument, values

KEY = "CHARRNN_API_KEY"


def _origin(value: str) -> str:
    if not re.fullmatch(r"(\*|null|[a-z][a-z0-9+.-]*://[^/\s]+)?", value):
        raise values.BadValueError(value, "must be * or the origin of a web page, such as https://example.org")
    return value


def _option(default: Any, help: str, parser: values.Parser, metavar: str = "N", panel: str = "Limits") -> Any:
    return typer.Option(default, metavar=metavar, help=help, rich_help_panel=panel, parser=parser)


def serve(
    runs: list[Path] = typer.Argument(
        None,
        metavar="[RUN]...",
        autocompletion=completion.runs,
        callback=run_argument.runs_or_newest,
        readable=False,
        help="Runs, as for sample. None, in a terminal: the newest run.",
        show_default=False,
    ),
    host: str = _option("127.0.0.1", "Where to listen.", str, "HOST", common.WHERE),
    port: int = _option(8000, "0: any free one.", values.whole(0, 65_535), "N", common.WHERE),
    cors: str = _option("", "Web pages that may use it; *: all.", _origin, "ORIGIN", common.WHERE),
    checkpoint: common.CheckpointOption = None,
    max_length: int = _option(32_768, "Characters of a prompt, and of a text.", values.whole(1)),
    max_batch: int = _option(64, "Texts that a model writes at once.", values.whole(1)),
    max_queue: int = _option(256, "Texts that wait.", values.whole()),
    max_body: int = _option(1 << 20, "Bytes of a request.", values.whole(1)),
    max_time: float = _option(300, "For a request.", values.number(above=0, most=1e6, code=FAILED), "SECONDS"),
) -> None:
    """Serve trained networks over HTTP, as OpenAI's completions.

    charrnn serve runs/harbour
    charrnn serve builtin:english runs/harbour --port 0
    CHARRNN_API_KEY=x charrnn serve runs/harbour --host ::
    """
    from charrnn.cli.output.console import print_note
    from charrnn.cli.progress.stage_lines import stage_lines
    from charrnn.errors import OptionError
    from charrnn.system.optional_libraries import missing_library
    from charrnn.words import spelled_as

    with stage_lines() as on_stage:
        from charrnn import api
        from charrnn.models.writer_page.page import page as writing_page

        try:
            from charrnn.server import listening
            from charrnn.server.app import Limits, Service
        except ImportError as error:
            raise missing_library("charrnn serve", "starlette and uvicorn", "serve", error) from None

        key = os.environ.get(KEY, "")
        if not re.fullmatch("[!-~]*", key):  # which no client could send
            raise OptionError(f"{KEY} must be letters, digits and signs of ASCII, without spaces")
        names = listening.model_names(runs)
        sock = listening.listen(host, port)
        models = [api.load(run, which=checkpoint, on_stage=on_stage) for run in runs]
        limits = Limits(max_length, max_batch, max_queue, max_body, max_time)
        page = writing_page(models[0].single_checkpoint, names[0])
        service = Service(dict(zip(names, models, strict=True)), limits, page, key, cors)
    if not key and not listening.is_loopback(sock):
        print_note(f"warning: other machines can use this server without a key; {KEY}=SECRET sets one")
    url, bearer = listening.url(sock), f"""-H "Authorization: Bearer ${KEY}" """ if key else ""
    post = f"curl {url}/v1/completions {bearer}-H 'Content-Type: application/json' -d '{{\"max_tokens\": 200}}'"
    print_note(f"serving {', '.join(names)}; try: {post}")
    typer.echo(url)
    with spelled_as(str):  # in errors, as clients write them
        listening.serve(service, sock)
