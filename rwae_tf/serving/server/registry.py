"""Which versions of which models are served; looked up again and again, as TensorFlow Serving does.

The folder of a model holds one folder for each version, named by a number; the newest ones are served. A new version
is loaded before an old one goes, and a request that is being answered keeps the version that it began with.
"""

import gc
import os
import sys
import threading

from rwae_tf.errors import InputError, one_line
from rwae_tf.serving.server import replies


class Model:
    """What is known of one model.

    Attributes:
      name, folder: its name, and the folder of its versions.
      labels: label -> version.
      servables: version -> loaded servable.
      states: version -> (state, error code, error message), of all versions that were ever seen.
    """

    def __init__(self, name, folder, labels):
        self.name, self.folder, self.labels = name, folder, labels
        self.servables, self.states = {}, {}

    def on_disk(self):
        """The versions in the folder that are complete, ascending."""
        try:
            names = os.listdir(self.folder)
        except OSError:  # gone for now: what is loaded is served on
            return []
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal()
                      and os.path.exists(os.path.join(self.folder, name, "saved_model.pb")))


class Registry:
    """The models of a server.

    Args:
      folders: name of a model -> folder of its versions.
      load: (name, version, path) -> a loaded servable.
      labels: name of a model -> {label: version}.
      num_versions: how many of the newest versions of each model are served.
    """

    def __init__(self, folders, load, labels=None, num_versions=1):
        self.models = {name: Model(name, folder, (labels or {}).get(name, {})) for name, folder in folders.items()}
        self._load, self._num_versions = load, num_versions
        self._lock = threading.Lock()  # one look at a time

    def refresh(self):
        """Load versions that have come, then let go of those that they replace."""
        with self._lock:
            for model in self.models.values():
                self._refresh(model)

    def require_all(self):
        """Refuse, by InputError, a model of which no version could be loaded."""
        for model in self.models.values():
            if not model.servables:
                failures = [f"version {version}: {message}" for version, (_, _, message) in model.states.items()]
                raise InputError(f"{model.folder}: no version of {model.name} to serve "
                                 f"({'; '.join(failures) or 'none is there'}); python -m rwae_tf.export writes one")

    def servable(self, target):
        """The loaded servable of a `routes.Target`.

        Raises:
          ServingError: for one that is not served.
        """
        model = self.models.get(target.model)
        servables = dict(model.servables) if model else {}  # a refresh may come between
        version = self.version(target)
        if version is None:
            version = max(servables, default=None)
        if version not in servables:
            raise replies.not_found(f"Servable not found for request: {target}")
        return servables[version]

    def version(self, target):
        """The version that a target names by number or label, None if it names none.

        Raises:
          ServingError: for an unknown label.
        """
        if target.label is None:
            return target.version
        model = self.models.get(target.model)
        if model is None or target.label not in model.labels:
            raise replies.invalid(f"Unrecognized servable version label: {target.label}")
        return model.labels[target.label]

    def status(self, target):
        """The answer to a question for a model's status, an object for JSON.

        Raises:
          ServingError: for a model or version that was never there.
        """
        model, wanted = self.models.get(target.model), self.version(target)
        states = dict(model.states) if model else {}
        if not states:
            raise replies.not_found(f"Could not find any versions of model {target.model}")
        if wanted is not None and wanted not in states:
            raise replies.not_found(f"Could not find version {wanted} of model {target.model}")
        versions = sorted(states, reverse=True) if wanted is None else [wanted]
        return {"model_version_status": [
            {"version": str(version), "state": states[version][0],
             "status": {"error_code": states[version][1], "error_message": states[version][2]}}
            for version in versions]}

    def _refresh(self, model):
        wanted = model.on_disk()[-self._num_versions:]
        for version in wanted:
            if version not in model.servables and model.states.get(version, ("END", "OK"))[:2] == ("END", "OK"):
                self._load_version(model, version)
        loaded = [version for version in wanted if version in model.servables]
        if not loaded:  # nothing that could take over
            return
        for version in set(model.servables) - set(wanted):
            model.servables.pop(version)
            model.states[version] = ("END", "OK", "")
            print(f"{model.name}: version {version} goes", file=sys.stderr, flush=True)
            _collect_garbage()

    def _load_version(self, model, version):
        model.states[version] = ("LOADING", "OK", "")
        try:
            servable = self._load(model.name, version, os.path.join(model.folder, str(version)))
        except Exception as error:  # whatever is wrong with one version, the others are served
            message = one_line(error)[:replies.LONGEST]
            model.states[version] = ("END", "UNKNOWN", message)
            print(f"{model.name}: version {version} cannot be loaded: {message}", file=sys.stderr, flush=True)
            return
        model.servables[version] = servable
        model.states[version] = ("AVAILABLE", "OK", "")
        print(f"{model.name}: version {version} is served", file=sys.stderr, flush=True)
        _collect_garbage()


def _collect_garbage():
    """Free what is not used, as the session of a model that went, and leave what is left out of later collections.

    Without, a request of numbers in JSON, tens of thousands of lists, sets off collections that walk over all of
    TensorFlow's objects, for 0.2 s each.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
