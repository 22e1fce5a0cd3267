"""TensorFlow Serving's REST interface for a laptop and for tests: `python -m rwae_tf.serve`.

    routes      paths -> requests
    codec       JSON <-> arrays, with `tensors` for one value
    replies     errors and their HTTP status
    servable    one loaded version, with its `warm_up`
    registry    models, versions, labels
    batcher     joins requests
    metrics     for Prometheus
    app, run    the ASGI application, the process

The process imports TensorFlow to run a SavedModel, and nothing of this package's models.
"""
