"""The embedded Wallaroo instance: a real server in small (extra ``instance``)."""

import os

# Since 1.29 onnxruntime tells Microsoft the names and hashes of models, and leaves a device id in
# the home folder. Only this, set before its first import, keeps it from all of that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
