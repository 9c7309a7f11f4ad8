"""`charrnn schema`."""

import typer


def schema() -> None:
    """Print the JSON Schema of configurations, for editors.

    An editor completes and checks a configuration that begins with `# yaml-language-server: $schema=charrnn.schema.json`.

        charrnn schema > charrnn.schema.json
    """
    import json

    from charrnn.config.schema import Config

    typer.echo(json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False))
