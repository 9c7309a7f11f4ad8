"""A character LSTM in PyTorch by common recipes, trained against the clock; loss in nats on the last tenth.

    python -m published.peer_torch_lstm TEXT VARIANT --seconds 900 --every 60 --seed 0 --threads 2

    classic   torch-rnn's defaults: 2 x 128, B 50, T 50, no dropout, Adam 2e-3, halved ten times over --seconds (there: every 5 of
              50 epochs); each element of the gradient clipped to ± 5
    large     the common larger one: 2 x 512, dropout 0.5 (between the layers, and before the readout), B 64, T 100, Adam 2e-3 along a
              cosine; the gradient clipped to norm 5

Both read an embedding of 64, as in torch-rnn, and carry their state from window to window.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from published.race import contestant_parser, cosine, halving, race
from published.text import Ids, overlapping_windows, split
from torch import Tensor, nn

EMBEDDING, RATE, BOUND = 64, 2e-3, 5.0
STREAMS, BEFORE = (
    32,
    1024,
)  # of a validation: number of streams, and unscored characters at the start of each, which set up its state
PIECE = 500  # characters of each stream in a batch, to bound the memory
State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Variant:
    """A recipe."""

    hidden_size: int
    dropout: float
    B: int
    T: int
    schedule: Callable[[float, float], float]
    clip: Callable[[list[nn.Parameter], float], object]
    layers: int = 2


VARIANTS = {
    "classic": Variant(128, 0.0, 50, 50, halving, nn.utils.clip_grad_value_),
    "large": Variant(512, 0.5, 64, 100, cosine, nn.utils.clip_grad_norm_),
}


class CharLSTM(nn.Module):
    """Maps ids (B, T) and a state or None to logits (B, T, V) and the next state."""

    def __init__(self, V: int, variant: Variant) -> None:
        super().__init__()
        H = variant.hidden_size
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, H, variant.layers, dropout=variant.dropout, batch_first=True)
        self.dropout = nn.Dropout(variant.dropout)
        self.readout = nn.Linear(H, V)

    def forward(self, ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        out, state = self.lstm(self.embedding(ids), state)
        return self.readout(self.dropout(out)), state


class Training:
    """A model, its optimizer, and its position in the text."""

    def __init__(self, variant: Variant, train: Ids, V: int) -> None:
        self.model = CharLSTM(V, variant)
        self._variant, self._parameters = variant, list(self.model.parameters())
        self._adam = torch.optim.Adam(self._parameters, RATE, fused=True)
        self._windows = windows(train, variant.B, variant.T)
        self._state: State | None = None

    def step(self, share: float) -> None:
        """Make one update; `share` is the share of the time that has passed."""
        for group in self._adam.param_groups:
            group["lr"] = self._variant.schedule(share, RATE)
        ids, targets, first = next(self._windows)
        self._adam.zero_grad()
        logits, state = self.model(ids, None if first else self._state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        self._variant.clip(self._parameters, BOUND)
        self._adam.step()
        h, c = state
        self._state = h.detach(), c.detach()


def windows(ids: Ids, B: int, T: int) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """Endless (inputs (B, T), targets (B, T), whether the streams restart) over B streams."""
    length = (len(ids) - 1) // B
    read = torch.as_tensor(ids[: B * length]).view(B, length)
    targets = torch.as_tensor(ids[1 : B * length + 1]).view(B, length)
    while True:
        for begin in range(0, length - T + 1, T):
            yield read[:, begin : begin + T], targets[:, begin : begin + T], begin == 0


@torch.inference_mode()
def validation_loss(model: CharLSTM, ids: Ids) -> float:
    """Nats per character of a text read once with carried state, in STREAMS streams that each start with BEFORE unscored characters."""
    length = BEFORE + -(-(len(ids) - 1 - BEFORE) // STREAMS)
    read, targets = map(torch.as_tensor, overlapping_windows(ids, length, BEFORE))
    model.eval()
    total, state = 0.0, None
    for piece, wanted in zip(read.split(PIECE, 1), targets.split(PIECE, 1), strict=True):
        logits, state = model(piece, state)
        total += nn.functional.cross_entropy(
            logits.flatten(0, 1), wanted.flatten(), ignore_index=-1, reduction="sum"
        ).item()
    model.train()
    return total / (len(ids) - 1)


def main() -> None:
    parser = contestant_parser()
    parser.add_argument("variant", choices=VARIANTS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, valid, V = split(args.text)
    training = Training(VARIANTS[args.variant], train, V)
    race(args.seconds, args.every, training.step, lambda: {"loss": validation_loss(training.model, valid)})


if __name__ == "__main__":
    main()
