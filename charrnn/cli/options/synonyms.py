"""What other programs call our options, and what to write where there is no such option.

Written without the dashes in front, in small letters, with `-` between words.
"""

from collections.abc import Mapping

OPTIONS: Mapping[str, str] = {  # option -> other names of it
    "--config": "config-file cfg recipe preset",
    "--set": "override setting param",
    "--out": "output output-dir out-dir outdir output-file save save-dir save-to name run-name run-dir dest dir exp "
    "experiment logdir",
    "--steps": "iterations iters num-steps num-iters max-steps max-iters updates n-iters total-steps",
    "--epochs": "num-epochs max-epochs n-epochs epoch passes",
    "--time": "duration minutes hours max-time budget timeout",
    "--resume": "r continue resume-from load restore restart init-from ckpt",
    "--from": "pretrained base fine-tune finetune start-from warm-start transfer weights-from",
    "--seed": "random-seed rng rng-seed manual-seed",
    "--dry-run": "dryrun dry plan print-config show-config",
    "--quiet": "silent no-progress no-bar",
    "--tensorboard": "tb tensor-board",
    "--json": "jsonl format output-format machine-readable",
    "--force": "overwrite replace yes clobber",
    "--prompt": "prime primetext prime-text start start-text starttext prefix context",
    "--prompt-file": "prime-file start-file",
    "--length": "len chars characters num-chars max-length max-len max-tokens max-new-tokens tokens size limit",
    "--temperature": "temp tau t heat diversity",
    "--top-k": "topk k",
    "--top-p": "topp nucleus p",
    "--min-p": "minp",
    "--repetition-penalty": "repeat-penalty rep-penalty frequency-penalty presence-penalty no-repeat",
    "--repetition-ngram": "no-repeat-ngram-size",
    "--only": "allow allowed chars-only alphabet charset",
    "--stop": "until stop-string stop-strings stop-sequence eos end",
    "--count": "num num-samples samples n-samples nsamples number num-return-sequences n",
    "--rerank": "best-of candidates",
    "--surprisal": "color colour colors colours",
    "--trace": "logprobs probs probabilities explain",
    "--trace-candidates": "top-logprobs",
    "--novelty": "plagiarism overlap memorized memorised",
    "--with": "ensemble mix mixture",
    "--checkpoint": "which epoch-checkpoint",
    "--split": "subset part",
    "--protocol": "benchmark",
    "--learning-rate": "lr rate",
    "--against": "compare versus vs other",
    "--top": "worst most",
    "--grid": "values sweep search vary",
    "--random": "trials n-trials num-trials draws",
    "--jobs": "parallel workers cores threads processes cpus",
    "--to": "target framework",
    "--oracle": "method check",
    "--tolerance": "tol eps epsilon rtol atol",
    "--entries": "num-entries samples n",
    "--seconds": "time duration",
    "--smooth": "smoothing window average",
    "--what": "metric metrics quantity y plot",
    "--x": "axis x-axis xaxis",
    "--unit": "neuron cell-unit",
    "--units": "neurons num-units",
    "--lags": "lag max-lag",
    "--text": "training-text",
}

INSTEAD: Mapping[str, str] = {  # what to do -> options that other programs have for it
    "name the text without an option: charrnn {command} TEXT": "data dataset data-file data-dir data-path input input-file "
    "input-txt text text-file corpus train-file train-data file path textfile",
    "name the run without an option: charrnn {command} RUN": "model model-path run checkpoint-file ckpt checkpoint load "
    "weights-file init model-file",
    "charrnn computes on the processor, on all its cores": "gpu gpus device cuda use-cuda gpuid gpu-id cpu mps backend "
    "accelerator",
    "progress is shown anyway; --quiet hides it": "verbose v debug progress log-level verbosity",
    "--temperature 0 always takes the likeliest": "greedy argmax",
    "the result goes to standard output; to write it into a file: > FILE": "out o output outfile out-file output-file "
    "save save-to",
    "--length counts characters, and --stop '\\n' ends after a line": "lines num-lines line sentences",
}
"""A line that names TEXT, RUN or an option is for commands that have it."""

CHOICES: Mapping[str, str] = {  # a word that an option allows -> other words for it
    "best": "lowest min minimum top optimal",
    "last": "newest latest recent final current end",
    "train": "training",
    "valid": "val validation dev development eval evaluation holdout",
    "test": "testing heldout held_out",
    "nanogpt": "nano_gpt nano karpathy gpt",
    "char-rnn": "char_rnn charrnn torch_rnn",
    "contiguous": "default plain",
    "torch": "pytorch pt pth",
    "plain": "numpy np npz safetensors raw equations",
    "steps": "step iteration iterations updates update",
    "epochs": "epoch passes",
    "time": "seconds second minutes wall wall_time wallclock hours",
    "complex-step": "complex complexstep complex_step imaginary",
    "central": "numeric numerical finite_difference finite_differences fd central_difference central_differences",
    "forward": "rtrl real_time forward_mode tangent",
    "closed-form": "analytic analytical closed closed_form jacobian exact",
    "loss": "cross_entropy nll nats perplexity ppl",
    "bpc": "bits",
    "learning_rate": "lr rate",
    "grad_norm": "gradient grad gradient_norm norm gradients",
    "clipped": "clip clipping",
}
