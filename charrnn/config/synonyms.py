"""What other programs call the keys of a configuration and their words, for the messages that name ours.

Written in small letters, with `_` between words. A name that is spelled nearly as ours is found without this table.
"""

from collections.abc import Mapping

KEYS: Mapping[str, str] = {  # dotted key -> other names of it
    "model.cell": "cell_type rnn_type recurrent_cell architecture arch network net_type layer_type type model",
    "model.hidden_size": "hidden units num_units n_units num_hidden n_hidden nhid hidden_dim hidden_units hidden_layer_size "
    "rnn_size rnn_units width state_size neurons n_embd d_model dim h",
    "model.num_layers": "layers n_layers n_layer nlayers depth hidden_layers num_hidden_layers stacked",
    "model.nonlinearity": "activation activation_function act phi non_linearity",
    "model.initialisation": "init initializer initialiser initialization weight_init kernel_initializer",
    "model.readout": "head output_layer decoder",
    "model.bias": "biases use_bias",
    "model.dropout": "drop drop_rate dropout_rate p_drop dropout_p",
    "model.weight_dropout": "recurrent_dropout weight_drop wdrop dropconnect drop_connect",
    "data.unit": "token tokens level granularity tokenizer tokenization",
    "data.encoding": "charset codec text_encoding",
    "data.split": "val_split valid_split validation_split train_split test_split train_frac val_frac test_frac "
    "train_fraction valid_fraction test_fraction validation_fraction splits ratio",
    "data.protocol": "benchmark",
    "data.min_count": "min_freq min_frequency rare",
    "data.boundary": "delimiter separator sep document_separator doc_separator documents eos eot",
    "data.field": "column col columns text_column text_field text_key csv_column key json_key content_column",
    "data.shuffle": "random_order shuffle_documents shuffled randomize randomise random permute shuffle_data shuffle_files",
    "training.batch_size": "batch bs batchsize mini_batch minibatch_size minibatch streams num_streams b",
    "training.accumulate": "grad_accum gradient_accumulation gradient_accumulation_steps accumulation accumulation_steps "
    "grad_accumulation accum",
    "training.sequence_length": "seq_len seq_length seqlen sequence seq block_size bptt bptt_steps bptt_len context "
    "context_length ctx_len window window_size unroll unroll_steps num_unrollings truncation time_steps timesteps k2 t",
    "training.stride": "k1",
    "training.steps": "iterations iters num_iters max_iters n_iters max_steps num_steps num_iterations max_iterations "
    "updates total_steps iteration",
    "training.epochs": "epoch num_epochs n_epochs max_epochs passes nepochs",
    "training.reset_probability": "reset reset_prob state_reset",
    "training.optimizer": "optim optimiser opt solver update_rule",
    "training.learning_rate": "lr eta alpha step_size base_lr max_lr lr_max",
    "training.look_up_rate": "embedding_lr embedding_rate input_lr lr_embedding",
    "training.schedule": "scheduler lr_schedule lr_scheduler lr_decay decay annealing learning_rate_schedule",
    "training.warmup_steps": "warmup warm_up warmup_iters warm_up_steps lr_warmup",
    "training.weight_decay": "wd l2 l2_reg regularization regularisation weightdecay",
    "training.label_smoothing": "smoothing label_smooth smooth",
    "training.l2_sp": "l2sp pull anchor base_decay regularize_to_base",
    "training.ema_decay": "ema weight_averaging average moving_average polyak averaging swa",
    "training.max_grad_norm": "clip clipping clip_norm grad_clip gradient_clip gradient_clipping gradient_clip_val "
    "clip_grad clip_grad_norm grad_norm max_norm clipnorm global_clipnorm",
    "training.max_grad_value": "clip_value clip_grad_value clipvalue grad_value",
    "training.freeze": "frozen freeze_layers trainable",
    "training.precision": "dtype fp16 fp32 fp64 bf16 amp mixed_precision float_type floatx",
    "training.recoveries": "retries recovery max_recoveries rollbacks",
    "training.seed": "random_seed rng rng_seed manual_seed",
    "training.eval_every": "eval_interval eval_steps val_every eval_freq validate_every eval_frequency validation_interval "
    "val_interval val_check_interval eval_val_every",
    "training.eval_characters": "eval_iters eval_size",
    "training.save_every": "ckpt checkpoint checkpoint_every save_interval save_steps checkpoint_interval ckpt_every "
    "save_freq",
    "training.sample_every": "sample_interval generate_every",
    "training.gradflow_every": "gradflow",
    "training.patience": "early_stopping early_stop early_stopping_patience",
    "runtime.threads": "cores cpus cpu num_threads n_threads nthreads workers num_workers n_jobs jobs thread",
}

