"""Every option of the method, as frozen dataclasses. Imports no TensorFlow.

A field holds its default, its choices or range and its help. `flags.py` makes the command-line flags from
these fields alone. The defaults are the paper's settings for Sprites.
"""

import dataclasses
from typing import Tuple

from rwae_tf.config.fields import option, rate, weight
from rwae_tf.config.schedule import Schedule


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """The dataset and its clips."""

    dataset: str = option("sprites", "Dataset: the name of a module of rwae_tf/data/datasets.")
    data_dir: str = option(
        "", "Folder with the files of the dataset. Leave it empty for a dataset without files.", resumable=True)
    size: int = option(
        64, "Height and width of a video frame in pixels. Below 64, blocks of pixels are averaged.",
        choices=(64, 32, 16))
    length: int = option(8, "T, the number of frames of a training clip.", low=1)
    num_digits: int = option(1, "SM-MNIST: number of digits in a frame.", low=1, high=10)
    frame_step: int = option(
        1, "Folder, MUG: take every N-th frame of a video. MUG counts recorded frames, so N is a multiple of the "
        "--stride of tools/prepare_mug.py.", low=1)
    split_by: str = option(
        "video", "What train and test do not share: video (MUG: a take), subject (MUG) or a label (Folder: its "
        "classes).")
    label_names: str = option(
        "", "Folder: names for the levels of sub-folders, or columns of labels.csv, with commas. Empty uses all.")
    motion_labels: str = option(
        "", "Folder: labels that belong to the motion, with commas. All others belong to the content.")
    grey: bool = option(False, "Folder: convert frames to one grey channel.")
    splits: str = option(
        "auto", "Folder: whether folder names such as train and test define the splits. named ignores all other "
        "folders, random treats the names as labels, auto refuses ambiguous folders.",
        choices=("auto", "named", "random"))
    frame_pattern: str = option(
        "", "Folder: pattern of the names of frames, such as img_#.png (# a number, * any text). Empty uses all.")
    sample_range: str = option(
        "", "Folder: LOW,HIGH, the 16-bit values that become black and white. Empty means 0,65535.")
    spectrum: str = option(
        "linear", "Speech: log spectrum with 200 linear bins of 40 Hz, or with 80 mel bins.", choices=("linear", "mel"))
    utterance_seconds: float = option(
        0.0, "Speech: cut recordings into utterances of this many seconds. 0 keeps them whole.", low=0.0)
    min_db: float = option(
        -400.0, "Speech: raise lower values of the spectrum to this many decibels; -400 is digital silence. A higher "
        "value gives silence less weight.", low=-400.0, high=0.0)
    test_fraction: float = option(
        0.2, "Speech: fraction of speakers for testing, where the corpus has no test split. 0 trains and tests on all.",
        low=0.0, high=0.9)
    speaker_lists: str = option(
        "", "Speech: folder with train.txt and test.txt, one speaker a line. Empty uses the split of the corpus.")
    skip_invalid: bool = option(
        False, "Skip files that cannot be used, and count them, instead of stopping at the first one.")
    validation_fraction: float = option(
        0.0, "Fraction of the training identities that training leaves out as the validation split.", low=0.0, high=0.5)


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Encoders, priors and decoder (section 3 and Appendix G of the paper)."""

    model: str = option("rwae", "Model: rwae (R-WAE), or ds_vae (the baseline DS-VAE).", choices=("rwae", "ds_vae"))
    backbone: str = option(
        "dcgan", "Network that encodes and decodes single frames.",
        choices=("dcgan", "ds_vae256", "biggan", "text_filter", "speech"))
    channels: int = option(
        64, "Base width of the backbone: channels of its first convolution; for speech, units of hidden layers.", low=1)
    decoder_channels: int = option(0, "Base width of the frame decoder. 0 uses the width of the encoder.", low=0)
    conditioning: str = option(
        "norm", "Backbone biggan: parts of h_t set gain and bias of the norms of a block, or join its feature maps.",
        choices=("norm", "concatenation"))
    feature_size: int = option(150, "Width of the frame feature h_t.", low=1)
    content_size: int = option(120, "Width of the content code z_c.", low=1)
    motion_size: int = option(12, "Width of the motion code z_m,t.", low=1)
    action_size: int = option(
        0, "A, the number of actions of the weakly supervised model. 0 gives a model without actions.", low=0)
    hidden_size: int = option(256, "Units of each LSTM.", low=1)
    content_encoder: str = option(
        "bidirectional", "q(z_c|x): an LSTM in both directions, an LSTM forward in time, or the mean over frames, "
        "which ignores their order.", choices=("bidirectional", "forward", "mean"))
    motion_posterior: str = option(
        "factorised", "DS-VAE: q(z_m,t|x_t) of each frame alone, or q(z_m|x, z_c) of all frames.",
        choices=("factorised", "full"))
    decoder: str = option(
        "lstm", "Network from z_c and z_m,t to frames: the paper's LSTM, or a Dense layer applied to each frame.",
        choices=("lstm", "dense"))
    motion_input: str = option(
        "features", "Input of q(z_m,t|x): h_t, or h_t minus its mean over the clip, which hides what does not change.",
        choices=("features", "mean_centered"))
    motion_input_scale: float = option(
        1.0, "Factor on the input of q(z_m,t|x). Values above 1 speed up learning where frames change little.",
        low=1e-3, high=1e3)
    motion_initial_scale: float = option(
        0.69, "Standard deviation of q(z_m,t|x) before training.", low=1e-3, high=10.0)
    action_input: str = option(
        "motion", "Input of q(a|x): z_m, or z_m and the input of q(z_m,t|x).",
        choices=("motion", "motion_and_features"))
    temperature: Schedule = option(
        0.67, "tau, the temperature of the relaxed one-hot action.", low=1e-2, high=100.0, schedule=True)
    train_content: str = option(
        "sample", "z_c in training: a sample of q(z_c|x), or its mean.", choices=("sample", "mean"))


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """The objective (eq. 9) and its regularizers."""

    reconstruction: str = option(
        "squared_error", "Cost c(x, x_hat), summed over pixels and frames: squared error, or -log p(x|z) of Bernoulli "
        "pixels or of normal pixels with standard deviation 1.", choices=("squared_error", "bernoulli", "normal"))
    content_divergence: str = option(
        "scaled_mmd", "D(Q, P) on z_c in eq. 9: the scaled MMD of R-WAE(MMD), or the adversarial Jensen-Shannon "
        "divergence of R-WAE(GAN).", choices=("scaled_mmd", "adversarial"))
    content_weight: Schedule = weight(10.0, "beta_1, the weight of the divergence on z_c in eq. 9.")
    motion_weight: Schedule = weight(60.0, "beta_2, the weight of the MMD on z_m in eq. 9.")
    motion_kl_weight: Schedule = weight(
        1.0, "eta, the weight of the KL of q(z_m,t|x) from the motion prior, which stabilizes training.")
    content_kl_weight: Schedule = weight(
        0.0, "eta_c, the weight of the KL divergence of q(z_c|x) from N(0, I). Eq. 9 has none (0); a positive weight "
        "removes motion from z_c.")
    motion_kl_prior: str = option(
        "teacher_forced", "DS-VAE: motion prior in the KL of z_m, given samples of q, or its own roll-out (free).",
        choices=("teacher_forced", "free"))
    action_weight: Schedule = weight(50.0, "kappa, the weight of the KL divergence of q(a|x) from the uniform prior.")
    action_kl: str = option(
        "categorical", "KL divergence of the action: log A - H(q) in closed form, or a Monte Carlo estimate between "
        "relaxed densities.", choices=("categorical", "monte_carlo"))
    action_divergence_weight: Schedule = weight(
        0.0, "Weight of the KL divergence of the aggregated posterior of the action from the uniform prior. The paper "
        "has none (0); a positive weight makes the model use all actions.")
    mmd_cross_coefficient: float = option(
        2.0, "Coefficient of the cross term of the MMD. 1 is eqs 21 and 22 as printed.", low=0.0, high=4.0)
    mmd_estimator: str = option(
        "unbiased", "Pairs of samples in the MMD: i != j, all pairs, or i != j within each side and all pairs across "
        "(as_printed).", choices=("unbiased", "biased", "as_printed"))
    motion_kernel: str = option("rbf", "Kernel k of the MMD on z_m.", choices=("rbf", "imq"))
    motion_bandwidths: Tuple[float, ...] = option(
        (1.0, 2.0, 4.0, 8.0, 16.0), "Bandwidths sigma of the kernels that the MMD on z_m sums.", low=1e-6)
    motion_bandwidth_rule: str = option(
        "fixed", "Use the bandwidths as given, or multiply them by the median distance of the batch.",
        choices=("fixed", "median"))
    motion_samples: str = option(
        "teacher_forced", "Samples in the MMD on z_m: z_m,t against teacher-forced prior samples, roll-outs (free) or "
        "both (mixture); pairs of frames (pair); all frames at once (pool_time); or whole trajectories against "
        "roll-outs.", choices=("teacher_forced", "free", "mixture", "pair", "pool_time", "trajectory"))
    motion_horizon: int = option(
        0, "Frames of roll-outs, of which those after T are compared with data. Eq. 9 has none (0).", low=0, high=1000)
    horizon_weight: Schedule = weight(
        0.0, "Weight of the MMD on the frames after T up to --motion_horizon. Eq. 9 has none (0).")
    mmd_scope: str = option(
        "global", "Compute the MMD over the batch of all replicas, or over that of each replica.",
        choices=("global", "replica"))
    scale_weight: float = option(10.0, "Scaled MMD: weight of the gradient norm in the scale S.", low=0.0)
    scale_samples: str = option(
        "prior", "Scaled MMD: samples at which S takes the gradient of the feature map f_gamma.",
        choices=("prior", "posterior", "both"))
    critic_features: int = option(
        1, "Scaled MMD: outputs of the feature map f_gamma. The paper has 1.", low=1, high=64)
    gradient_penalty_weight: float = option(
        10.0, "R-WAE(GAN): lambda, the weight of the gradient penalty of eq. 24.", low=0.0)
    gradient_penalty_of: str = option(
        "logit", "R-WAE(GAN): output of D_gamma that eq. 24 differentiates.", choices=("logit", "probability"))
    gradient_penalty_at: str = option(
        "interpolate", "R-WAE(GAN): points of the gradient in eq. 24: interpolates, prior samples, or both sides.",
        choices=("interpolate", "prior", "both"))
    encoder_loss: str = option(
        "non_saturating", "R-WAE(GAN): loss of the encoders in eq. 23.", choices=("non_saturating", "saturating"))


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """Algorithms 1 and 2 and the training loop."""

    batch_size: int = option(60, "Clips in a batch, over all replicas.", low=2)
    epochs: int = option(500, "Passes over the training clips.", low=1, resumable=True)
    max_minutes: float = option(
        0.0, "Stop after this many minutes of training, earlier starts of the run included. 0: no limit.", low=0.0,
        resumable=True)
    inference_steps: int = option(
        5, "L, the updates of encoders and critic for each update of decoder and motion prior.", low=1)
    adaptive_inference_steps: bool = option(
        False, "End the L inner steps early, once the objective on one batch stops falling (He et al. 2019).")
    reuse_batch: bool = option(False, "Use one batch for all updates of an iteration instead of a new one for each.")
    augment: Tuple[str, ...] = option(
        (), "Random augmentations of training clips, new in every batch. Choose none that would change a label.",
        choices=("mirror", "shift", "light"))
    joint_update: bool = option(False, "With L = 1: update all parts in one step, from one forward pass.")
    precision: str = option(
        "float32", "Number format of the factors in convolutions and LSTMs during training; all sums are float32. "
        "bfloat16 is faster on processors that support it.", choices=("float32", "bfloat16"), resumable=True)
    kernels: str = option(
        "fast", "Code that computes the layers and Adam: the project's faster one, or Keras's own (plain).",
        choices=("fast", "plain"), resumable=True)
    learning_rate: Schedule = rate(2e-4, "DS-VAE: learning rate of Adam.")
    decoder_learning_rate: Schedule = rate(3e-4, "Learning rate of Adam for decoder and motion prior.")
    encoder_learning_rate: Schedule = rate(1e-4, "Learning rate of Adam for the encoders.")
    critic_learning_rate: Schedule = rate(1e-4, "Learning rate of Adam for the critic.")
    adam_beta_1: float = option(0.5, "Decay rate of Adam's first moment.", low=0.0, high=0.9999)
    adam_beta_2: float = option(0.9, "Decay rate of Adam's second moment.", low=0.0, high=0.999999)
    seed: int = option(0, "Seed of weights, batches and noise.", low=0, high=2**31 - 1)
    replicas: int = option(
        0, "Replicas of MirroredStrategy. 0 uses every GPU, or one CPU; replicas beyond the GPUs are virtual CPUs.",
        low=0)
    log_every: int = option(50, "Iterations between two lines of metrics.jsonl.", low=1, resumable=True)
    checkpoint_minutes: float = option(5.0, "Minutes between two checkpoints.", low=0.0, resumable=True)
    summary_minutes: float = option(5.0, "Minutes between pictures and indicators.", low=0.0, resumable=True)


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """The clips and codes that `evaluate` measures."""

    evaluate_content: str = option(
        "mean", "z_c in evaluation: the mean of q(z_c|x), or a sample.", choices=("mean", "sample"), resumable=True)
    test_length: int = option(0, "Frames of a test clip. 0 uses the training length T.", low=0, resumable=True)


SECTIONS = {
    "data": DataConfig,
    "model": ModelConfig,
    "objective": ObjectiveConfig,
    "training": TrainingConfig,
    "evaluation": EvaluationConfig,
}


def scheduled():
    """The names of the options that may be schedules."""
    return {field.name for kind in SECTIONS.values() for field in dataclasses.fields(kind)
            if field.metadata["schedule"]}
