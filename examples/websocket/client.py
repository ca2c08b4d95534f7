import asyncio, base64, json, os, sys
from websockets.asyncio.client import connect

async def main(url):
    protocols = ["parley.v1.json", "bearer." + os.environ["TOKEN"]]
    async with connect(url, subprotocols=protocols, max_size=None) as inbox:
        await inbox.send(json.dumps({"watch": {}}))
        async for frame in inbox:
            message = json.loads(frame).get("message", {})
            if "seq" in message and "kind" not in message:
                print(message["sender"] + ": " + base64.b64decode(message["data"]).decode(), flush=True)

asyncio.run(main(*sys.argv[1:]))
