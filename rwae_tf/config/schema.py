"""Every option of the method, as frozen dataclasses. Imports no TensorFlow.

A field holds its default, its choices or range and one line of help; `flags.py` makes the command-line
flags from these fields and nothing else. The defaults are the paper's Sprites settings.
"""

import dataclasses
from typing import Tuple

from rwae_tf.config.schedule import Weight


def _option(default, help, choices=None, low=None, high=None, resumable=False, schedule=False):
    """A dataclass field with what validation, flags and resuming need to know of it.

    Args:
      default: value when nothing is given.
      help: one line for `--help`.
      choices: the allowed values, of each part for a tuple.
      low, high: inclusive range of a number (of each number, for a tuple).
      resumable: True when a run may be continued with another value (it does not change what the
        weights mean nor the random stream: where the data lie, how long to train, how often to log).
      schedule: True for a `Weight`, whose values have the range.
    """
    metadata = {"help": help, "choices": choices, "low": low, "high": high, "resumable": resumable,
                "schedule": schedule}
    return dataclasses.field(default=default, metadata=metadata)


def _weight(default, help):
    """A field for the weight of a term, which may follow a schedule."""
    return _option(default, help, low=0.0, schedule=True)


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which sequences."""

    dataset: str = _option("sprites", "Name of a dataset: a module of rwae_tf/data.")
    data_dir: str = _option(
        "", "Folder with the dataset's files; empty where none are needed.", resumable=True)
    size: int = _option(64, "Height and width of a video frame; below 64 by area averaging.", choices=(64, 32, 16))
    length: int = _option(8, "Frames per training sequence, T.", low=1)
    num_digits: int = _option(1, "SM-MNIST: digits per frame.", low=1, high=10)
    frame_step: int = _option(
        1, "Folder and MUG: frames of the video to one frame of a clip; 1 for every frame there is. MUG: as recorded, "
        "so a multiple of the --stride of tools/prepare_mug.py.", low=1)
    split_by: str = _option(
        "video", "What train and test do not share: videos (MUG: takes); MUG: subject; Folder: classes of a label.")
    label_names: str = _option(
        "", "Folder: names, with commas, for the levels of sub-folders, or which columns of labels.csv; empty for all.")
    motion_labels: str = _option(
        "", "Folder: labels, with commas, that belong to the motion; the others belong to the content.")
    grey: bool = _option(False, "Folder: frames of one channel.")
    splits: str = _option(
        "auto", "Folder: whether names such as train and test decide; named leaves out what lies outside of them, "
        "random takes them for labels, auto refuses what is unclear.", choices=("auto", "named", "random"))
    frame_pattern: str = _option(
        "", "Folder: which pictures of a folder are its frames, as img_#.png: # for a number, * for any text; empty "
        "where all are.")
    sample_range: str = _option(
        "", "Folder: LOW,HIGH, the values of 16-bit pictures that become black and white; empty for 0,65535.")
    spectrum: str = _option(
        "linear", "Speech: 200 bins of 40 Hz per frame, or 80 on the mel scale.", choices=("linear", "mel"))
    utterance_seconds: float = _option(
        0.0, "Speech: cut recordings into utterances of so many seconds; 0 leaves them whole.", low=0.0)
    min_db: float = _option(
        -400.0, "Speech: values below are raised to this; -400 is digital silence. Above it, silence weighs less.",
        low=-400.0, high=0.0)
    test_fraction: float = _option(
        0.2, "Speech: share of the speakers to test on where a corpus has no test part; 0 trains and tests on all.",
        low=0.0, high=0.9)
    speaker_lists: str = _option(
        "", "Speech: folder with train.txt and test.txt, a speaker per line; empty for the corpus's own split.")
    skip_invalid: bool = _option(
        False, "Leave out and count files that cannot be used, instead of stopping at the first."
    )
    validation_fraction: float = _option(
        0.0, "Share of the training data, by identity, kept from training for split=validation.", low=0.0, high=0.5)


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Encoders, priors and decoder (section 3 and Appendix G of the paper)."""

    model: str = _option("rwae", "Name of a model: a module of rwae_tf/models.", choices=("rwae", "ds_vae"))
    backbone: str = _option(
        "dcgan", "Frame encoder and decoder.", choices=("dcgan", "ds_vae256", "biggan", "text_filter", "speech"))
    channels: int = _option(
        64, "Base width of the backbone: the first convolution's channels, or speech's hidden layers.", low=1)
    decoder_channels: int = _option(0, "Base width of the frame decoder; 0 for that of the encoder.", low=0)
    conditioning: str = _option(
        "norm", "Backbone biggan: a part of h_t sets gain and bias of a block's norms, or joins its feature maps.",
        choices=("norm", "concatenation"))
    feature_size: int = _option(150, "Width of the frame feature h_t.", low=1)
    content_size: int = _option(120, "Width of the content code z_c.", low=1)
    motion_size: int = _option(12, "Width of the motion code z_m,t.", low=1)
    action_size: int = _option(0, "Number of actions A of the weakly supervised model; 0 for none.", low=0)
    hidden_size: int = _option(256, "Units of each LSTM.", low=1)
    content_encoder: str = _option(
        "bidirectional", "q(z_c|x): an LSTM in both directions or one, or a mean over frames, blind to their order.",
        choices=("bidirectional", "forward", "mean"))
    motion_posterior: str = _option(
        "factorised", "DS-VAE: q(z_m) of each frame alone, or full, of all frames and z_c.",
        choices=("factorised", "full"))
    decoder: str = _option(
        "lstm", "What joins z_c and z_m,t to h_t: the paper's LSTM, or a frame-wise Dense.",
        choices=("lstm", "dense"))
    motion_input: str = _option(
        "features", "What q(z_m,t|...) sees of a frame: h_t, or its change, h_t less the mean of h over the clip.",
        choices=("features", "mean_centered"))
    motion_input_scale: float = _option(
        1.0, "Factor on what q(z_m,t|...) sees; above 1 where little moves: small inputs are learned from slowly.",
        low=1e-3, high=1e3)
    motion_initial_scale: float = _option(
        0.69, "Standard deviation of q(z_m,t|...) before training.", low=1e-3, high=10.0)
    action_input: str = _option(
        "motion", "What q(a|...) sees: z_m, or z_m and what q(z_m,t|...) sees of the frames.",
        choices=("motion", "motion_and_features"))
    temperature: float = _option(0.67, "Temperature of the relaxed one-hot action.", low=1e-2, high=100.0)
    temperature_anneal: float = _option(
        0.0, "Exponential decay of the temperature per epoch, down to 0.1; 0 keeps it constant.",
        low=0.0, high=1.0)
    train_content: str = _option(
        "sample", "z_c in training: a sample of q(z_c|x), or its mean.", choices=("sample", "mean"))


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """Equation 9 and its regularizers."""

    reconstruction: str = _option(
        "squared_error", "Cost c(x, x_hat), summed over pixels and time: the squared error, or -log p(x|z) of "
        "independent Bernoulli pixels, or of normal ones of deviation 1.",
        choices=("squared_error", "bernoulli", "normal"))
    content_divergence: str = _option(
        "scaled_mmd", "D(Q, P) on z_c: scaled MMD (R-WAE(MMD)) or adversarial Jensen-Shannon (R-WAE(GAN)).",
        choices=("scaled_mmd", "adversarial"))
    content_weight: Weight = _weight(10.0, "beta_1, weight of the divergence on z_c.")
    motion_weight: Weight = _weight(60.0, "beta_2, weight of the MMD on z_m.")
    motion_kl_weight: Weight = _weight(1.0, "eta, weight of the KL on z_m.")
    content_kl_weight: Weight = _weight(
        0.0, "eta_c, weight of the KL of q(z_c|x) from the prior; 0 in eq. 9. Above 0, z_c contains less motion.")
    motion_kl_prior: str = _option(
        "teacher_forced", "DS-VAE: the prior in the KL on z_m, given the samples of q, or (free) along its own.",
        choices=("teacher_forced", "free"))
    action_weight: Weight = _weight(50.0, "kappa, weight of the KL on the action.")
    action_kl: str = _option(
        "categorical",
        "KL of the action: log A - H(q) in closed form, or Monte Carlo between relaxed densities.",
        choices=("categorical", "monte_carlo"))
    action_divergence_weight: Weight = _weight(
        0.0, "Weight of the KL of the aggregated posterior of the action; 0 as in the paper. Above 0, all are used.")
    mmd_cross_coefficient: float = _option(
        2.0, "Coefficient of the MMD cross term; 1 is eqs 21 and 22 as printed.", low=0.0, high=4.0)
    mmd_estimator: str = _option(
        "unbiased", "Pairs of samples in the MMDs: i != j; all; or i != j within and all across (as_printed).",
        choices=("unbiased", "biased", "as_printed"))
    motion_kernel: str = _option("rbf", "Kernel of the MMD on z_m.", choices=("rbf", "imq"))
    motion_bandwidths: Tuple[float, ...] = _option(
        (1.0, 2.0, 4.0, 8.0, 16.0), "Bandwidths of the summed kernels on z_m.", low=1e-6)
    motion_bandwidth_rule: str = _option(
        "fixed", "Bandwidths as given, or times the median distance of the batch.",
        choices=("fixed", "median"))
    motion_samples: str = _option(
        "teacher_forced", "What the MMD on z_m compares: z_t with teacher-forced samples of the prior, with roll-outs "
        "(free) or with both (mixture); pairs (z_t-1, z_t); all frames at once; or trajectories with roll-outs.",
        choices=("teacher_forced", "free", "mixture", "pair", "pool_time", "trajectory"))
    motion_horizon: int = _option(
        0, "Frames of roll-outs whose later ones, after T, are compared with codes of data; 0: none, as in eq. 9.",
        low=0, high=1000)
    horizon_weight: Weight = _weight(0.0, "Weight of the MMD on frames after T, up to motion_horizon; 0 in eq. 9.")
    mmd_scope: str = _option(
        "global", "MMD over the batch of all replicas, or of each replica.", choices=("global", "replica"))
    scale_weight: float = _option(
        10.0, "Weight of the gradient norm in the scale of the scaled MMD.", low=0.0)
    scale_samples: str = _option(
        "prior", "Where the scale takes the critic's gradient.", choices=("prior", "posterior", "both"))
    critic_features: int = _option(1, "Scaled MMD: numbers that the feature map gives; 1 in the paper.", low=1, high=64)
    gradient_penalty_weight: float = _option(10.0, "lambda of eq. 24.", low=0.0)
    gradient_penalty_of: str = _option(
        "logit", "What eq. 24 takes the gradient of.", choices=("logit", "probability"))
    gradient_penalty_at: str = _option(
        "interpolate", "Where eq. 24 takes the gradient: at interpolates, at samples of the prior, or of both.",
        choices=("interpolate", "prior", "both"))
    encoder_loss: str = _option(
        "non_saturating", "Encoder side of eq. 23.", choices=("non_saturating", "saturating"))


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """Algorithms 1 and 2 and the loop around them."""

    batch_size: int = _option(60, "Sequences per batch, over all replicas.", low=2)
    epochs: int = _option(500, "Passes over the training sequences.", low=1, resumable=True)
    max_minutes: float = _option(
        0.0, "Stop after this many minutes of training, earlier runs of the folder included; 0 for no limit.",
        low=0.0, resumable=True)
    inference_steps: int = _option(
        5, "L, updates of encoders and critic per update of decoder and prior.", low=1)
    adaptive_inference_steps: bool = _option(
        False, "Stop the inner steps early, once the objective of their one batch no longer falls (He et al. 2019).")
    reuse_batch: bool = _option(
        False, "One batch for all updates of an iteration instead of a fresh one each.")
    augment: Tuple[str, ...] = _option(
        (), "Vary training clips so, anew in every batch, where no label tells of side, place or colour.",
        choices=("mirror", "shift", "light"))
    joint_update: bool = _option(False, "With L = 1: one forward pass and one joint step for all parts.")
    precision: str = _option(
        "float32", "What convolutions and LSTMs multiply in training; they sum, and all else computes, in float32. "
        "bfloat16 can be faster on processors that have it.", choices=("float32", "bfloat16"), resumable=True)
    learning_rate: float = _option(2e-4, "Adam's learning rate of a model with one optimizer.", low=0.0)
    decoder_learning_rate: float = _option(3e-4, "Adam's learning rate of decoder and motion prior.", low=0.0)
    encoder_learning_rate: float = _option(1e-4, "Adam's learning rate of the encoders.", low=0.0)
    critic_learning_rate: float = _option(1e-4, "Adam's learning rate of the critic.", low=0.0)
    adam_beta_1: float = _option(0.5, "Adam's decay of the first moment.", low=0.0, high=0.9999)
    adam_beta_2: float = _option(0.9, "Adam's decay of the second moment.", low=0.0, high=0.999999)
    decay_epochs: Tuple[float, ...] = _option(
        (50.0, 80.0), "Epochs after which the learning rates fall.", low=0.0)
    decay_factors: Tuple[float, ...] = _option(
        (0.5, 0.2), "What the learning rates are multiplied by at each of decay_epochs.", low=0.0, high=1.0)
    seed: int = _option(0, "Seed of weights, batches and noise.", low=0, high=2**31 - 1)
    replicas: int = _option(
        0, "Replicas under MirroredStrategy; 0 for every GPU, or one CPU. More than the GPUs: virtual CPUs.",
        low=0)
    log_every: int = _option(50, "Iterations between lines of metrics.jsonl.", low=1, resumable=True)
    checkpoint_minutes: float = _option(5.0, "Minutes between checkpoints.", low=0.0, resumable=True)
    summary_minutes: float = _option(5.0, "Minutes between pictures and indicators.", low=0.0, resumable=True)


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """What `evaluate` measures on."""

    evaluate_content: str = _option(
        "mean", "z_c in evaluation: the mean of q(z_c|x), or a sample.", choices=("mean", "sample"),
        resumable=True)
    test_length: int = _option(
        0, "Frames per test sequence; 0 for the training length.", low=0, resumable=True)


SECTIONS = {
    "data": DataConfig,
    "model": ModelConfig,
    "objective": ObjectiveConfig,
    "training": TrainingConfig,
    "evaluation": EvaluationConfig,
}
