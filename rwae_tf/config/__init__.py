"""The configuration of a run: every option of the method, validated, to and from JSON. Imports no TensorFlow."""

from rwae_tf.config.schema import (
    SECTIONS,
    DataConfig,
    EvaluationConfig,
    ModelConfig,
    ObjectiveConfig,
    TrainingConfig,
    scheduled,
)
from rwae_tf.config.serialization import Config, differences, from_dict, read, resolved, save, to_dict

__all__ = ["SECTIONS", "Config", "DataConfig", "EvaluationConfig", "ModelConfig", "ObjectiveConfig", "TrainingConfig",
           "differences", "from_dict", "read", "resolved", "save", "scheduled", "to_dict"]
