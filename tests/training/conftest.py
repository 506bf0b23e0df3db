"""What tests of training share: a tiny text encoder, and a language model on this machine that misbehaves."""

import json
import shutil
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from safetensors.torch import save_file


def chat(text, finished="stop"):
    """The body of a chat completion that says a text."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finished}
    return json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "stub", "choices": [choice]})


@dataclass
class Stub:
    """What to answer next, and what was asked.

    Each of `replies` is (status, body, seconds to wait before the body, whether to break off half-way); the last one
    is repeated.
    """

    address: str = ""
    replies: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    paths: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    location: str = ""

    def says(self, *texts):
        self.replies = [(200, text if text.startswith('{"id"') else chat(text), 0.0, False) for text in texts]

    def lists(self, *pairs):
        self.says(json.dumps([{"finding": finding, "feature": feature} for finding, feature in pairs]))


@pytest.fixture
def stub():
    """An OpenAI-compatible endpoint that answers as it is told."""
    told = Stub()
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            told.paths.append(self.path)
            told.keys.append(self.headers.get("Authorization", ""))
            told.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, body, wait, breaks_off = told.replies[min(len(told.requests), len(told.replies)) - 1]
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if told.location:
                self.send_header("Location", told.location)
            self.end_headers()
            for letter in (
                data[: len(data) // 2 if breaks_off else None].splitlines(keepends=True)
                if not wait
                else [data[at : at + 1] for at in range(len(data))]
            ):
                if wait and stopping.wait(wait):
                    return
                try:
                    self.wfile.write(letter)
                    self.wfile.flush()
                except OSError:
                    return

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}/v1"
    yield told
    stopping.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def no_waiting(monkeypatch):
    """Attempts follow each other at once."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture
def text_folder(shared_text_folder):
    """A folder with a tiny BERT encoder to start from."""
    return shared_text_folder


@pytest.fixture(scope="module")
def shared_text_folder(tiny_model, tiny_tokenizer, tmp_path_factory):
    """The same, for fixtures that serve several tests."""
    folder = tmp_path_factory.mktemp("text")
    encoder = tiny_model.text_encoder
    (folder / "config.json").write_text(json.dumps(encoder.body.config.to_dict()))
    shutil.copyfile(tiny_tokenizer, folder / "tokenizer.json")
    save_file(dict(encoder.body.state_dict()), folder / "model.safetensors")
    return folder
