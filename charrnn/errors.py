"""Everything that can go wrong and that the user can put right.

    CharrnnError
    ├── TextError          a text that cannot be read, or that is too short
    ├── VocabularyError    a character that the model does not know
    ├── NetworkError       sizes or names that no network can have
    ├── ConfigError        mistakes in a configuration
    ├── CheckpointError    a checkpoint that is damaged, or that belongs to something else
    │   └── UnreadableError  one that may be whole, but cannot be read here
    ├── RunError           a run that cannot be made, found, resumed or used as asked
    ├── OutputError        a file that cannot be written, or that would replace another
    ├── FigureError        a figure that cannot be drawn here
    ├── MissingLibraryError  an optional library that is not installed
    ├── OptionError        a parameter out of its range, or combined with one that excludes it
    │   └── SamplingError    one of sampling
    ├── CheckError         a check or a derivation that cannot be made as asked
    ├── WorkerError        a worker process that cannot be started, or that was lost
    └── DivergedError      a loss or a gradient that is not a finite number, or a loss spike
        └── StepRejectedError  one step of this kind (training/divergence.py); a run may roll back from it

Each message is one line. It says what was asked, where, what was found, what is allowed and, where it helps, what to
type next. The command line prints it after `error:` and exits with 1.
"""

OUTPUT_NOT_FINITE = (
    "the network's output is no longer a finite number: its training diverged; "
    "train again with a lower training.learning_rate"
)


class CharrnnError(Exception):
    """The request could not be met. The message says why, and what to do."""


class TextError(CharrnnError):
    """A text that cannot be read, or that is too short."""


class VocabularyError(CharrnnError):
    """A character that is not in the vocabulary, or a vocabulary that is not valid."""


class NetworkError(CharrnnError):
    """Sizes or names that no network can have."""


class ConfigError(CharrnnError):
    """All mistakes in a configuration, one a line."""


class CheckpointError(CharrnnError):
    """A checkpoint that is damaged, or that belongs to something else."""


class UnreadableError(CheckpointError):
    """A checkpoint that may be whole, but cannot be read here. No other checkpoint must take its place."""


class RunError(CharrnnError):
    """A run that cannot be made, found, resumed or used as asked."""


class OutputError(CharrnnError):
    """A file that cannot be written, or that would replace another."""


class FigureError(CharrnnError):
    """A figure that cannot be drawn here."""


class MissingLibraryError(CharrnnError):
    """An optional library that is not installed."""


class OptionError(CharrnnError):
    """A parameter out of its range, or combined with one that excludes it."""


class SamplingError(OptionError):
    """A sampling parameter out of its range."""


class CheckError(CharrnnError):
    """A check or a derivation that cannot be made as asked."""


class WorkerError(CharrnnError):
    """A worker process that cannot be started, or that was lost."""


class DivergedError(CharrnnError):
    """A loss or a gradient that is not a finite number, or a loss spike."""
