"""One question to an OpenAI-compatible endpoint, local or remote, and its answer as text.

Nothing is sent to any address but the one that was set: redirections are not followed, and a key that the environment
holds for other services is not used.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from ecgclip_core.errors import EndpointError

ADDRESS, MODEL, KEY = "ECGCLIP_ENDPOINT", "ECGCLIP_ENDPOINT_MODEL", "ECGCLIP_ENDPOINT_KEY"
LARGEST_ANSWER = 200_000  # bytes; a list of features has a few thousand
MOST_TOKENS = 1500
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0


@dataclass(frozen=True)
class Endpoint:
    """Where a language model listens.

    Attributes
    ----------
    address : str
        Base address, e.g. ``http://127.0.0.1:8080/v1``.
    model : str
        Its name there.
    key : str
        May be empty where the endpoint wants none.
    timeout_s : float
        Seconds until an answer must begin, and from then on until it must be complete.
    attempts : int
        How often a question is put before giving up on an endpoint that is busy, breaks off or is too slow.
    """

    address: str
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    attempts: int = 3

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.address)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise EndpointError(
                "The endpoint's address is not one of the form http://host:port/v1. Correct --endpoint or the "
                f"environment variable {ADDRESS}."
            )
        if not self.model.strip():
            raise EndpointError(
                f"The endpoint needs the name of a model: give --endpoint-model or set {MODEL} in the environment."
            )

    @property
    def host(self) -> str:
        """Host and port, without a user or password that the address may hold."""
        parts = urlsplit(self.address)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def endpoint_from_settings(
    address: str | None = None, model: str | None = None, environment: Mapping[str, str] = os.environ
) -> Endpoint | None:
    """The endpoint that arguments or the environment name; None where they name none.

    Parameters
    ----------
    address, model : str, optional
        Stand before ``ECGCLIP_ENDPOINT`` and ``ECGCLIP_ENDPOINT_MODEL``. The key comes from ``ECGCLIP_ENDPOINT_KEY``
        alone, since arguments of a command can be seen by others.
    environment : mapping of str to str

    Raises
    ------
    EndpointError
        Where the address is none or the model is missing.
    """
    address = address or environment.get(ADDRESS, "")
    if not address:
        if model:
            raise EndpointError(f"A model was named without an endpoint: give --endpoint or set {ADDRESS}.")
        return None
    return Endpoint(address, model or environment.get(MODEL, ""), environment.get(KEY, ""))


def ask_endpoint(endpoint: Endpoint, instruction: str, question: str) -> str:
    """Put a question to a language model.

    Parameters
    ----------
    endpoint : Endpoint
    instruction : str
        The system's message: ours alone.
    question : str
        The user's message: data.

    Returns
    -------
    str
        What it answered.

    Raises
    ------
    EndpointError
        Where it cannot be reached, refuses, is too slow or breaks off, after as many attempts as it allows; the message
        never holds what was sent or answered.
    """
    problem = ""
    for attempt in range(endpoint.attempts):
        if attempt:
            time.sleep(min(FIRST_PAUSE_S * 2 ** (attempt - 1), LONGEST_PAUSE_S))
        try:
            return _answer_text(_attempt(endpoint, instruction, question))
        except _PassingError as passing:
            problem = str(passing)
    times = "once" if endpoint.attempts == 1 else f"{endpoint.attempts} times"
    raise EndpointError(
        f"The endpoint {endpoint.host} was asked {times} and {problem}. Look whether it runs and is not overloaded; "
        "the same command goes on from here."
    )


class _PassingError(Exception):
    """What may be better at the next attempt; the message completes "it was asked and ..."."""


def _attempt(endpoint: Endpoint, instruction: str, question: str) -> bytes:
    """The body of one answer."""
    openai, httpx = _client_library()
    try:
        with _client(endpoint).chat.completions.with_streaming_response.create(
            model=endpoint.model,
            messages=[{"role": "system", "content": instruction}, {"role": "user", "content": question}],
            temperature=0,
            max_tokens=MOST_TOKENS,
        ) as response:
            return _body(response, time.monotonic() + endpoint.timeout_s)
    except openai.APITimeoutError as error:
        raise _PassingError(f"did not answer within {endpoint.timeout_s:g} s") from error
    except (openai.APIConnectionError, httpx.HTTPError) as error:
        raise _PassingError("could not be reached or broke off its answer") from error
    except openai.APIStatusError as error:
        raise _refusal(endpoint, error.status_code) from error
    except openai.OpenAIError as error:
        raise _PassingError("answered what is no chat completion") from error


@lru_cache(maxsize=4)
def _client(endpoint: Endpoint):
    openai, httpx = _client_library()
    return openai.OpenAI(
        base_url=endpoint.address,
        api_key=endpoint.key or "none",
        timeout=endpoint.timeout_s,
        max_retries=0,
        http_client=httpx.Client(follow_redirects=False, timeout=endpoint.timeout_s),
    )


def _client_library():
    try:
        import httpx2
        import openai
    except ImportError as error:
        raise EndpointError(
            "Asking an endpoint needs the package openai: install it with pip install 'ecgclip-studio[completion]'. "
            "Without an endpoint, features are proposed offline from the catalogue."
        ) from error
    return openai, httpx2


def _body(response, until: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise _PassingError(f"answered with more than {LARGEST_ANSWER // 1000} kB")
        if time.monotonic() > until:
            raise _PassingError("was too slow with its answer")
    return bytes(body)


def _refusal(endpoint: Endpoint, status: int) -> Exception:
    if status in (408, 409, 429) or status >= 500:
        return _PassingError(f"answered with HTTP status {status}")
    advice = {
        401: f"Its key is missing or wrong: set {KEY} in the environment.",
        403: f"The key may not use it: set another one as {KEY} in the environment.",
        404: f"Its address or the name of the model is wrong: correct --endpoint (often it ends in /v1) or {MODEL}.",
    }.get(status, "Correct its address, the name of the model or its own settings.")
    if 300 <= status < 400:
        advice = "It sends on to another address, which is not followed: name the address itself."
    return EndpointError(f"The endpoint {endpoint.host} refused with HTTP status {status}. {advice}")


def _answer_text(body: bytes) -> str:
    """The message's text within a chat completion."""
    try:
        choice = json.loads(body)["choices"][0]
        text, finished = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise _PassingError("answered what is no chat completion") from error
    if finished == "length":
        raise _PassingError("broke off its answer at its limit of length")
    if not isinstance(text, str):
        raise _PassingError("answered without a text")
    return text
