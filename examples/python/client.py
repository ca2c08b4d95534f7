"""Chats in a room: sends each line of stdin, and prints every message. Reconnects and resumes.

    pip install grpcio grpcio-tools
    python examples/python/client.py alice 'correct horse' lobby [user-service] [channel-service]

It registers the account and creates the room if they do not exist.
"""

import pathlib, queue, random, sys, tempfile, threading, time, uuid

import grpc, grpc_tools
from grpc_tools import protoc

if len(sys.argv) < 4:
    sys.exit(f"usage: python {sys.argv[0]} <user> <password> <room> [user-service] [channel-service]")

# Generate the client from the contract.
proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
known = pathlib.Path(grpc_tools.__file__).parent / "_proto"  # google/protobuf/*.proto
protoc.main(["protoc", f"-I{proto}", f"-I{known}", f"--python_out={generated}", f"--grpc_python_out={generated}",
             *map(str, (proto / "chat/v1").glob("*.proto"))])
sys.path.insert(0, generated)
from chat.v1 import channel_pb2_grpc, chat_pb2_grpc, types_pb2, user_pb2, user_pb2_grpc

user_id, password, room = sys.argv[1:4]
user_service = sys.argv[4] if len(sys.argv) > 4 else "localhost:50051"
channel_service = sys.argv[5] if len(sys.argv) > 5 else "localhost:50052"

users = user_pb2_grpc.UserServiceStub(grpc.insecure_channel(user_service))
channels = channel_pb2_grpc.ChannelServiceStub(grpc.insecure_channel(channel_service))


def reason(error):
    return dict(error.trailing_metadata() or ()).get("chat-reason", "")


def bearer(token):
    return ("authorization", f"Bearer {token}")


def log_in():
    try:
        users.Register(user_pb2.RegisterRequest(user_id=user_id, password=password, name=user_id))
    except grpc.RpcError as error:
        if reason(error) != "user-id-taken":
            raise
    return bearer(users.Login(user_pb2.LoginRequest(user_id=user_id, password=password)).token)


def find_room(auth):
    for channel in channels.List(types_pb2.Channel(), metadata=[auth]):
        if channel.name == room:
            return channel.id
    week = types_pb2.Retention(seconds=7 * 86_400)
    return channels.Create(types_pb2.Channel(name=room, limit=10, retention=week), metadata=[auth]).id


unsent = {}  # client id -> message; a message stays here until its ack, and is sent again on the next stream
position = None  # (log, seq) of the last entry that was printed
outgoing = queue.Queue()


def read_stdin():
    for line in sys.stdin:
        message = types_pb2.Message(data=line.rstrip("\n").encode(), client_id=str(uuid.uuid4()))
        unsent[message.client_id] = message
        outgoing.put(message)


def chat(auth, channel_id):
    """Runs one stream until it ends."""
    global position, outgoing
    seat = channels.Listen(types_pb2.Channel(id=channel_id), metadata=[auth])
    metadata = [bearer(seat.token), ("chat-events", "1")]
    if position:
        metadata.append(("chat-resume", f"{position[0]}:{position[1]}"))
    outgoing = mine = queue.Queue()
    for message in list(unsent.values()):
        mine.put(message)
    stub = chat_pb2_grpc.ChatServiceStub(grpc.insecure_channel(seat.server.addr))
    for frame in stub.Connect(iter(mine.get, None), metadata=metadata):
        event = frame.WhichOneof("event")
        if event == "welcome":
            if position is None or position[0] != frame.welcome.log:
                position = (frame.welcome.log, frame.welcome.last_seq)
            print(f"in {frame.welcome.channel.name}", flush=True)
        elif event == "ping":
            mine.put(types_pb2.Message(pong=types_pb2.Ping(sent_at=frame.ping.sent_at)))
        elif event == "ack":
            unsent.pop(frame.ack.client_id, None)
            if frame.ack.HasField("refusal"):
                print(f"refused: {frame.ack.refusal.message}", flush=True)
        elif event is None and frame.seq:
            position = (position[0], frame.seq)
            if frame.kind == 0:
                print(f"{frame.sender}: {frame.data.decode(errors='replace')}", flush=True)


auth = log_in()
channel_id = find_room(auth)
threading.Thread(target=read_stdin, daemon=True).start()
final = {"replaced", "removed", "banned", "kicked", "channel-deleted", "logged-out", "suspended", "channel-full"}
while True:
    try:
        chat(auth, channel_id)
    except grpc.RpcError as error:
        if reason(error) in final:
            sys.exit(f"{reason(error)}: {error.details()}")
    except KeyboardInterrupt:
        sys.exit()
    time.sleep(random.uniform(0.2, 1))
