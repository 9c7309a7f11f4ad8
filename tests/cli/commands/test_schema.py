"""`schema`: what it prints."""

import json

from charrnn.config.schema import Config


def test_the_schema_is_the_configurations(charrnn):
    assert json.loads(charrnn("schema").stdout) == Config.model_json_schema()
