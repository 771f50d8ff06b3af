"""Read the JSON body of a request and check it against the models of the contract."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, BinaryIO

import msgspec

from odm_shiny.contract.messages import Request
from odm_shiny.contract.operations import Body, Model, ModelField, Operation, models
from odm_shiny.server.parameters import shorten
from odm_shiny.server.wire import Problem

MAX_JSON_BYTES = 64 * 2**20

_NOT_JSON = ("multipart/form-data", "application/x-www-form-urlencoded")
_ARRAY = re.compile(r"array<(.+)>")
_FORMAT = re.compile(r"(\w+)\([\w-]+\)")


def read_body(operation: Operation, request: Request, *, lenient: bool = False) -> Any:
    """Decode and check the body of a request.

    Parameters
    ----------
    operation
        What is asked.
    request
        Its body is read to the end. Where the operation takes no body, whatever was sent is
        ignored: scripts send an empty JSON body with every request.
    lenient
        Ignore fields that a model does not know.

    Returns
    -------
    ``None`` where the operation takes no body. Otherwise the decoded JSON, with the defaults of its
    model filled in and fields that are null left out; an empty body is an empty object or list. An
    object without a model comes as it was sent.

    Raises
    ------
    Problem
        400 malformed, missing or not as the model wants it; 413 too large; 415 not JSON.
    """
    if operation.body is None:
        return None
    _refuse_other_types(request)
    data = _bytes_of(request.body)
    value = _decoded(data) if data.strip() else None
    if value is None:
        if operation.body.required:
            raise Problem(400, f"{operation.name} needs a JSON body ({_wanted(operation.body)})")
        value = [] if operation.body.type.startswith("array<") else {}
    return _checked(value, operation.body.type, "body", lenient)


def _refuse_other_types(request: Request) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent in _NOT_JSON:
        hint = " (file uploads go to the path that ends in /multipart)" if "multi" in sent else ""
        raise Problem(415, f"the body must be JSON, not {sent}{hint}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "compressed request bodies are not read; send it without compression")


def _bytes_of(body: bytes | BinaryIO) -> bytes:
    data = body if isinstance(body, bytes) else body.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise Problem(413, f"the JSON body is larger than {MAX_JSON_BYTES >> 20} MB")
    return data


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise Problem(400, "the JSON body is nested too deeply") from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as exc:
        raise Problem(400, f"the body is not JSON: {_place_of_fault(data, str(exc))}") from exc


def _place_of_fault(data: bytes, message: str) -> str:
    """What is wrong and at which byte; the fast decoder does not always say where."""
    if "(byte " in message:
        return message
    try:
        json.loads(data)
    except json.JSONDecodeError as exc:
        before = exc.doc[: exc.pos].encode(errors="surrogatepass")
        return f"{exc.msg} (byte {len(before)})"
    except UnicodeDecodeError as exc:
        return f"not UTF-8 (byte {exc.start})"
    except RecursionError:
        return "nested too deeply"
    except ValueError:  # a whole number of more digits than Python converts; the decoder says so
        return message
    return message


def _wanted(body: Body) -> str:
    model = models().get(body.type)
    if model is None:
        return body.type
    needed = [field.name for field in model.fields if field.required]
    return f"an object with {', '.join(needed)}" if needed else "an object"


def _checked(value: Any, type_text: str, where: str, lenient: bool) -> Any:
    if match := _ARRAY.fullmatch(type_text):
        if not isinstance(value, list):
            raise _refused(where, value, "a list")
        return [
            _checked(one, match[1], f"{where}[{number}]", lenient)
            for number, one in enumerate(value)
        ]
    if model := models().get(type_text):
        return _checked_model(value, model, where, lenient)
    if not any(_fits(value, kind) for kind in _plain_types(type_text)):
        words = " or ".join(_WORDS[kind] for kind in _plain_types(type_text))
        raise _refused(where, value, words)
    return value


def _checked_model(value: Any, model: Model, where: str, lenient: bool) -> Any:
    if model.enum:
        if value not in model.enum:
            raise _refused(where, value, f"one of {', '.join(model.enum)}")
        return value
    if model.one_of:
        return _checked(value, "|".join(model.one_of), where, lenient)
    if not isinstance(value, dict):
        raise _refused(where, value, "an object")
    known = _fields(model)
    found = {}
    for name, one in value.items():
        if name in known:
            if one is not None:
                found[name] = _checked_field(one, known[name], f"{where}.{name}", lenient)
        elif model.closed and not lenient:
            raise _unknown(where, name, list(known))
        else:
            found[name] = one
    _fill(found, model, where)
    return found


def _fill(found: dict[str, Any], model: Model, where: str) -> None:
    """Put in the defaults of missing fields; refuse an object that lacks required ones."""
    for field in model.fields:
        if field.name not in found:
            if field.required:
                name = f"{where}.{field.name}"
                raise Problem(400, f"{name} must be given", location=name)
            if field.default is not None:
                found[field.name] = field.default


def _checked_field(value: Any, field: ModelField, where: str, lenient: bool) -> Any:
    value = _checked(value, field.type, where, lenient)
    if "integer" in field.type and isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        value = int(value)
    if field.enum and field.type == "string" and value not in field.enum:
        _check_enum(value, field, where)
    if field.minimum is not None or field.maximum is not None:
        _check_range(value, field, where)
    if isinstance(value, list | str):
        _check_length(value, field, where)
    return value


def _check_enum(value: str, field: ModelField, where: str) -> None:
    allowed = field.enum or ()
    # SCIM's operations come as "Add" or "add"; its own text leaves case open.
    if value.lower() not in [one.lower() for one in allowed]:
        raise _refused(where, value, f"one of {', '.join(allowed)}")


def _check_range(value: Any, field: ModelField, where: str) -> None:
    low = field.minimum if field.minimum is not None else -(2**63)
    high = field.maximum if field.maximum is not None else 2**63 - 1
    if isinstance(value, bool | str) or not low <= value <= high:
        above = f" to {high}" if field.maximum is not None else ""
        raise _refused(where, value, f"a whole number from {low}{above}")


def _check_length(value: list[Any] | str, field: ModelField, where: str) -> None:
    low, high = field.min_length or 0, field.max_length
    if len(value) < low or (high is not None and len(value) > high):
        unit = "characters" if isinstance(value, str) else "elements"
        above = f" and at most {high}" if high is not None else ""
        message = f"{where} has {len(value)} {unit}; it must have at least {low}{above}"
        raise Problem(400, message, location=where)


@cache
def _fields(model: Model) -> Mapping[str, ModelField]:
    return {field.name: field for field in model.fields}


@cache
def _plain_types(type_text: str) -> tuple[str, ...]:
    """Types without format: ``"integer|string"``, ``"string(date-time)"``."""
    return tuple(_FORMAT.sub(r"\1", one) for one in type_text.split("|"))


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
_WORDS = {
    "any": "anything",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


def _fits(value: Any, kind: str) -> bool:
    return _CHECKS[kind](value)


def _unknown(where: str, name: str, known: list[str]) -> Problem:
    near = get_close_matches(name[:100], known, n=1)
    hint = f"the nearest known one is {near[0]}" if near else f"known are {', '.join(known)}"
    return Problem(400, f"unknown field {shorten(name)!r} in {where}; {hint}", location=where)


def _refused(where: str, value: Any, allowed: str) -> Problem:
    shown = shorten(json.dumps(value, ensure_ascii=False, default=str))
    return Problem(400, f"{where} is {shown}; it must be {allowed}", location=where)
