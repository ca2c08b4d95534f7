"""Follows server-sent events with httpx-sse, which leaves reconnecting to its caller. Prints the data of each NewMessage."""

import os
import sys
import time

import httpx
from httpx_sse import SSEError, connect_sse

url = sys.argv[1]
last_id = ""
parent = os.getppid()
with httpx.Client(timeout=60) as client:
    while os.getppid() == parent:  # A test that was killed leaves no program behind.
        try:
            with connect_sse(client, "GET", url, headers={"Last-Event-ID": last_id}) as source:
                source.response.raise_for_status()
                print("open", flush=True)
                for event in source.iter_sse():
                    last_id = event.id
                    if event.event == "NewMessage":
                        print(event.data, flush=True)
        except (httpx.HTTPError, SSEError):
            pass
        time.sleep(0.2)
