import { checkHistory, type NamedEntry, type ReaderEvent, recordedIn, ServiceProcess, Trio } from '@parley/testkit';
import { type Conversation, createClient, type ParleyClient, textOf } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { Listener, until } from './rig.js';

const shape = { rooms: 4, each: 3, sayEveryMs: 50 };
const unanswered = (one: Talker) => one.said - one.acked.length - one.refused.length;

/** A user who sends all the time and records every outcome. */
class Talker {
  readonly acked: NamedEntry[] = [];
  readonly refused: unknown[] = [];
  readonly listener: Listener;
  readonly name: string;
  readonly startsAfter: number;
  readonly #conversation: Conversation;
  readonly #timer: NodeJS.Timeout;
  said = 0;

  constructor(name: string, conversation: Conversation) {
    this.name = name;
    this.#conversation = conversation;
    this.startsAfter = conversation.place?.seq ?? 0;
    this.listener = new Listener(conversation);
    this.#timer = setInterval(() => void this.#say(), shape.sayEveryMs);
  }

  get received(): ReaderEvent[] {
    return this.listener.of('message').map((event) => ({ is: 'entry', seq: event.seq, name: textOf(event) ?? '' }));
  }

  hush(): void {
    clearInterval(this.#timer);
  }

  #say(): Promise<void> {
    const name = `${this.name}:${this.said++}`;
    return this.#conversation.send(name).then(
      ({ seq }) => void this.acked.push({ seq, name }),
      (thrown) => void this.refused.push(thrown),
    );
  }
}

let trio: Trio;
const clients: ParleyClient[] = [];
const rooms = new Map<number, Talker[]>();
const restarted: ServiceProcess[] = [];
const talkers = () => [...rooms.values()].flat();

/** Returns a client that knows both managers. Every second client knows them in reverse order. */
function clientOf({ token }: { readonly token: string }, n: number): ParleyClient {
  const managers = trio.managers.map(({ grpc }) => grpc);
  const channelService = (n % 2 === 0 ? managers : managers.toReversed()).join(',');
  return createClient({ transport: grpcTransport({ userService: '127.0.0.1:1', channelService }), token });
}

beforeAll(async () => {
  trio = await Trio.start({ managers: 2, chatServers: 2, restartable: true });
  clients.push(...(await trio.people.makeMany('p', shape.rooms * shape.each)).map(clientOf));
  for (let n = 0; n < clients.length; n += shape.each) {
    const inside = clients.slice(n, n + shape.each);
    const { id } = await (inside[0] as ParleyClient).create({
      name: 'room',
      limit: 5,
      retention: { everything: true },
    });
    const entered = inside.map(async (client, at) => new Talker(`p${n + at}`, await client.listen(id)));
    rooms.set(id, await Promise.all(entered));
  }
});

afterAll(async () => {
  for (const one of talkers()) one.hush();
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(restarted.map((one) => one.stop()));
  await trio.stop();
});

/** Resolves when every chat server has renewed its lease once more. */
async function leaseLater(): Promise<void> {
  const [before] = await trio.people.sql('SELECT now()::text AS at');
  const renewed = `SELECT FROM chat.server HAVING min(lease_until) > $1::timestamptz + interval '7 seconds'`;
  await until(async () => (await trio.people.sql(renewed, [before?.at])).length === 1);
}

/**
 * Stops a manager with SIGTERM, waits longer than a lease while every send is acked, and restarts
 * the manager at its address.
 */
async function restart(manager: ServiceProcess): Promise<void> {
  await manager.stop();
  await leaseLater();
  await everybodyAnswered();
  const PARLEY_PORT = manager.grpc.split(':')[1] as string;
  const settings = { PARLEY_DATABASE_URL: trio.database.urlFor('chat_manager'), PARLEY_PORT };
  restarted.push(await ServiceProcess.start('channel-service', settings));
  await everybodyAnswered();
}

/** Resolves when each user has ten more acks. */
async function everybodyAnswered(): Promise<void> {
  const before = talkers().map(({ acked }) => acked.length);
  await until(() => talkers().every(({ acked }, n) => acked.length > (before[n] ?? 0) + 10));
}

test('restarts two managers in turn under load without ending a stream or losing an ack', async () => {
  const owners = await trio.people.sql('SELECT DISTINCT instance_id FROM chat.channel_head');
  expect(owners).toHaveLength(trio.chatServers.length);
  for (const manager of trio.managers) await restart(manager);

  for (const one of talkers()) one.hush();
  await until(() => talkers().every((one) => unanswered(one) === 0));
  expect(talkers().flatMap(({ refused }) => refused)).toEqual([]);
  for (const [id, readers] of rooms) {
    const recorded = await recordedIn(trio.people, id, readers);
    const last = recorded.stored.at(-1)?.seq;
    await until(() => readers.every(({ listener }) => listener.of('message').at(-1)?.seq === last));
    expect(checkHistory(recorded)).toEqual([]);
  }
  const types = talkers().flatMap(({ listener }) => listener.events.map(({ type }) => type));
  const count = (type: (typeof types)[number]) => types.filter((one) => one === type).length;
  expect([count('reconnecting'), count('ended'), count('welcome')]).toEqual([0, 0, talkers().length]);
});
