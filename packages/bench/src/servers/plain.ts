/** Simple server with grpc-js: one `call.write` per message and member. */
import { Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { Message } from '@parley/contract';
import { Rooms, reportToParent } from './room.js';
import { bound, decode, encode, type Member, stamp } from './work.js';

type Call = ServerDuplexStream<Message, Message>;

const rooms = new Rooms(() => ({ members: new Set<Call>(), seq: 0 }));
let writes = 0;

function memberOf({ metadata }: Call): Member {
  return { id: String(metadata.get('bench-user')[0]), number: Number(metadata.get('bench-number')[0]) };
}

function connect(call: Call): void {
  const room = rooms.find(String(call.metadata.get('bench-channel')[0]));
  const me = memberOf(call);
  room.members.add(call);
  call.sendMetadata(new Metadata());
  call.on('data', (message: Message) => {
    room.seq += 1;
    const stamped = stamp(bound(message), me, room.seq);
    for (const member of room.members) member.write(stamped);
    writes += room.members.size;
  });
  call.on('end', () => call.end());
  call.on('error', () => {});
  call.on('close', () => room.members.delete(call));
  call.on('cancelled', () => room.members.delete(call));
}

const definition = {
  connect: {
    path: '/chat.v1.ChatService/Connect',
    requestStream: true,
    responseStream: true,
    requestSerialize: (message: Message) => Buffer.from(encode(message)),
    requestDeserialize: decode,
    responseSerialize: (message: Message) => Buffer.from(encode(message)),
    responseDeserialize: (bytes: Buffer) => Message.decode(bytes),
  },
} as const;

const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(definition, { connect });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  reportToParent(port, () => ({ writes, frames: writes }));
});
