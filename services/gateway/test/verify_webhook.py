"""Verifies requests of an outgoing webhook with standardwebhooks: JSON on stdin, the verified bodies as JSON on stdout."""

import json
import sys

from standardwebhooks import Webhook

given = json.load(sys.stdin)
webhook = Webhook(given["secret"])
json.dump([webhook.verify(one["body"], one["headers"]) for one in given["requests"]], sys.stdout)
