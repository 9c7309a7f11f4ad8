"""Everything that can go wrong for a reason the user can mend.

    CharrnnError
    ├── TextError          a text that cannot be read, or is too short
    ├── VocabularyError    a character that the model has never seen
    ├── NetworkError       sizes or names that no network can have
    ├── ConfigError        a configuration file or `--set` with mistakes in it
    ├── CheckpointError    a checkpoint that is damaged or belongs elsewhere
    │   └── UnreadableError  one that may be whole, and cannot be read here and now
    ├── RunError           a run directory that cannot be made, found or resumed
    ├── OutputError        a file that cannot be written, or would replace another
    ├── FigureError        a figure that cannot be drawn here
    ├── MissingLibraryError  a library that only some commands need, and that is not installed
    ├── OptionError        a parameter out of its range, or beside one that it does not go with
    │   └── SamplingError    one of sampling
    ├── CheckError         a gradient check that cannot be made as asked
    ├── WorkerError        a helper process of a training that cannot be started, or was lost
    └── DivergedError      a training whose loss or gradient is no number any more, or whose loss leapt
        └── StepRejectedError  one such step (see training/divergence.py), from which a run may roll back

Each message is one line that says what was asked, where, what was found, what is allowed,
and, where it helps, what to type next. The command line prints it after `error:` and exits with 1.
"""


class CharrnnError(Exception):
    """The request could not be met; the message says why and what to do."""


class TextError(CharrnnError):
    """A text that cannot be read, or is too short to be used."""


class VocabularyError(CharrnnError):
    """A character that is not in the vocabulary, or a vocabulary that cannot be one."""


class NetworkError(CharrnnError):
    """Sizes or names that no network can have."""


class ConfigError(CharrnnError):
    """Mistakes in a configuration, all of them, one a line."""


class CheckpointError(CharrnnError):
    """A checkpoint that is damaged, or that belongs to something else."""


class UnreadableError(CheckpointError):
    """A checkpoint that may be whole, and that cannot be read here: no other should take its place."""


class RunError(CharrnnError):
    """A run directory that cannot be made, found or resumed."""


class OutputError(CharrnnError):
    """A file that cannot be written, or that would take the place of another."""


class FigureError(CharrnnError):
    """A figure that cannot be drawn here."""


class MissingLibraryError(CharrnnError):
    """A library that only some commands need, and that is not installed."""


def missing_library(user: str, library: str, extra: str, reason: object = "") -> MissingLibraryError:
    """The error of what needs a library that is not there; `extra`: the part of charrnn-numpy that brings it."""
    found = f" ({reason})" if reason else ""
    return MissingLibraryError(f"{user} needs {library}: pip install 'charrnn-numpy[{extra}]'{found}")


class OptionError(CharrnnError):
    """A parameter out of its range, or beside one that it does not go with."""


class SamplingError(OptionError):
    """A sampling option out of its range."""


class CheckError(CharrnnError):
    """A gradient check that cannot be made as asked."""


class WorkerError(CharrnnError):
    """A helper process of a training that cannot be started, or that is gone."""


class DivergedError(CharrnnError):
    """A loss or a gradient that is no longer a finite number, or a loss that leapt."""
