"""Every option of the method, as frozen dataclasses. Imports no TensorFlow.

A field holds its default, its choices or range and its help. `flags.py` makes the command-line flags from
these fields alone. The defaults are the paper's settings for Sprites.
"""

import dataclasses
from typing import Tuple

from rwae_tf.config.fields import option, rate
from rwae_tf.config.objective import ObjectiveConfig
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

    model: str = option(
        "rwae", "Model: rwae (R-WAE), or a baseline: DS-VAE, C-DSVAE, FHVAE (speech), MoCoGAN (no encoder).",
        choices=("rwae", "ds_vae", "c_dsvae", "fhvae", "mocogan"))
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
        "factorised", "DS-VAE, C-DSVAE: q(z_m,t|x_t) of each frame alone, or q(z_m|x, z_c) of all frames.",
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
    category_training: str = option(
        "unsupervised", "MoCoGAN: the category is what the discriminator reads off generated clips (InfoGAN's term), "
        "or is learned from labels of real ones.", choices=("unsupervised", "supervised"))
    instance_noise: float = option(
        0.0, "MoCoGAN: deviation of the noise on what discriminators see, of pixels from -1 to 1.", low=0.0, high=10.0)


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
    sequences_per_round: int = option(
        0, "FHVAE: utterances in the table at a time, drawn again in every round (hierarchical sampling); 0 for all.",
        low=0)
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
    learning_rate: Schedule = rate(2e-4, "All models but R-WAE: learning rate of Adam, for each part of its own.")
    decoder_learning_rate: Schedule = rate(3e-4, "Learning rate of Adam for decoder and motion prior.")
    encoder_learning_rate: Schedule = rate(1e-4, "Learning rate of Adam for the encoders.")
    critic_learning_rate: Schedule = rate(1e-4, "Learning rate of Adam for the critic.")
    adam_beta_1: float = option(0.5, "Decay rate of Adam's first moment.", low=0.0, high=0.9999)
    adam_beta_2: float = option(0.9, "Decay rate of Adam's second moment.", low=0.0, high=0.999999)
    clip_gradients: float = option(
        0.0, "Largest norm of the gradient of each part (encoders, decoder, ...); longer ones are scaled down. 0: no "
        "limit.", low=0.0, resumable=True)
    skip_nonfinite_steps: bool = option(
        False, "Skip a step whose terms or gradients are NaN or infinite, and count it, instead of ending.",
        resumable=True)
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
