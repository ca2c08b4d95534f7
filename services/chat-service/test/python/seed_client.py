"""An independent client: Python's grpcio, generated from the original proto file.

usage: seed_client.py STUBS_FOLDER USER_SERVICE CHANNEL_SERVICE USER PASSWORD CHANNEL
Logs in, listens, reads the join token from the header `chat-token`, connects, says one line, prints what it hears.
"""

import queue
import sys

import grpc

stubs, user_service, channel_service, user, password, channel = sys.argv[1:]
sys.path.insert(0, stubs)

import seed_pb2  # noqa: E402
import seed_pb2_grpc  # noqa: E402


def bearer(token):
    return (("authorization", f"Bearer {token}"),)


users = seed_pb2_grpc.UserServiceStub(grpc.insecure_channel(user_service))
channels = seed_pb2_grpc.ChannelServiceStub(grpc.insecure_channel(channel_service))

login = users.Login(seed_pb2.LoginRequest(user_id=user, password=password), timeout=10)
listened, call = channels.Listen.with_call(seed_pb2.Channel(id=int(channel)), metadata=bearer(login.token), timeout=10)
join_token = dict(call.initial_metadata())["chat-token"]
assert list(listened.server.channels) == []

outgoing = queue.Queue()
chat = seed_pb2_grpc.ChatServiceStub(grpc.insecure_channel(listened.server.addr))
heard = chat.Connect(iter(outgoing.get, None), metadata=bearer(join_token))
outgoing.put(seed_pb2.Message(data=f"{user} from Python".encode()))
for message in heard:
    print(f"{message.user_id} {message.timestamp > 0} {message.data.decode()}", flush=True)
    if message.data == b"goodbye, Python":
        outgoing.put(None)
