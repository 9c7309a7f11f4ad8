"""A small GPT in PyTorch by nanoGPT's recipe for a CPU, trained against the clock; loss in nats on the last tenth.

    python -m published.peer_torch_gpt TEXT --seconds 900 --every 60 --seed 0 --threads 2

4 layers of 4 heads, 128 wide, blocks of 64, batches of 12, no dropout, no biases, readout tied to the embedding; AdamW 1e-3 (β 0.9 and
0.99, weight decay 0.1 on matrices) after 100 updates of warm-up along a cosine to 1e-4 over --seconds; norm clipped to 1.

`loss` scores every character of the last tenth once, predicted from the 32 to 64 before it (the first 32 from all before them);
`loss_blocks` is nanoGPT's own protocol: the mean over random blocks, each character predicted from those before it in its block.
"""

import torch
from published.race import contestant_parser, cosine, race
from published.text import Ids, overlapping_windows, split
from torch import Tensor, nn

L, HEADS, WIDTH, BLOCK, B = 4, 4, 128, 64, 12
HIGHEST, LOWEST, WARM_UP = 1e-3, 1e-4, 100
BETAS, DECAY, BOUND = (0.9, 0.99), 0.1, 1.0
BEFORE = 32  # unscored characters at the start of each validation block
AT_ONCE = 256  # validation blocks in a batch
BATCHES = 200  # random batches of nanoGPT's validation


class Layer(nn.Module):
    """x + attention of its norm, then x + two linear maps of its norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = (nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.queries_keys_values = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.gathered, self.down = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.gathered(self._attention(self.norm_1(x)))
        return x + self.down(nn.functional.gelu(self.up(self.norm_2(x))))

    def _attention(self, x: Tensor) -> Tensor:
        n, T, _ = x.shape
        heads = self.queries_keys_values(x).view(n, T, 3, HEADS, WIDTH // HEADS)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, T, WIDTH)


class GPT(nn.Module):
    """Maps ids (n, T), T at most BLOCK, to logits (n, T, V)."""

    def __init__(self, V: int) -> None:
        super().__init__()
        self.characters, self.places = nn.Embedding(V, WIDTH), nn.Embedding(BLOCK, WIDTH)
        self.layers = nn.Sequential(*(Layer() for _ in range(L)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, weights in self.named_parameters():
            if weights.dim() == 2:  # smaller at the end of a residual branch, as in GPT-2
                ends = name.endswith(("gathered.weight", "down.weight"))
                nn.init.normal_(weights, std=0.02 / (2 * L) ** 0.5 if ends else 0.02)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.layers(self.characters(ids) + self.places.weight[: ids.shape[1]])
        return self.norm(x) @ self.characters.weight.T


class Training:
    """A model and its optimizer."""

    def __init__(self, train: Ids, V: int) -> None:
        self.model = GPT(V)
        self._train, self._updates = torch.as_tensor(train), 0
        matrices = [weights for weights in self.model.parameters() if weights.dim() == 2]
        others = [weights for weights in self.model.parameters() if weights.dim() != 2]
        groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
        self._adamw = torch.optim.AdamW(groups, HIGHEST, BETAS, fused=True)

    def step(self, share: float) -> None:
        """Make one update; `share` is the share of the time that has passed."""
        self._updates += 1
        for group in self._adamw.param_groups:
            group["lr"] = cosine(share, HIGHEST, LOWEST) * min(1.0, self._updates / WARM_UP)
        self._adamw.zero_grad()
        read, targets = random_blocks(self._train)
        nn.functional.cross_entropy(self.model(read).flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), BOUND)
        self._adamw.step()


def random_blocks(ids: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """A random batch: inputs (B, BLOCK) and targets (B, BLOCK)."""
    begins = torch.randint(len(ids) - BLOCK, (B, 1), generator=generator)
    places = begins + torch.arange(BLOCK)
    return ids[places], ids[places + 1]


@torch.inference_mode()
def validation_losses(model: GPT, ids: Ids) -> dict[str, float]:
    """Nats per character over the whole text, and over random blocks, the same ones each time."""
    read, targets = map(torch.as_tensor, overlapping_windows(ids, BLOCK, BEFORE))
    pieces = zip(read.split(AT_ONCE), targets.split(AT_ONCE), strict=True)
    total = sum(_summed(model, piece, wanted) for piece, wanted in pieces)
    text, generator = torch.as_tensor(ids), torch.Generator().manual_seed(0)
    blocks = sum(_summed(model, *random_blocks(text, generator)) for _ in range(BATCHES))
    return {"loss": total / (len(ids) - 1), "loss_blocks": blocks / (BATCHES * B * BLOCK)}


def _summed(model: GPT, read: Tensor, targets: Tensor) -> float:
    logits = model(read).flatten(0, 1)
    return nn.functional.cross_entropy(logits, targets.flatten(), ignore_index=-1, reduction="sum").item()


def main() -> None:
    args = contestant_parser().parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, valid, V = split(args.text)
    training = Training(train, V)
    race(args.seconds, args.every, training.step, lambda: validation_losses(training.model, valid))


if __name__ == "__main__":
    main()
