import { setTimeout as pause } from 'node:timers/promises';
import { type Conversation, createClient, type ParleyClient, textOf } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { checkHistory, type Heard, type NamedEntry, type RecordedHistory, Trio } from '@parley/testkit';

const shape = { channels: 50, each: 10, perTransport: 50, sayEveryMs: 2_000 };
const deadlineS = 10;

/** One person who talks all the time, and remembers when they were without a stream. */
class Talker {
  readonly acked: NamedEntry[] = [];
  readonly heard: Heard[] = [];
  readonly startsAfter: number;
  /** Of each time without a stream. */
  readonly awayMs: number[] = [];
  readonly reasons = new Set<string>();
  backAt: number | undefined;
  lastSeq: number;
  unanswered = 0;
  readonly name: string;
  readonly #conversation: Conversation;
  #timer: NodeJS.Timeout | undefined;
  #said = 0;
  #lostAt = 0;

  constructor(name: string, conversation: Conversation) {
    this.name = name;
    this.#conversation = conversation;
    this.startsAfter = conversation.place?.seq ?? 0;
    this.lastSeq = this.startsAfter;
    void this.#read();
  }

  talk(): void {
    this.#timer = setInterval(() => void this.#say(), shape.sayEveryMs * (0.5 + Math.random()));
  }

  hush(): void {
    clearInterval(this.#timer);
  }

  async #say(): Promise<void> {
    const name = `${this.name}:${this.#said++}`;
    this.unanswered += 1;
    const { seq } = await this.#conversation.send(name);
    this.unanswered -= 1;
    this.acked.push({ seq, name });
  }

  async #read(): Promise<void> {
    for await (const event of this.#conversation) {
      if (event.type === 'message') {
        this.heard.push({ is: 'entry', seq: event.seq, name: textOf(event) ?? '' });
        this.lastSeq = event.seq;
      } else if (event.type === 'gap') this.heard.push({ is: 'gap', from: event.from, to: event.to });
      else if (event.type === 'reset') this.heard.push({ is: 'reset', seq: event.place.seq });
      else if (event.type === 'reconnecting') this.#lost(event.reason);
      else if (event.type === 'welcome') this.#back();
    }
  }

  #lost(reason: string): void {
    this.reasons.add(reason);
    this.#lostAt ||= performance.now();
  }

  #back(): void {
    if (this.#lostAt === 0) return;
    this.backAt = performance.now();
    this.awayMs.push(this.backAt - this.#lostAt);
    this.#lostAt = 0;
  }
}

let trio: Trio;
const clients: ParleyClient[] = [];
const rooms = new Map<number, Talker[]>();

async function gather(): Promise<void> {
  const manager = trio.managers[0]?.grpc ?? '';
  const people = await trio.people.makeMany('p', shape.channels * shape.each);
  for (let n = 0; n < people.length; n += shape.perTransport) {
    const transport = grpcTransport({ userService: '127.0.0.1:1', channelService: manager });
    clients.push(...people.slice(n, n + shape.perTransport).map(({ token }) => createClient({ transport, token })));
  }
  for (let n = 0; n < shape.channels; n++) {
    const inside = clients.slice(n * shape.each, (n + 1) * shape.each);
    const { id } = await (inside[0] as ParleyClient).create({
      name: `den ${n}`,
      limit: 25,
      keep: { everything: true },
    });
    const entered = inside.map(async (client, at) => new Talker(`p-${n}-${at}`, await client.listen(id)));
    rooms.set(id, await Promise.all(entered));
  }
}

async function historyOf(id: number, readers: readonly Talker[]): Promise<RecordedHistory> {
  const rows = await trio.people.sql(
    "SELECT seq::int AS seq, convert_from(data, 'UTF8') AS name FROM chat.message WHERE channel_id = $1 ORDER BY seq",
    [id],
  );
  const stored = rows.map(({ seq, name }) => ({ seq: Number(seq), name: String(name) }));
  return { channel: `channel ${id}`, acked: readers.flatMap(({ acked }) => acked), stored, readers };
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  for (const end = performance.now() + withinMs; !holds() && performance.now() < end; ) await pause(50);
}

beforeAll(async () => {
  trio = await Trio.start({
    chatServers: 1,
    env: { PARLEY_STOP_SECONDS: String(deadlineS), PARLEY_LOG_LEVEL: 'warn' },
  });
  await gather();
  await trio.addChatServer();
}, 120_000);

afterAll(async () => {
  await Promise.all(clients.map((one) => one.close()));
  await trio.stop();
}, 60_000);

test('50 channels with 500 streams are drained under load: nothing acked is lost, and nobody is away for long', async () => {
  const talkers = [...rooms.values()].flat();
  for (const one of talkers) one.talk();
  await pause(3_000);
  const [server] = trio.chatServers.splice(0, 1);
  const began = performance.now();
  server?.kill('SIGTERM');
  expect(await server?.exited).toBe(0);
  const tookMs = performance.now() - began;
  await until(() => talkers.every(({ awayMs }) => awayMs.length > 0), 20_000);
  for (const one of talkers) one.hush();
  await until(() => talkers.every(({ unanswered }) => unanswered === 0), 20_000);
  await pause(1_000);

  const faults = [];
  for (const [id, readers] of rooms) faults.push(...checkHistory(await historyOf(id, readers)));
  const backs = talkers.map(({ backAt }) => backAt ?? Number.POSITIVE_INFINITY);
  const away = talkers.map(({ awayMs }) => Math.max(...awayMs, 0));
  const measured = {
    tookMs: Math.round(tookMs),
    spreadMs: Math.round(Math.max(...backs) - Math.min(...backs)),
    longestAwayMs: Math.round(Math.max(...away)),
    acked: talkers.reduce((sum, { acked }) => sum + acked.length, 0),
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  expect(faults).toEqual([]);
  expect(measured.tookMs).toBeLessThan((deadlineS + 1) * 1_000);
  expect(measured.spreadMs).toBeGreaterThan(3_000);
  expect(measured.longestAwayMs).toBeLessThan(5_000);
  expect(new Set(talkers.flatMap(({ reasons }) => [...reasons]))).toEqual(new Set(['draining']));
  expect(talkers.every(({ awayMs }) => awayMs.length === 1)).toBe(true);
}, 120_000);
