"""How a command begins and ends.

Entry points run inside `run`. Before TensorFlow is imported, it silences TensorFlow's and XLA's messages, has Keras
use its own settings, and asks for oneDNN's kernels: TensorFlow's own choice is to leave them alone where a processor
has no AVX-512, where a step of training takes twice as long without them (docs/performance.md). Afterwards it turns an
`InputError` into `error: ...` on stderr and exit status 1.
"""

import os
import signal
import sys
import traceback

from rwae_tf.compat import keras_settings, quiet
from rwae_tf.config import cluster
from rwae_tf.errors import InputError, one_line


def run(main, argv=None, one_of_several=False):
    """Call `main(argv)`; end the process with its status, or with 1 and one line for an input error.

    A reader that has closed our stdout (`| head`) and Ctrl-C end it quietly, with the status that the
    shell gives to a process ended by that signal.

    Args:
      main: a function of the argument list (program name first).
      argv: the argument list; `sys.argv` when None.
      one_of_several: whether this is a training: the workers of TF_CONFIG share its work, while other commands refuse
        them, and the process leaves without the end of the interpreter.
    """
    # Read when TensorFlow is imported, which is yet to come.
    quiet.before_import()
    keras_settings.take_over()
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        if not one_of_several:
            cluster.refuse()
        status = main(sys.argv if argv is None else argv)
        sys.stdout.flush()  # here, where a closed stdout can still be handled
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except (InputError, OSError, MemoryError) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        status = 1
    except Exception:
        if not one_of_several:
            raise
        traceback.print_exc()
        status = 1
    if one_of_several:
        # All that it wrote is closed. At the end of the interpreter TensorFlow would wait for its threads, and for the
        # other workers, which may be gone.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)
    sys.exit(status or 0)
