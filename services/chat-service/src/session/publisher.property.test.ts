import { Channel, Message } from '@parley/contract';
import { FlushQueue } from '@parley/fanout';
import type { Refusal } from '@parley/runtime';
import fc from 'fast-check';
import type { AppendQueue } from '../core/append-queue.js';
import { DedupeMemory } from '../core/dedupe-cache.js';
import type { AppendOutcome, Candidate } from '../core/entry.js';
import { LiveChannel, type Sequencer } from '../core/live-channel.js';
import type { SequencedEntry } from '../core/sequenced-log.js';
import { Usage } from '../core/usage.js';
import { Publisher } from './publisher.js';

const runs = { numRuns: 150, seed: 42 };
const rate = { messagesPerSecond: 1e6, bytesPerSecond: 1e9 };
const clientIds = ['', ...[1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`)];
const person = { id: 'ann', number: 1, name: 'Ann' };
const noQuota = { bytes: 0, rows: 0 };

interface Row {
  readonly seq: number;
  readonly clientId: string;
  readonly text: string;
}

interface Answer {
  readonly seq?: number;
  readonly refused?: string;
}

interface Said {
  readonly clientId: string;
  readonly text: string;
  readonly lossy: boolean;
  readonly answers: Answer[];
}

function rowOf(bytes: Uint8Array): Row {
  const { seq, clientId, data } = Message.decode(bytes);
  return { seq, clientId, text: Buffer.from(data).toString() };
}

/** A channel with a publisher. If it has history, its table responds later, and in order. */
class World {
  readonly said: Said[] = [];
  readonly table: Row[] = [];
  readonly shown: Row[] = [];
  isLeaseHeld = true;
  isQueueFull = false;
  readonly membership = { role: 'member' as const, mutedUntilMs: 0, removed: false, revision: 0 };
  readonly channel: LiveChannel;
  readonly publisher: Publisher;
  readonly #waiting: { draft: Candidate; report: (outcome: AppendOutcome) => void }[] = [];
  #nowMs = 1e12;

  constructor(hasHistory: boolean) {
    this.channel = this.#open(hasHistory);
    const take = ({ frame }: SequencedEntry) => this.shown.push(rowOf(frame.bytes));
    this.channel.sequencer = { take, expect: () => {} } as unknown as Sequencer;
    const offer = (draft: Candidate, report: (outcome: AppendOutcome) => void) => {
      if (!this.isQueueFull) this.#waiting.push({ draft, report });
      return !this.isQueueFull;
    };
    const context = {
      messageBytes: 100,
      rate,
      now: () => ++this.#nowMs,
      mayPublish: () => this.isLeaseHeld,
      appendQueue: { offer } as unknown as AppendQueue,
      usage: new Usage({ channel: noQuota, user: noQuota }),
      onMoved: () => {},
      onPublished: () => {},
    };
    this.publisher = new Publisher({ person, membership: this.membership, hiddenUpTo: 0 }, this.channel, context);
  }

  #open(hasHistory: boolean): LiveChannel {
    const memory = new DedupeMemory({ ms: 60_000, storedMs: 60_000, ofSender: 100, ofAll: 1_000 });
    const bounds = { ringBytes: 1e6, lossyRingBytes: 1e6, writeBytes: 1e4, rate, senderRate: rate, memory };
    const facts = { id: 1, kind: 'room', epoch: 1, log: 'l', hasHistory, lastSeq: 0 } as const;
    const flushQueue = new FlushQueue(
      (run) => run(),
      () => {},
    );
    const settings = { ...Channel.fromPartial({ ownerId: 'owner' }), revision: 0 };
    return new LiveChannel({ facts, settings }, bounds, flushQueue, 0);
  }

  /** Everything in the log: the rows of the table, or the relayed messages. */
  get log(): Row[] {
    if (this.channel.facts.hasHistory) return this.table;
    const { entries } = this.channel.rings;
    return Array.from({ length: entries.head }, (_, cursor) => rowOf(entries.at(cursor).bytes));
  }

  get lossyCount(): number {
    return this.channel.rings.lossy.head;
  }

  publish(clientId: string, text: string, lossy: boolean): Said {
    const said: Said = { clientId, text, lossy, answers: [] };
    this.said.push(said);
    this.publisher.publish(Message.fromPartial({ clientId, data: Buffer.from(text), lossy }), {
      accepted: (_id, seq) => void said.answers.push({ seq }),
      refused: (_id, { reason }: Refusal) => void said.answers.push({ refused: reason }),
    });
    return said;
  }

  /** Writes up to `count` of the waiting messages. */
  write(count: number): void {
    for (const { draft, report } of this.#waiting.splice(0, count)) report(this.#append(draft));
  }

  #append(draft: Candidate): AppendOutcome {
    const text = Buffer.from(draft.data).toString();
    const earlier = this.table.find(({ clientId }) => clientId === draft.clientId);
    if (earlier !== undefined)
      return earlier.text === text ? { is: 'duplicate', seq: earlier.seq, sentAtMs: 1 } : { is: 'reused' };
    draft.judge();
    if (draft.denial !== undefined) return { is: 'denied', denial: draft.denial };
    const seq = this.table.length + 1;
    this.table.push({ seq, clientId: draft.clientId, text });
    return { is: 'stored', seq, sentAtMs: 1, revision: 0 };
  }
}

type Step =
  | { do: 'publish'; clientId: string; text: string; lossy: boolean }
  | { do: 'write'; count: number }
  | { do: 'set'; lease: boolean; removed: boolean; full: boolean };

/** Publishes one message and checks everything that is certain at once. */
function publishChecked(world: World, { clientId, text, lossy }: Step & { do: 'publish' }): void {
  const acked = world.said.find((one) => one.clientId === clientId && one.answers.some(({ seq }) => seq !== undefined));
  const [before, lossyBefore] = [world.log.length, world.lossyCount];
  const { answers } = world.publish(clientId, text, lossy);
  if (acked !== undefined && clientId !== '' && !lossy) {
    const [{ seq } = {}] = acked.answers;
    expect(answers).toEqual([acked.text === text ? { seq } : { refused: 'client-id-reused' }]);
    expect(world.log).toHaveLength(before);
  } else if (!world.isLeaseHeld) {
    expect(answers).toEqual([{ refused: 'paused' }]);
    expect([world.log.length, world.lossyCount]).toEqual([before, lossyBefore]);
  } else if (world.membership.removed && (lossy || !world.channel.facts.hasHistory)) {
    expect(answers).toEqual([{ refused: 'removed' }]);
    expect([world.log.length, world.lossyCount]).toEqual([before, lossyBefore]);
  } else if (lossy) expect([answers, world.lossyCount]).toEqual([[], lossyBefore + 1]);
}

/** Checks everything after every message has its result. */
function checkEnd({ said, log, shown, channel }: World): void {
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  for (const { clientId, text, lossy, answers } of said) {
    expect(answers.length).toBeLessThanOrEqual(1);
    if (!lossy) expect(answers).toHaveLength(1);
    const [{ seq } = {}] = answers;
    if (seq === undefined) continue;
    expect(log[seq - 1]?.text).toBe(text);
    if (clientId !== '') expect(log[seq - 1]?.clientId).toBe(clientId);
  }
  const acked = said.flatMap(({ answers }) => answers.flatMap(({ seq }) => seq ?? []));
  expect(new Set(acked)).toEqual(new Set(log.map(({ seq }) => seq)));
  if (channel.facts.hasHistory)
    expect(shown.map(({ seq, text }) => [seq, text])).toEqual(log.map((r) => [r.seq, r.text]));
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      clientId: fc.constantFrom(...clientIds),
      text: fc.constantFrom('one', 'two'),
      lossy: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), count: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      lease: fc.integer({ min: 0, max: 2 }).map((n) => n > 0),
      removed: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
      full: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
    }),
  },
);

test.each([true, false])(
  'every message gets one answer, and a retry gets the answer of the first attempt (history: %s)',
  async (hasHistory) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const world = new World(hasHistory);
        for (const one of steps) {
          if (one.do === 'publish') publishChecked(world, one);
          else if (one.do === 'write') world.write(one.count);
          else {
            [world.isLeaseHeld, world.isQueueFull] = [one.lease, one.full];
            world.membership.removed = one.removed;
          }
        }
        const settled = world.publisher.settled();
        world.write(Number.POSITIVE_INFINITY);
        await settled;
        checkEnd(world);
      }),
      runs,
    );
  },
);
