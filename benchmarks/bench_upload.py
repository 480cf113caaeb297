"""Upload of a 1 GiB ONNX model: throughput against a plain loopback copy, and memory at both ends.

The copy sends the same file over a loopback socket; its receiver writes, hashes and fsyncs it.
"""

from __future__ import annotations

import hashlib
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import onnx
from onnx import TensorProto, helper
from serving import MIB, report, reset_peak, resident, scratch, served

import wallwidgets as ww

SIZE = 1024 * MIB
ROUNDS = 3
CHUNK = MIB


def write_model(path: Path) -> None:
    """A valid model of SIZE bytes, nearly all of them in one initializer."""
    side = int((SIZE / 4) ** 0.5)
    big = TensorProto(name="big", data_type=TensorProto.FLOAT, dims=[side, side])
    big.raw_data = os.urandom(MIB) * (side * side * 4 // MIB) + bytes(side * side * 4 % MIB)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["tensor", "big"], ["variable"])],
        "big",
        [helper.make_tensor_value_info("tensor", TensorProto.FLOAT, [None, side])],
        [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, side])],
        [big],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


def plain_copy(source: Path, target: Path) -> float:
    """Seconds that the loopback copy takes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def receive() -> None:
        connection, _ = listener.accept()
        digest = hashlib.sha256()
        buffer = bytearray(CHUNK)
        with connection, target.open("wb") as file:
            while size := connection.recv_into(buffer):
                part = memoryview(buffer)[:size]
                digest.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            connection.sendall(digest.digest())

    receiver = threading.Thread(target=receive)
    begun = time.perf_counter()
    receiver.start()
    with socket.create_connection(listener.getsockname()) as sender, source.open("rb") as file:
        while chunk := file.read(CHUNK):
            sender.sendall(chunk)
        sender.shutdown(socket.SHUT_WR)
        assert len(sender.recv(32)) == 32
    receiver.join()
    listener.close()
    target.unlink()
    return time.perf_counter() - begun


def upload(url: str, credentials: str, path: str) -> None:
    """Run as a process of its own: upload once small and once big, print seconds and MiB."""
    with ww.connect(url, credentials=credentials) as client:
        workspace = client.workspaces.create(f"bench-{os.getpid()}")
        idle = resident(os.getpid())
        reset_peak(os.getpid())
        begun = time.perf_counter()
        client.models.upload(workspace, "big", path)
        seconds = time.perf_counter() - begun
        print(seconds, resident(os.getpid(), "VmHWM") - idle)


def main() -> None:
    with scratch() as folder:
        model = folder / "big.onnx"
        making = subprocess.run([sys.executable, __file__, "make", str(model)], check=True)
        assert making.returncode == 0
        with served(folder / "data") as instance:
            copies, uploads, client_mib, server_mib = [], [], [], []
            for number in range(ROUNDS):
                copies.append(plain_copy(model, folder / "copy"))
                # Each round sends other bytes: the instance may not know the model already.
                with model.open("r+b") as file:
                    file.seek(SIZE // 2)
                    file.write(bytes([number]) * 16)
                idle = resident(instance.pid)
                reset_peak(instance.pid)
                arguments = ["upload", instance.url, str(instance.credentials), str(model)]
                done = subprocess.run(
                    [sys.executable, __file__, *arguments],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                seconds, above = map(float, done.stdout.split())
                uploads.append(seconds)
                client_mib.append(above)
                server_mib.append(resident(instance.pid, "VmHWM") - idle)
    ratio = statistics.median(copies) / statistics.median(uploads)
    report("upload of 1 GiB: throughput / plain loopback copy", ratio, "at least 0.5, aim 0.75")
    report("upload of 1 GiB: client memory above idle, MiB", max(client_mib), "at most 64")
    report("upload of 1 GiB: instance memory above idle, MiB", max(server_mib), "at most 64")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        write_model(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["upload"]:
        upload(*sys.argv[2:])
    else:
        threading.excepthook = lambda arguments: os._exit(1)
        main()
