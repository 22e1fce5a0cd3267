"""The process of a server: what it serves, its socket, its start and its end."""

import asyncio
import hashlib
import os
import re
import socket
import subprocess
import sys

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from rwae_tf.errors import InputError
from rwae_tf.runs import pretrained
from rwae_tf.serving.server import app, registry

_NAME = re.compile(r"[^/:=\s]+")
_GRACE = 30  # seconds for requests under way once the server is told to stop
_WAIT_HEADERS = 30  # seconds for the first request of a connection


def models(arguments, cache):
    """Name -> folder of the versions of each model.

    Args:
      arguments: of --model, PATH or NAME=PATH each: an export, or a run or a pretrained model, which is exported first.
      cache: folder for those exports.

    Raises:
      InputError: for a path that is none of these, or a name that comes twice.
    """
    folders = {}
    for argument in arguments:
        name, _, path = argument.rpartition("=")
        path = os.path.expanduser(path).rstrip("/") or argument
        name = name or os.path.basename(os.path.abspath(path))
        if not _NAME.fullmatch(name):
            raise InputError(f"--model={argument}: the name of a model has none of / : = and no spaces")
        if name in folders:
            raise InputError(f"--model={argument}: a second model named {name}; name it: --model=OTHER={path}")
        folders[name] = _versions_folder(argument, path, cache)
    return folders


def _versions_folder(argument, path, cache):
    if os.path.exists(os.path.join(path, "saved_model.pb")):
        raise InputError(f"--model={argument}: is one version; give the folder of all, {os.path.dirname(path) or '.'}")
    if os.path.exists(os.path.join(path, "config.json")) or path.startswith(pretrained.PREFIX):
        return _exported(argument, path, cache)
    if not os.path.isdir(path):
        raise InputError(f"--model={argument}: no such folder; python -m rwae_tf.export writes one")
    return path


def _exported(argument, path, cache):
    """The folder of versions of a run or pretrained model, which is exported unless that was done before."""
    export_dir = os.path.join(cache, f"{os.path.basename(path)}-{_fingerprint(pretrained.find(path))}")
    if os.path.isdir(export_dir) and any(name.isdecimal() for name in os.listdir(export_dir)):
        return export_dir
    print(f"exporting {path} to {export_dir}", file=sys.stderr, flush=True)
    # In a process of its own: the server does without Keras' layers and all that they import.
    command = [sys.executable, "-m", "rwae_tf.export", f"--run_dir={path}", f"--export_dir={export_dir}"]
    if status := subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        raise InputError(f"--model={argument}: the export failed with status {status}; its error is above")
    return export_dir


def _fingerprint(path):
    """A short name that changes with the files from which a model is exported, and with the version of this package."""
    digest = hashlib.sha256(f"{sys.modules['rwae_tf'].__version__} {os.path.abspath(path)}".encode())
    for folder in (path, os.path.join(path, "checkpoints")):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if os.path.isdir(folder) else ():
            if entry.is_file() and entry.name.endswith((".json", ".index", ".npz")):
                digest.update(f"{entry.name} {entry.stat().st_size} {entry.stat().st_mtime_ns}".encode())
    return digest.hexdigest()[:12]


def labels(arguments, names):
    """Model -> {label: version}.

    Args:
      arguments: of --label, LABEL=VERSION of the only model, or MODEL/LABEL=VERSION each.
      names: of the models.

    Raises:
      InputError: for an argument of another form, or an unknown model.
    """
    found = {}
    for argument in arguments:
        match = re.fullmatch(r"(?:([^/]+)/)?([^/:=]+)=(\d+)", argument)
        if not match:
            raise InputError(f"--label={argument}: expected LABEL=VERSION or MODEL/LABEL=VERSION")
        model, label, version = match.groups()
        if model is None and len(names) > 1:
            raise InputError(f"--label={argument}: of several models; name it: --label=MODEL/{argument}")
        model = model or next(iter(names))
        if model not in names:
            raise InputError(f"--label={argument}: no model is named {model}; there are {', '.join(names)}")
        found.setdefault(model, {})[label] = int(version)
    return found


class _Protocol(H11Protocol):
    """Closes a connection on which no request arrives: uvicorn itself waits for the first one for ever."""

    def connection_made(self, transport):
        super().connection_made(transport)
        self.loop.call_later(_WAIT_HEADERS, self._close_if_silent)

    def _close_if_silent(self):
        if self.scope is None and not self.transport.is_closing():
            self.transport.close()


def serve(folders, version_labels, num_versions, host, port, limits):
    """Serve until SIGTERM or Ctrl-C; requests that are under way then are answered.

    Args:
      folders: name of a model -> folder of its versions.
      version_labels: name of a model -> {label: version}.
      num_versions: how many of the newest versions of each model are served.
      host, port: where to listen; port 0 takes a free one.
      limits: `app.Limits`.

    Raises:
      InputError: for a port that is taken, and where a model has no version that can be loaded.
    """
    listening = _listen(host, port)
    from rwae_tf.serving.server import servable  # TensorFlow, which takes seconds

    models_ = registry.Registry(folders, servable.Servable, version_labels, num_versions)
    models_.refresh()
    models_.require_all()
    config = uvicorn.Config(
        app.Server(models_, limits).app(), http=_Protocol, ws="none", log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=_GRACE)
    address, port = listening.getsockname()[:2]
    address = f"[{address}]" if ":" in address else address
    listening.listen()  # who reads the next line may ask at once
    print(f"serving {', '.join(folders)} at http://{address}:{port}/", flush=True)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


def _listen(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay, 40 ms an answer, off for sockets that name TCP alone.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise InputError(f"--host={host} --port={port}: {error.strerror}; take another --port") from None
    return listening
