"""The HTTP interface's reference, of the OpenAPI document that the server gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generate.tables import MADE, table
from edgect.services.serve import openapi

HEAD = f"""\
{MADE.format(source="edgect/services/serve/openapi.py")}
# HTTP

`edgect serve` answers on this machine alone unless `--host` names another address, which needs a token: requests then
bear the header `Authorization: Bearer TOKEN`. The document that this page is made of is at `/openapi.json`.

```
curl -F files=@scan.png http://127.0.0.1:8765/v1/classify
```

Nothing that is sent is written to a disk, logged, or kept once it is answered.
"""


def page() -> str:
    document = openapi.document(token=True)
    return HEAD + "\n" + "\n".join(_paths(document)) + "\n" + "\n".join(_schemas(document)) + "\n"


def _paths(document: dict[str, Any]) -> Iterator[str]:
    statuses: dict[str, str] = {}
    yield "## Paths\n"
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield f"### {method.upper()} {path}\n\n{call['summary']}\n"
            parameters = [
                (f"`{one['name']}`", one["schema"]["type"], one["description"])
                for one in call.get("parameters", ())
            ]
            if parameters:
                yield table(("query parameter", "type", "meaning"), parameters) + "\n"
            if body := call.get("requestBody"):
                yield f"It takes {_contents(body['content'])}.\n"
            if contents := call["responses"]["200"].get("content"):
                yield f"It answers with {_contents(contents)}.\n"
            statuses |= {
                code: answer["description"] for code, answer in call["responses"].items() if code != "200"
            }
    yield '## Refusals\n\nThey are JSON, `{"error": "why"}`.\n'
    yield table(("status", "why"), sorted(statuses.items())) + "\n"


def _contents(contents: dict[str, Any]) -> str:
    return " or ".join(f"`{kind}`{_of(content.get('schema', {}))}" for kind, content in contents.items())


def _of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f" of `{schema['$ref'].rpartition('/')[2]}`"
    names = ", ".join(f"`{name}`" for name in schema.get("properties", ()))
    return f" with {names}" if names else ""


def _schemas(document: dict[str, Any]) -> Iterator[str]:
    yield "## Schemas\n"
    for name, schema in document["components"]["schemas"].items():
        yield f"### {name}\n"
        rows = [
            (f"`{key}`", _type(value), value.get("description", ""))
            for key, value in schema["properties"].items()
        ]
        yield table(("name", "type", "meaning"), rows) + "\n"


def _type(schema: dict[str, Any]) -> str:
    types = schema.get("type", "")
    names = types if isinstance(types, list) else [types]
    if "enum" in schema:
        return " or ".join(f"`{value}`" if value else "empty" for value in map(str, schema["enum"]))
    return " or ".join(names)
