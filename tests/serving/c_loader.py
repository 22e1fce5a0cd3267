"""Load and run a SavedModel through TensorFlow's C API, as TensorFlow Serving does: no Python of TensorFlow.

    python c_loader.py SAVED_MODEL REQUESTS ANSWERS [failing]

REQUESTS is a pickled list of (inputs {tensor name: array}, output tensor names), ANSWERS becomes a pickled
list of lists of arrays; with `failing`, of the error of each request instead. Byte strings are arrays of dtype object.
"""

import ctypes
import glob
import importlib.util
import pickle
import sys

import numpy as np

DTYPES = {1: np.float32, 3: np.int32, 4: np.uint8, 9: np.int64}  # the numbers of TF_DataType
STRING, STRING_BYTES = 7, 24  # TF_STRING and the size of a TF_TString
POINTERS = ("TF_NewStatus", "TF_Message", "TF_NewSessionOptions", "TF_NewGraph", "TF_GraphOperationByName",
            "TF_LoadSessionFromSavedModel", "TF_AllocateTensor", "TF_TensorData", "TF_StringGetDataPointer")


class Output(ctypes.Structure):
    """TF_Output: an operation and the index of its output."""

    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


def library():
    """The installed TensorFlow's shared library with the C API."""
    [folder] = importlib.util.find_spec("tensorflow").submodule_search_locations
    for path in glob.glob(f"{folder}/libtensorflow*.so*") + glob.glob(f"{folder}/python/*internal.so"):
        found = ctypes.CDLL(path)
        if hasattr(found, "TF_LoadSessionFromSavedModel"):
            for name in POINTERS:
                getattr(found, name).restype = ctypes.c_void_p
            found.TF_Dim.restype = found.TF_StringGetSize.restype = ctypes.c_int64
            return found
    raise RuntimeError(f"no library in {folder} has TF_LoadSessionFromSavedModel")


class Session:
    """A loaded SavedModel."""

    def __init__(self, path):
        self.tf = library()
        self.status = ctypes.c_void_p(self.tf.TF_NewStatus())
        self.graph = ctypes.c_void_p(self.tf.TF_NewGraph())
        options = ctypes.c_void_p(self.tf.TF_NewSessionOptions())
        tags = (ctypes.c_char_p * 1)(b"serve")
        self.session = ctypes.c_void_p(self.tf.TF_LoadSessionFromSavedModel(
            options, None, path.encode(), tags, 1, self.graph, None, self.status))
        self._check()

    def run(self, inputs, outputs):
        """Arrays of the tensors named `outputs`, given {tensor name: array}."""
        sources = (Output * len(inputs))(*map(self._output, inputs))
        values = (ctypes.c_void_p * len(inputs))(*map(self._tensor, inputs.values()))
        targets = (Output * len(outputs))(*map(self._output, outputs))
        results = (ctypes.c_void_p * len(outputs))()
        self.tf.TF_SessionRun(self.session, None, sources, values, len(inputs), targets, results,
                              len(outputs), None, 0, None, self.status)
        self._check()
        return [self._array(ctypes.c_void_p(result)) for result in results]

    def _check(self):
        if self.tf.TF_GetCode(self.status):
            raise RuntimeError(ctypes.string_at(self.tf.TF_Message(self.status)).decode())

    def _output(self, name):
        operation, index = name.split(":")
        return Output(self.tf.TF_GraphOperationByName(self.graph, operation.encode()), int(index))

    def _tensor(self, array):
        """A TF_Tensor that holds `array`."""
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        string = array.dtype == object
        dtype = STRING if string else next(number for number, kind in DTYPES.items() if kind == array.dtype)
        size = ctypes.c_size_t(array.size * STRING_BYTES if string else array.nbytes)
        tensor = self.tf.TF_AllocateTensor(dtype, shape, array.ndim, size)
        data = self.tf.TF_TensorData(ctypes.c_void_p(tensor))
        if not string:
            ctypes.memmove(data, np.ascontiguousarray(array).ctypes.data, array.nbytes)
        for k, value in enumerate(array.ravel() if string else ()):
            place = ctypes.c_void_p(data + k * STRING_BYTES)
            self.tf.TF_StringInit(place)
            self.tf.TF_StringCopy(place, value, ctypes.c_size_t(len(value)))
        return tensor

    def _array(self, tensor):
        """What a TF_Tensor holds."""
        shape = [self.tf.TF_Dim(tensor, k) for k in range(self.tf.TF_NumDims(tensor))]
        data, dtype = self.tf.TF_TensorData(tensor), self.tf.TF_TensorType(tensor)
        if dtype != STRING:
            size = int(np.prod(shape)) * np.dtype(DTYPES[dtype]).itemsize
            return np.frombuffer(ctypes.string_at(data, size), DTYPES[dtype]).reshape(shape)
        array = np.empty(shape, object)
        for k in range(array.size):
            place = ctypes.c_void_p(data + k * STRING_BYTES)
            length = self.tf.TF_StringGetSize(place)
            array.flat[k] = ctypes.string_at(self.tf.TF_StringGetDataPointer(place), length)
        return array


def error(session, request):
    """What the C API says of a wrong request; None where it answers."""
    try:
        session.run(*request)
    except RuntimeError as caught:
        return str(caught)


def main(path, requests, answers, failing=None):
    """Answer the pickled `requests`; see the module's docstring."""
    session = Session(path)
    with open(requests, "rb") as file:
        results = [error(session, request) if failing else session.run(*request) for request in pickle.load(file)]
    assert "tensorflow" not in sys.modules
    with open(answers, "wb") as file:
        pickle.dump(results, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
