"""What would lose a model's configuration or weights names the export and the folder of the run."""

import copy
import pickle

import keras
import pytest
import tiny

from rwae_tf.errors import InputError


@pytest.fixture(scope="module")
def model():
    return tiny.build()


@pytest.mark.parametrize("keep", [
    pickle.dumps, copy.copy, copy.deepcopy, lambda model: model.save("model.keras"), lambda model: model.save("folder"),
    lambda model: keras.saving.save_model(model, "model.keras"), keras.models.clone_model,
], ids=["pickle", "copy", "deepcopy", "save", "save a folder", "save_model", "clone_model"])
def test_a_model_is_exported_or_loaded(model, keep, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="python -m rwae_tf.export --run_dir=RUN_DIR .* rwae_tf.load"):
        keep(model)
    assert not [path for path in tmp_path.iterdir() if path.is_dir() or path.stat().st_size > 22]  # an empty ZIP
