"""Options that several commands have."""

from typing import Annotated

import typer

ConfigOption = Annotated[
    str | None,
    typer.Option("--config", "-c", metavar="NAME|FILE", help="A shipped configuration by name, or a YAML file."),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        help="Set one configuration key, for example model.hidden_size=128. Repeatable.",
    ),
]
