"""The files that an export leaves beside its graph, by name, and the options of an export; no TensorFlow.

The numbers are those of the fields in TensorFlow Serving's protocol (apis/prediction_log.proto, predict.proto,
model.proto), of which a file of warm-up requests is made.
"""

FOLDER = "assets.extra"
METADATA = "metadata.json"
WARM_UP = "tf_serving_warmup_requests"
PREDICT_LOG, REQUEST, MODEL_SPEC, SIGNATURE_NAME, INPUTS, KEY, VALUE = 6, 1, 1, 3, 2, 1, 2

FORMATS = ("saved_model", "onnx", "litert")
MAX_LENGTH = 10_000  # frames that a request may ask for unless an export says otherwise
