"""The interface for Python programs and notebooks: names and mappings in; progress on the screen; models out."""

from charrnn.generation.session import Session as Session
from charrnn.models.loading import load as load
from charrnn.models.model import Model as Model
from charrnn.models.scoring.scoring import ScoredText as ScoredText
from charrnn.python.catalogue import info as info
from charrnn.python.catalogue import list_runs as list_runs
from charrnn.python.checks import bench as bench
from charrnn.python.checks import gradcheck as gradcheck
from charrnn.python.checks import gradflow as gradflow
from charrnn.python.training import export as export
from charrnn.python.training import resume as resume
from charrnn.python.training import train as train
