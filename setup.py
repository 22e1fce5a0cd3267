"""Package, extras and console scripts of rwae_tf.

The ranges admit two measured stacks, TensorFlow 2.17.1 and 2.21.0; `constraints/stack-<version>.txt`
picks one and pins it exactly: `pip install -c constraints/stack-2.17.txt -e .`
"""

import pathlib
import re
import shutil

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

_HERE = pathlib.Path(__file__).resolve().parent
VERSION = re.search('^__version__ = "(.+)"$', (_HERE / "rwae_tf/__init__.py").read_text(), re.MULTILINE).group(1)

REQUIRES = [
    # The two stacks that were measured; tensorflow-io's operations load in the first alone.
    "tensorflow>=2.17.1,<2.22,!=2.18.*,!=2.19.*,!=2.20.*",
    "keras==3.15.1",  # the same layers, optimizers and export on both stacks
    "tf-keras>=2.17,<2.22",  # TensorFlow Probability imports it; itself asks for TensorFlow's minor version
    "tensorflow-probability>=0.24,<0.26",  # 0.24 is the last for TensorFlow 2.17, 0.25 goes with 2.21
    "tensorflow-gan==2.1.0",  # adversarial losses, scores of samples; last release
    "tensorflow-hub==0.16.1",  # imported by tensorflow-gan; last release
    # s3:// buckets, mp3, Ogg, resampling; last release; loads up to TensorFlow 2.17.1, no wheel for Python 3.13
    "tensorflow-io==0.37.1; python_version < '3.13'",
    "tensorflow-io-gcs-filesystem==0.37.1; python_version < '3.13'",  # must equal tensorflow-io's
    "tensorboard>=2.17",  # event files; TensorFlow 2.21 no longer brings it
    "setuptools<81",  # newer ones lack pkg_resources, which tensorflow-hub imports
    "numpy>=1.26,<3",  # TensorFlow 2.17 needs 1.26, 2.21 runs on 2
    "absl-py>=2.1",  # flags
    "pillow>=10.1",  # PNG and GIF; the first whose own font has a size
    "imageio-ffmpeg>=0.5",  # MP4; carries its own ffmpeg
    "scikit-learn>=1.8,<2",  # linear probes, random forests and t-SNE of the evaluation
    "scipy>=1.11",  # which learned action is which (Hungarian method); scikit-learn needs it too
    "threadpoolctl>=3.5,<4",  # one thread for the t-SNE; scikit-learn needs it too
    "matplotlib>=3.9,<4",  # the plots of the evaluation's page
]

SPEECH = [
    "soundfile>=0.13",  # NIST SPHERE (TIMIT), FLAC and WAV; reads mp3 and Ogg where tensorflow-io does not load
]

SERVE = [
    "starlette>=1.0,<2",  # routes of `rwae_tf.serve`
    "uvicorn>=0.40,<1",  # its HTTP server
    "orjson>=3.10,<4",  # float32 arrays to JSON and back, ten times as fast as json
    "prometheus-client>=0.21,<1",  # its counters
]


PORTABLE = [
    "tf2onnx==1.17.0",  # knows the operations of both stacks
    "onnx==1.17.0; python_version < '3.13'",  # 1.19 breaks tf2onnx 1.17; no wheel for Python 3.13
    "onnxruntime>=1.19",  # runs what tf2onnx writes
]


def _requirements(path):
    """The lines of a requirements file, without its comments."""
    return [line for line in (_HERE / path).read_text().splitlines() if line and not line.startswith("#")]


EXTRAS = {
    "cuda": ["tensorflow[and-cuda]"],  # CUDA and cuDNN as Python packages, in the versions TensorFlow names
    "grpc": ["tensorflow-serving-api>=2.17.1,<2.22"],  # for export/client.py; at TensorFlow's minor version
    "portable": PORTABLE,  # `rwae_tf.export --format=onnx`
    "serve": SERVE,  # TensorFlow Serving's REST interface on a laptop
    "speech": SPEECH,
    "peer": ["torch>=2.5"],  # the model in PyTorch that tools/benchmark.py measures ours against
    "faces": ["opencv-python-headless<5"],  # 5 has no CascadeClassifier, which crops the faces
    "docs": _requirements("tools/docs/requirements.txt"),  # the site of tools/docs.sh
    "dev": SPEECH + SERVE + ["playwright>=1.50", "axe-playwright-python>=0.1.4",  # tests of the page, with a Chromium
                             "pytest>=8", "pytest-xdist>=3.6", "hypothesis>=6.100", "ruff>=0.6", "mypy>=1.11",
                     "moto[s3]>=5", "flask>=3", "flask-cors>=5"],  # an S3 server, for the tests of buckets
}


class BuildWithPresets(build_py):
    """The package, with the flagfiles of tools/ and the models of pretrained/ in it, so that a wheel works alone."""

    def run(self):
        super().run()
        if self.editable_mode:  # a clone has tools/ itself
            return
        for source in (_HERE / "tools").rglob("*.flags"):
            target = pathlib.Path(self.build_lib, "rwae_tf", "_presets", source.relative_to(_HERE / "tools"))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        models = _HERE / "pretrained"
        if models.is_dir():
            target = pathlib.Path(self.build_lib, "rwae_tf", "_pretrained")
            shutil.copytree(models, target, dirs_exist_ok=True)


setup(
    name="rwae_tf",
    cmdclass={"build_py": BuildWithPresets},
    version=VERSION,
    description="Disentangled recurrent Wasserstein autoencoders (Han et al., ICLR 2021) in TensorFlow",
    long_description=(_HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The rwae_tf authors",
    license="Apache-2.0",
    license_files=["LICENSE", "CREDITS.md"],
    keywords=["disentanglement", "Wasserstein autoencoder", "video generation", "speech", "representation learning"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    packages=find_packages(include=["rwae_tf", "rwae_tf.*"]),
    package_data={"rwae_tf": ["py.typed", "serving/page/*"]},
    python_requires=">=3.11,<3.14",  # TensorFlow 2.17 has wheels up to 3.12, 2.21 up to 3.13
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": [
            f"rwae-{name} = rwae_tf.{name}:cli"
            for name in ("train", "judge", "evaluate", "compare", "generate", "export", "serve", "pretrained")
        ]
    },
)
