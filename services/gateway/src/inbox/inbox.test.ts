import { InboxEvent, WatchRequest } from '@parley/contract';
import { Metrics, type Refusal, silentLogger } from '@parley/runtime';
import { until } from '@parley/testkit';
import { Inbox } from './inbox.js';
import { bytesOfInboxes } from './inbox-room.js';
import type { StartingReader } from './missed.js';
import type { RoundFacts, RoundReader, RoundRequest } from './round.js';
import type { InboxStream } from './stream.js';

const { jest } = import.meta;
const nothingMissed = { isLost: false, changes: [], parts: [], receipts: [] };

/** Rounds without chats that have room for `room` starting readers each. */
class SmallRounds implements Pick<RoundReader, 'read'> {
  /** For each round with starting readers, the users of these readers. */
  readonly started: string[][] = [];
  count = 0;
  readonly #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  async read({ starting }: RoundRequest): Promise<RoundFacts> {
    const served = starting.slice(0, this.#room);
    this.count += 1;
    if (starting.length > 0) this.started.push(starting.map(({ userId }) => userId));
    return {
      moment: { txid: 1, now: 1_000_000, life: 1, floorTxid: 0, floorId: 0, logsBegun: 0 },
      cursor: { txid: 1, id: 0, logsBegun: 0 },
      isCursorLost: false,
      changes: [],
      waitingChanges: [],
      hasMore: false,
      stays: new Map(),
      ends: new Map(),
      channels: new Map(),
      entries: [],
      complete: new Set(),
      missed: new Map(served.map((one: StartingReader) => [one, nothingMissed])),
      members: [],
      ended: [],
    };
  }
}

/** Rounds of which the first `failures` fail with an error. */
class FailingRounds extends SmallRounds {
  readonly #error: Error;
  #failures: number;

  constructor(failures: number, error: Error) {
    super(1_000);
    this.#failures = failures;
    this.#error = error;
  }

  override async read(request: RoundRequest): Promise<RoundFacts> {
    const facts = await super.read(request);
    this.#failures -= 1;
    if (this.#failures >= 0) throw this.#error;
    return facts;
  }
}

/** A stream that resolves with its first event. */
function openStream() {
  const closers: (() => void)[] = [];
  let take: (event: InboxEvent) => void;
  let end: (reason: string | undefined) => void;
  const first = new Promise<InboxEvent>((resolve) => {
    take = resolve;
  });
  const ended = new Promise<string | undefined>((resolve) => {
    end = resolve;
  });
  const stream = {
    ended: false,
    framing: { overheadBytes: 0, join: (events: readonly Uint8Array[]) => Buffer.from(events[0] ?? []) },
    write: (bytes: Buffer) => {
      take(InboxEvent.decode(bytes));
      return true;
    },
    onDrain: () => {},
    onClose: (listener: () => void) => closers.push(listener),
    end: (refusal?: Refusal) => {
      stream.ended = true;
      end(refusal?.reason);
      for (const close of closers) close();
    },
    reset: () => stream.end(),
  };
  return { stream: stream as InboxStream, first, ended };
}

function openAs(inbox: Inbox, id: string, address = '192.0.2.1') {
  const opened = openStream();
  const { stream } = opened;
  const me = { id, name: id, number: 1, role: 'user', sessionId: crypto.randomUUID() } as const;
  const watch = WatchRequest.create();
  inbox.open({ me, address, stream, watch, mostBytes: Number.POSITIVE_INFINITY });
  return opened;
}

test('a reader for which a round has no space starts in a later round, before newer readers', async () => {
  const rounds = new SmallRounds(1);
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  const devices = ['ann', 'bob', 'carol'].map((id) => openAs(inbox, id));
  const welcomes = await Promise.all(devices.map(({ first }) => first));
  inbox.stop();
  expect(welcomes.map(({ welcome }) => welcome?.me?.id)).toEqual(['ann', 'bob', 'carol']);
  expect(rounds.started.slice(-2)).toEqual([['bob', 'carol'], ['carol']]);
});

test('a reader that ends while it waits for a later round does not start', async () => {
  const rounds = new SmallRounds(1);
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  const [, bob, carol] = ['ann', 'bob', 'carol'].map((id) => openAs(inbox, id));
  bob?.stream.end();
  await carol?.first;
  inbox.stop();
  expect(rounds.started.at(-1)).toEqual(['carol']);
  expect(inbox.size).toBe(0);
});

test('a gateway refuses inboxes while too many wait for a round, and is not ready', async () => {
  const never = { read: () => new Promise<RoundFacts>(() => {}) };
  const inbox = new Inbox(never as unknown as RoundReader, silentLogger(), new Metrics());
  const firstRound = 1;
  const devices = Array.from({ length: firstRound + 2_000 }, (_, n) => openAs(inbox, `user-${n}`, `192.0.2.${n % 2}`));
  expect(() => openAs(inbox, 'late')).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  expect(() => inbox.checkRoom()).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  devices.at(-1)?.stream.end();
  inbox.checkRoom();
  openAs(inbox, 'late');
  inbox.stop();
});

const away = Object.assign(new Error('The connection was refused.'), { code: 'ECONNREFUSED' });

test('readers of a round that fails because the database is away start in a later round, in order', async () => {
  const rounds = new FailingRounds(2, away);
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  const devices = ['ann', 'bob', 'carol'].map((id) => openAs(inbox, id));
  await Promise.all(devices.map(({ first }) => first));
  inbox.stop();
  expect(rounds.started.at(-1)).toEqual(['ann', 'bob', 'carol']);
});

test('a reader that leaves before the next round does not start', async () => {
  const rounds = new FailingRounds(1, away);
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  const ann = openAs(inbox, 'ann');
  await until(() => rounds.count > 0);
  ann.stream.end();
  await until(() => rounds.count > 1);
  inbox.stop();
  expect(rounds.started).toEqual([['ann']]);
});

test('a reader is refused if the database stays away for 10 s', async () => {
  jest.useFakeTimers();
  try {
    const rounds = new FailingRounds(Number.POSITIVE_INFINITY, away);
    const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
    const ann = openAs(inbox, 'ann');
    await jest.advanceTimersByTimeAsync(9_500);
    expect(ann.stream.ended).toBe(false);
    await jest.advanceTimersByTimeAsync(2_000);
    inbox.stop();
    expect(await ann.ended).toBe('database-away');
  } finally {
    jest.useRealTimers();
  }
});

test('readers of a round that fails for another reason are refused', async () => {
  const rounds = new FailingRounds(1, new Error('unexpected'));
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  expect(await openAs(inbox, 'ann').ended).toBe('internal');
  inbox.stop();
});

test('at most 100 readers start in one round', async () => {
  const rounds = new SmallRounds(1_000);
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  const devices = Array.from({ length: 350 }, (_, n) => openAs(inbox, `user-${n}`));
  await Promise.all(devices.map(({ first }) => first));
  inbox.stop();
  expect(Math.max(...rounds.started.map(({ length }) => length))).toBe(100);
});

test.each([
  ['of one address', 2_000, () => '192.0.2.1'],
  ['of one gateway', 20_000, (n: number) => `10.0.${n >> 8}.${n & 255}`],
])('inboxes %s beyond %i are refused as too-busy until an inbox ends', async (_, most, addressOf) => {
  const inbox = new Inbox(new SmallRounds(most) as unknown as RoundReader, silentLogger(), new Metrics());
  const devices: ReturnType<typeof openAs>[] = [];
  for (let n = 1; n <= most; n++) {
    devices.push(openAs(inbox, `user-${n}`, addressOf(n)));
    if (n % 100 === 0) await devices.at(-1)?.first;
  }
  const openMore = () => openAs(inbox, 'late', addressOf(0));
  expect(openMore).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  devices[0]?.stream.end();
  openMore();
  expect(openMore).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  expect(inbox.size).toBe(most);
  inbox.stop();
});

const noReceipt = { deliveredSeq: 0, readSeq: 0, receiptAtMs: 0 };
const plainMember = { role: 'member', markedUnread: false, notify: 'all', setAtMs: 0 } as const;
const log = '00000000-0000-4000-8000-000000000000';

/** Rounds in which all users have the same `chats` chats. */
class ChatRounds extends SmallRounds {
  readonly #channelIds: readonly number[];

