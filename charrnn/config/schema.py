"""The configuration tree: every key with its default, type, range and meaning.

This file only says what a configuration is; resolve.py reads one from files and options.
"""

from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from charrnn.config.data import Data, SizedData
from charrnn.config.section import MAX_SIZE, MAX_STEPS, Size, Steps, StrictModel, Whole, as_int
from charrnn.errors import NetworkError
from charrnn.network.architecture import Architecture

END_KEYS = ("training.steps", "training.epochs")
"""The dotted keys that say when a training ends."""

HiddenSize = Annotated[int, Field(ge=1, le=1 << 16), BeforeValidator(as_int)]
EvalCharacters = Annotated[int, Field(ge=2, le=MAX_SIZE), BeforeValidator(as_int)]
SampleEvery = Annotated[int, Field(ge=0, le=MAX_STEPS), BeforeValidator(as_int)]
Threads = Annotated[int, Field(ge=1, le=4096), BeforeValidator(as_int)]
Share = Annotated[float, Field(ge=0, lt=1)]
Epochs = Annotated[float, Field(gt=0, le=1e6)]
Pull = Annotated[float, Field(ge=0, le=1e3)]
Positive = Annotated[float, Field(gt=0)]


class Model(StrictModel):
    """The network."""

    cell: Literal["rnn", "gru", "lstm"] = Field("rnn", description="the recurrent cell")
    hidden_size: HiddenSize | None = Field(256, description="units in each layer, H; null: by the length of the text")
    num_layers: Whole = Field(1, ge=1, le=64, description="layers, one above the other, L")
    nonlinearity: Literal["tanh", "sigmoid", "relu"] = Field("tanh", description="φ; for cell rnn only")
    initialisation: Literal["uniform", "orthogonal", "identity"] = Field(
        "uniform", description="of the recurrent weights; identity is for cell rnn, with relu"
    )
    readout: Literal["linear", "deep"] = Field(
        "linear",
        description="from the last layer to the logits; deep: through H rectified units, added to the direct path",
    )
    bias: bool = Field(True, description="whether biases learn; false: every bias of the network stays 0")
    dropout: Share | None = Field(
        0.0, description="share of activations dropped between layers and before readout; null: by the text's length"
    )
    weight_dropout: Share | None = Field(
        0.0, description="share of the recurrent weights dropped, drawn at each update; null: by the length of the text"
    )

    def smallest(self) -> Architecture:
        """This network with one character, and one unit in each layer. The text decides how large it really is."""
        return Architecture(
            1,
            1,
            self.cell,
            self.nonlinearity,
            self.num_layers,
            self.initialisation,
            self.readout,
            self.bias,
        )

    @model_validator(mode="after")
    def _is_a_network(self) -> Self:
        try:
            self.smallest()
        except NetworkError as error:
            raise ValueError(str(error)) from None
        return self


class SizedModel(Model):
    """The network, with a number for each size."""

    hidden_size: HiddenSize = 256
    dropout: Share = 0.0
    weight_dropout: Share = 0.0

    def architecture(self, vocab_size: int) -> Architecture:
        """The network that this section describes, for a vocabulary. Raises NetworkError if it is too large."""
        return replace(self.smallest(), vocab_size=vocab_size, hidden_size=self.hidden_size)


