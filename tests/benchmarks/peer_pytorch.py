"""Idiomatic PyTorch: nn.RNN, nn.GRU, nn.LSTM on one-hot characters, fused Adam."""

from collections.abc import Callable
from typing import Any

import torch
from common import RATE, WINDOWS, V, windows
from torch import nn


def training(cell: str, H: int, B: int, T: int, threads: int, compiled: bool = False) -> Callable[[], None]:
    """One update of a plain training loop."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = _Model(cell, H)
    call = torch.compile(model) if compiled else model
    parameters = list(model.parameters())
    adam = torch.optim.Adam(parameters, RATE, fused=True)
    text = torch.as_tensor(windows(B, T))
    carried: dict[str, Any] = {"state": _zero(cell, B, H), "window": 0}

    def step() -> None:
        window = text[carried["window"] % WINDOWS]
        carried["window"] += 1
        adam.zero_grad()
        logits, state = call(window[:-1], carried["state"])
        loss = nn.functional.cross_entropy(logits.view(-1, V), window[1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        carried["state"] = tuple(part.detach() for part in state) if cell == "lstm" else state.detach()
        loss.item()

    return step


def sampling(cell: str, H: int, B: int, T: int, threads: int) -> Callable[[], None]:
    """Sample T characters for each of B streams from softmax(logits / 0.8)."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = _Model(cell, H).eval()

    @torch.inference_mode()
    def draw() -> None:
        ids, state = torch.zeros(1, B, dtype=torch.long), _zero(cell, B, H)
        text = []
        for _ in range(T):
            logits, state = model(ids, state)
            ids = torch.multinomial(torch.softmax(logits[0] / 0.8, dim=-1), 1).T
            text.append(ids)
        torch.cat(text).tolist()

    return draw


class _Model(nn.Module):
    def __init__(self, cell: str, H: int) -> None:
        super().__init__()
        self.rnn = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](V, H)
        self.readout = nn.Linear(H, V)

    def forward(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        out, state = self.rnn(nn.functional.one_hot(ids, V).float(), state)
        return self.readout(out), state


def _zero(cell: str, B: int, H: int) -> Any:
    zero = torch.zeros(1, B, H)
    return (zero, zero) if cell == "lstm" else zero