ABSENT: Mapping[str, str] = {  # what no key sets: why -> names
    "charrnn computes on the processor, on all its cores; runtime.threads limits them": "gpu gpus device cuda use_gpu "
    "use_cuda gpuid gpu_id accelerator backend mps tpu",
    "a network reads from left to right only": "bidirectional bidir birnn",
    "a character enters as it is, without an embedding": "embedding embeddings embedding_size embedding_dim embed "
    "embed_dim emsize embed_size tied tie_weights",
    "a network is recurrent, without attention": "attention heads n_head n_heads num_heads nhead",
    "the vocabulary is that of the text; data.min_count leaves out what is rare": "vocab vocab_size vocabulary max_vocab",
    "write training.optimizer=momentum, whose constant is 0.9": "momentum",
    "the other constants of an optimizer are fixed": "eps epsilon beta beta1 beta2 betas rho adam_beta1 adam_beta2 nesterov",
    "how to write is chosen later: charrnn sample RUN --temperature 0.8": "temperature temp tau top_k topk top_p topp min_p",
}

WORDS: Mapping[str, Mapping[str, str]] = {  # dotted key -> one of its words -> other words for it
    "model.cell": {"rnn": "vanilla elman simple simplernn vanilla_rnn srn basic", "lstm": "long_short_term_memory"},
    "model.nonlinearity": {"sigmoid": "logistic σ", "relu": "rectifier rectified rectified_linear"},
    "model.initialisation": {
        "uniform": "default xavier glorot random",
        "orthogonal": "ortho saxe",
        "identity": "eye irnn",
    },
    "model.readout": {"linear": "dense simple softmax", "deep": "mlp residual nonlinear"},
    "data.unit": {"char": "chars character characters unicode letter codepoint", "byte": "bytes octet utf8 utf_8"},
    "data.protocol": {"nanogpt": "nano_gpt karpathy nano gpt", "char-rnn": "char_rnn charrnn torch_rnn"},
    "training.optimizer": {
        "sgd": "gd gradient_descent plain",
        "momentum": "sgd_momentum sgd_with_momentum",
        "rmsprop": "rms rms_prop",
        "adamw": "adam_w",
    },
    "training.schedule": {
        "constant": "none fixed off null",
        "cosine": "cos cosine_annealing cosineannealing onecycle",
        "exponential": "exp geometric",
        "plateau": "reduce_on_plateau reducelronplateau reduce_lr_on_plateau",
    },
    "training.precision": {
        "float32": "fp32 single float f32 32 float16 fp16 half bf16 bfloat16",
        "float64": "fp64 double f64 64",
    },
}
TRUTH: Mapping[str, str] = {"true": "yes y on 1", "false": "no n off 0"}
NOTHING = "none nil off no never disable disabled unlimited false"
"""What other programs call null."""


def normalize(name: str) -> str:
    """A name as in these tables: small letters, `_` between words.

    >>> normalize("Hidden-Size"), normalize("hiddenSize"), normalize("LR")
    ('hidden_size', 'hidden_size', 'lr')
    """
    separated = "".join(
        f"_{c}" if c.isupper() and before.islower() else c for before, c in zip(f"_{name}", name, strict=False)
    )
    return separated.strip(" -_").replace("-", "_").replace(" ", "_").casefold()


def meant(name: str, table: Mapping[str, str]) -> str | None:
    """The entry of a table that has this other name; None if there is none."""
    return next((entry for entry, others in table.items() if normalize(name) in others.split()), None)