class Training(StrictModel):
    """How the network learns."""

    batch_size: Size | None = Field(32, description="streams read side by side, B; null: by the length of the text")
    accumulate: Size = Field(
        1, description="parts of the streams that are computed one after the other, to save memory"
    )
    sequence_length: Size = Field(64, description="steps unrolled per window, T: how far gradients flow back (k2)")
    stride: Size | None = Field(None, description="new characters (bytes) per update (k1); null: sequence_length")
    steps: Steps | None = Field(None, description="updates (steps) to make; null: as many as epochs need")
    epochs: Epochs | None = Field(
        30.0, description="passes over the training split, if steps is null; null: by the length of the text"
    )
    reset_probability: float = Field(
        0.01, ge=0, le=1, description="probability that a stream starts again, from a zero state, at a window"
    )
    optimizer: Literal["sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"] = Field(
        "adam", description="the update rule"
    )
    learning_rate: float = Field(3.0e-3, gt=0, le=1e3, description="the learning rate at its highest")
    look_up_rate: float = Field(
        1.0,
        gt=0,
        le=1e3,
        description="how fast the look-up of the characters learns, as a multiple of the learning rate",
    )
    schedule: Literal["constant", "linear", "cosine", "exponential", "plateau"] = Field(
        "cosine", description="how the learning rate falls after the warm-up"
    )
    warmup_steps: Whole = Field(0, ge=0, le=MAX_SIZE, description="updates over which the learning rate rises from 0")
    weight_decay: float = Field(
        0.0, ge=0, le=1e3, description="λ: λ w is added to each weight's gradient (adamw: taken off the weight)"
    )
    l2_sp: Pull | None = Field(
        0.0,
        description="λ: a fine-tune's weights are pulled towards those of its base; null: by the length of the text",
    )
    label_smoothing: Share | None = Field(
        0.0, description="ε, share of each target spread evenly over all symbols; null: by the length of the text"
    )
    ema_decay: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="validate and save a moving average of the weights; each update keeps this share of it; null: the weights",
    )
    max_grad_norm: Positive | None = Field(1.0, description="clip the gradient to this global norm; null: off")
    max_grad_value: Positive | None = Field(None, description="clip each element of the gradient to ± this; null: off")
    freeze: tuple[str, ...] = Field(
        (), strict=False, description="parts that do not learn: layer1 (the lowest), layer2, ..., readout"
    )
    precision: Literal["float32", "float64"] = Field("float32", description="of weights, states and gradients")
    recoveries: Whole = Field(
        5, ge=0, le=100, description="how many times to roll back from one place when training diverges; 0: never"
    )
    seed: Whole = Field(0, ge=0, le=(1 << 63) - 1, description="of every random number in the run")
    eval_every: Steps | None = Field(
        None, description="updates between validations; null: a tenth of the steps, but at most 500"
    )
    eval_characters: EvalCharacters | None = Field(
        1_000_000, description="characters (bytes) of the valid split that are read for a validation; null: all"
    )
    save_every: Steps = Field(500, description="updates between checkpoints")
    sample_every: SampleEvery | None = Field(
        None,
        description="updates between samples; null: after 25, 50, 100, 200 and 400, and at each validation; 0: never",
    )
    gradflow_every: Steps | None = Field(
        None, description="updates between probes of how far gradients reach; null: never"
    )
    patience: Steps | None = Field(
        None, description="stop after this many validations without a better loss; null: never"
    )

    @model_validator(mode="after")
    def _stride_fits(self) -> Self:
        if self.stride is not None and self.stride > self.sequence_length:
            raise ValueError(
                f"stride {self.stride} is larger than sequence_length {self.sequence_length}: "
                "an update cannot have more new characters than its window"
            )
        return self


class SizedTraining(Training):
    """How the network learns, with a number for each size."""

    batch_size: Size = 32
    epochs: Epochs = 30.0
    l2_sp: Pull = 0.0
    label_smoothing: Share = 0.0


class Runtime(StrictModel):
    """How the machine is used."""

    threads: Threads | None = Field(
        None,
        description="cores that share the streams; null: the fastest number on this machine, measured and recorded",
    )


class Config(StrictModel):
    """The whole tree."""

    model: Model = Model()
    data: Data = Data()
    training: Training = Training()
    runtime: Runtime = Runtime()

    @model_validator(mode="after")
    def _something_learns(self) -> Self:
        known = list(self.model.smallest().parts())
        for name in self.training.freeze:
            if name not in known:
                raise ValueError(f"training.freeze names {name[:40]!r}; this network has {', '.join(known)}")
        if set(self.training.freeze) == set(known):
            raise ValueError("training.freeze names all parts, so that nothing learns; remove at least one")
        return self

    def differs_only_in_end(self, other: "Config") -> bool:
        """True where at most `training.steps` and `training.epochs` differ."""
        ends = {"steps": other.training.steps, "epochs": other.training.epochs}
        return self.with_values("training", **ends) == other

    @property
    def shuffle_seed(self) -> int | None:
        """The seed by which documents or files are shuffled before they are split; None if they are not."""
        return self.training.seed if self.data.shuffles else None

    def with_values(self, section: str, **values: Any) -> Self:
        """A copy with other values in one section."""
        changed = getattr(self, section).model_copy(update=values)
        return self.model_copy(update={section: changed})


class SizedConfig(Config):
    """The whole tree with a number for each size: the configuration of a plan, and of a run (see sizing.py)."""

    model: SizedModel = SizedModel()
    data: SizedData = SizedData()
    training: SizedTraining = SizedTraining()
