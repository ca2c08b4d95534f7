import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { streamOptions } from '@parley/rpc';
import { FaultProxy, Trio } from '@parley/testkit';
import { type Conversation, createClient, type ParleyClient, type Transport, textOf } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

const quickCancels = 1_600;
const neighbours = 5;
/**
 * Time for all users to resume, in milliseconds. The connection closes repeatedly until the cancels
 * end, and each time every user waits.
 */
const resumedWithinMs = 60_000;

let trio: Trio;
let proxy: FaultProxy;
const clients: ParleyClient[] = [];

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  proxy = await FaultProxy.open(() => trio.chatServers[0]?.grpc ?? '');
});
afterAll(async () => {
  await Promise.all(clients.map((one) => one.close()));
  await proxy.close();
  await trio.stop();
});

/** Returns a transport whose streams go through the proxy, which counts connections. */
function transport(): Transport {
  const direct = grpcTransport({ userService: '127.0.0.1:1', channelService: trio.managers[0]?.grpc ?? '' });
  const listen: Transport['listen'] = async (id, options) => {
    const seat = await direct.listen(id, options);
    return { ...seat, server: seat.server && { ...seat.server, addr: proxy.address } };
  };
  return { ...direct, listen };
}

async function client(id: string): Promise<ParleyClient> {
  const made = createClient({ transport: transport(), token: (await trio.people.make(id)).token });
  clients.push(made);
  return made;
}

/** Opens streams on the shared connection and cancels each at once. */
async function connectAndCancel(times: number): Promise<void> {
  const stranger = new Client(proxy.address, credentials.createInsecure(), streamOptions);
  const bytes = (buffer: Buffer) => buffer;
  for (let n = 0; n < times; n++) {
    const call = stranger.makeBidiStreamRequest('/chat.v1.ChatService/Connect', bytes, bytes);
    call.on('error', () => {});
    await new Promise(setImmediate); // Lets the headers leave before the cancel.
    call.cancel();
  }
  stranger.close();
}

/** A user in the channel, and every event it received. */
class Neighbour {
  readonly conversation: Conversation;
  readonly heard: string[] = [];

  constructor(conversation: Conversation) {
    this.conversation = conversation;
    void this.#read();
  }

  async #read(): Promise<void> {
    for await (const event of this.conversation) {
      if (event.type === 'message') this.heard.push(textOf(event) ?? '');
      if (event.type === 'gap' || event.type === 'reset' || event.type === 'ended') this.heard.push(event.type);
    }
  }
}

/** Sends until stopped. Resolves with the sent texts. */
async function talk({ conversation }: Neighbour, isOver: (said: number) => boolean) {
  const said: string[] = [];
  while (!isOver(said.length)) {
    said.push(`m${said.length}`);
    await conversation.send(said.at(-1) ?? '');
  }
  return said;
}

test('clients lose nothing if quick cancels share their connection', async () => {
  const host = await client('host');
  const { id } = await host.create({ name: 'shared', limit: 25, retention: { everything: true } });
  const inside = [new Neighbour(await host.listen(id))];
  for (let n = 1; n < neighbours; n++) inside.push(new Neighbour(await (await client(`user-${n}`)).listen(id)));
  expect(proxy.connections).toHaveLength(1);

  let over = false;
  const talking = talk(inside[0] as Neighbour, (said) => over && said > 50);
  await connectAndCancel(quickCancels);
  over = true;
  const said = await talking;
  for (const end = Date.now() + resumedWithinMs; Date.now() < end; await pause(20)) {
    if (inside.every(({ heard }) => heard.length >= said.length)) break;
  }
  for (const { heard } of inside) expect(heard).toEqual(said);
});
