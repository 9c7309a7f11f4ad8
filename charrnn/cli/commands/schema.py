"""`charrnn schema`."""

import typer


def schema() -> None:
    """Print the JSON Schema of configuration files, for editors that complete and check them."""
    import json

    from charrnn.config.schema import Config

    typer.echo(json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False))
