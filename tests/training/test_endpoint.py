import json
import time

import pytest

from ecgclip_core.errors import EcgclipError, EndpointError
from ecgclip_core.training.endpoint import Endpoint, ask_endpoint, endpoint_from_settings


def chat(text, finished="stop"):
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": finished}]})


REPORT = "a very private sentence"


def ask(stub, **settings):
    return ask_endpoint(Endpoint(stub.address, "stub", **({"timeout_s": 5.0} | settings)), "instruction", REPORT)


def test_an_answer_comes_back_as_text_and_the_question_goes_as_data(stub):
    stub.says("[]")
    assert ask(stub, key="secret") == "[]"
    request = stub.requests[0]
    assert stub.paths == ["/v1/chat/completions"]
    assert [(m["role"], m["content"]) for m in request["messages"]] == [("system", "instruction"), ("user", REPORT)]
    assert request["model"] == "stub"
    assert stub.keys == ["Bearer secret"]


def test_a_key_of_the_environment_for_another_service_is_not_sent(stub, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of-somebody-else")
    stub.says("[]")
    ask(stub)
    assert "of-somebody-else" not in stub.keys[0]


def test_a_busy_endpoint_is_asked_again(stub, no_waiting):
    stub.replies = [(500, "{}", 0, False), (429, "{}", 0, False), (200, chat("[]"), 0, False)]
    assert ask(stub) == "[]"
    assert len(stub.requests) == 3


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((500, "{}", 0, False), "HTTP status 500"),
        ((503, "no json", 0, False), "HTTP status 503"),
        ((200, chat("[" * 400), 0, True), "broke off"),
        ((200, "Welcome to nginx!", 0, False), "no chat completion"),
        ((200, "", 0, False), "no chat completion"),
        ((200, '{"choices": []}', 0, False), "no chat completion"),
        ((200, '{"choices": [{"message": {"content": 7}}]}', 0, False), "without a text"),
        ((200, '{"choices": "none"}', 0, False), "no chat completion"),
        ((200, "[1, 2]", 0, False), "no chat completion"),
        ((200, chat("[", "length"), 0, False), "limit of length"),
        ((200, chat("x" * 300_000), 0, False), "more than 200 kB"),
    ],
)
def test_what_stays_wrong_is_said_after_all_attempts_and_never_repeats_what_was_sent(stub, no_waiting, reply, said):
    stub.replies = [reply]
    with pytest.raises(EndpointError, match=said) as caught:
        ask(stub, attempts=2)
    assert len(stub.requests) == 2
    assert "asked 2 times" in str(caught.value)
    assert REPORT not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "ECGCLIP_ENDPOINT_KEY"), (403, "key"), (404, "--endpoint"), (400, "Correct")]
)
def test_a_refusal_is_not_tried_again_and_says_what_to_do(stub, status, advice):
    stub.replies = [(status, '{"error": {"message": "bad"}}', 0, False)]
    with pytest.raises(EndpointError, match=advice):
        ask(stub, key="secret")
    assert len(stub.requests) == 1


def test_an_endpoint_that_drips_its_answer_is_given_up(stub):
    stub.replies = [(200, chat("[]" * 200), 0.05, False)]
    start = time.monotonic()
    with pytest.raises(EndpointError, match="too slow|within"):
        ask(stub, timeout_s=0.5, attempts=1)
    assert time.monotonic() - start < 3


def test_an_endpoint_that_says_nothing_is_given_up(stub):
    stub.replies = [(200, chat("[]"), 30, False)]
    with pytest.raises(EndpointError, match="too slow|within|broke off"):
        ask(stub, timeout_s=0.4, attempts=1)


def test_nobody_there_is_said(no_waiting):
    with pytest.raises(EndpointError, match="could not be reached"):
        ask_endpoint(Endpoint("http://127.0.0.1:9/v1", "m", timeout_s=1), "instruction", REPORT)


def test_a_report_is_not_sent_on_to_another_address(stub):
    stub.location = "http://127.0.0.1:9/elsewhere"
    stub.replies = [(307, "", 0, False)]
    with pytest.raises(EndpointError, match="not followed"):
        ask(stub)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://host/v1", "http://", "file:///etc/passwd", "http://h:x"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(EcgclipError, match="http://host:port/v1"):
        Endpoint(address, "m")


def test_settings_come_from_arguments_before_the_environment():
    environment = {"ECGCLIP_ENDPOINT": "http://a/v1", "ECGCLIP_ENDPOINT_MODEL": "m", "ECGCLIP_ENDPOINT_KEY": "k"}
    assert endpoint_from_settings(environment={}) is None
    assert endpoint_from_settings(environment=environment) == Endpoint("http://a/v1", "m", "k")
    chosen = endpoint_from_settings("http://b/v1", "n", environment)
    assert (chosen.address, chosen.model) == ("http://b/v1", "n")
    with pytest.raises(EndpointError, match="name of a model"):
        endpoint_from_settings("http://b/v1", environment={})
    with pytest.raises(EndpointError, match="without an endpoint"):
        endpoint_from_settings(None, "m", {})


def test_neither_key_nor_password_is_shown():
    endpoint = Endpoint("http://me:password@host:8000/v1", "m", "secret")
    assert "secret" not in repr(endpoint)
    assert endpoint.host == "host:8000"