  constructor(chats: number) {
    super(1_000);
    this.#channelIds = Array.from({ length: chats }, (_, n) => n + 1);
  }

  override async read(request: RoundRequest): Promise<RoundFacts> {
    const facts = await super.read(request);
    const stayOf = (userId: string, channelId: number) =>
      [
        channelId,
        {
          userId,
          channelId,
          sinceSeq: 0,
          leftSeq: null,
          hiddenUpTo: 0,
          isDeleted: false,
          ...noReceipt,
          ...plainMember,
        },
      ] as const;
    const endOf = (channelId: number) => ({ channelId, log, lastSeq: 1, lastAtMs: 0, ownerId: null, members: 9 });
    const staysOf = (userId: string) => new Map(this.#channelIds.map((channelId) => stayOf(userId, channelId)));
    return {
      ...facts,
      stays: new Map(request.starting.map(({ userId }) => [userId, staysOf(userId)])),
      ends: new Map(this.#channelIds.map((channelId) => [channelId, endOf(channelId)])),
    };
  }
}

test('a gateway whose inboxes take too much memory refuses new ones, and is not ready, until an inbox ends', async () => {
  const chats = 200;
  const bytes = bytesOfInboxes({ inboxes: 3, memberships: 3 * chats, channels: chats });
  const inbox = new Inbox(new ChatRounds(chats) as unknown as RoundReader, silentLogger(), new Metrics(), bytes);
  const [ann] = ['ann', 'bob'].map((id) => openAs(inbox, id));
  await ann?.first;
  inbox.checkRoom();
  const carol = openAs(inbox, 'carol');
  await carol.first;
  expect(() => inbox.checkRoom()).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  expect(() => openAs(inbox, 'dave')).toThrow(expect.objectContaining({ reason: 'too-busy' }));
  carol.stream.end();
  inbox.checkRoom();
  await openAs(inbox, 'dave').first;
  inbox.stop();
});

test('readers that start in the same round are refused once the memory is full', async () => {
  const chats = 200;
  const bytes = bytesOfInboxes({ inboxes: 10, memberships: 2 * chats, channels: chats });
  const inbox = new Inbox(new ChatRounds(chats) as unknown as RoundReader, silentLogger(), new Metrics(), bytes);
  const devices = Array.from({ length: 9 }, (_, n) => openAs(inbox, `user-${n}`));
  await Promise.all(devices.map(({ first, ended }) => Promise.race([first, ended])));
  const open = devices.filter(({ stream }) => !stream.ended).length;
  const refused = await Promise.all(devices.filter(({ stream }) => stream.ended).map(({ ended }) => ended));
  inbox.stop();
  expect(open).toBeLessThan(9);
  expect(open).toBeGreaterThan(1);
  expect(refused).toEqual(refused.map(() => 'too-busy'));
});

test('rounds run even if nothing signals a change', async () => {
  const rounds = new SmallRounds(1);
  const inbox = new Inbox(rounds as unknown as RoundReader, silentLogger(), new Metrics());
  await openAs(inbox, 'ann').first;
  const before = rounds.count;
  await until(() => rounds.count >= before + 2);
  inbox.stop();
});
