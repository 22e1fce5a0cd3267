"""Files of arrays, .npy and .npz, that may be damaged."""

import zipfile
import zlib

# What np.load and the arrays that it gives can raise, on a file cut short, altered, or of another kind.
UNREADABLE = (ValueError, OSError, EOFError, TypeError, AttributeError, KeyError, RuntimeError, zipfile.BadZipFile,
              zlib.error)
