"""Ways to keep or copy a model that would leave its configuration or weights behind: each says what to do instead."""

from rwae_tf.errors import InputError


class Refused:
    """Refuses pickle, copy, and what Keras saves and clones; to be inherited before `keras.Model`."""

    def _refuse(self, how):
        raise InputError(f"a model cannot be {how}: python -m rwae_tf.export --run_dir=RUN_DIR --export_dir=FOLDER "
                         "writes a SavedModel, and rwae_tf.load reads the folder of the run")

    def __reduce__(self):
        self._refuse("pickled or copied")

    def __deepcopy__(self, memo):
        self._refuse("copied")

    def save(self, *args, **kwargs):
        """Refuse."""
        self._refuse("saved as a file of Keras")

    def get_config(self):
        """Refuse: Keras asks for it to save and to clone."""
        self._refuse("saved as a file of Keras or cloned")
