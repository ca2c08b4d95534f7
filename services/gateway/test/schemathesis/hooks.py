"""Checks that the OpenAPI document tells which requests the REST API refuses."""

import os
import re

import schemathesis

with open(os.environ["REST_DOCS"], encoding="utf-8") as docs:
    table = docs.read().partition("| Reason | Why no schema can say it |")[2].partition("\n\n")[0]

# Reasons for which a request that fits the schemas may be refused.
beyond_schemas = set(re.findall(r"`([\w-]+)`(?=[^|]*\| )", table))


@schemathesis.serializer("application/offset+octet-stream")
def bytes_of_upload(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


def fits_schemas(case):
    # An invitation to register has the channel null, which the tool passes on as a channel.
    is_whole = None not in (case.path_parameters or {}).values()
    return is_whole and case.meta is not None and not case.meta.generation.mode.is_negative


@schemathesis.check
def refusals_follow_from_schemas(ctx, response, case):
    if response.status_code not in (400, 412, 413, 415, 422) or not fits_schemas(case):
        return
    problem = response.json()
    if "errors" in problem or problem["reason"] not in beyond_schemas:
        raise AssertionError(f"The schemas allow what is refused: {problem}")
