import { AppendQueue } from './append-queue.js';
import type { BatchResult } from './append-queue-options.js';
import type { Append, AppendOutcome, BatchOutcome, Candidate, LogEntry } from './entry.js';

/** Bounds of the queue. Each entry costs 512 bytes plus its data. */
const bounds = { rows: 5, batchBytes: 4_000, waitingBytes: 10_000, channelBytes: 8_000, userBytes: 7_000 };

function entry(n: number, fields: Partial<Candidate> = {}): Candidate {
  const data = fields.data ?? Buffer.from(`m${n}`);
  return {
    channelId: 1,
    epoch: 1,
    senderId: 'alice',
    clientId: `c${n}`,
    kind: 0,
    targetSeq: 0,
    contentType: '',
    data,
    digest: data,
    mentions: [],
    fileIds: [],
    revision: 0,
    isHost: false,
    denial: undefined,
    judge: () => {},
    reloadMembers: async () => {},
    ...fields,
  };
}

/** A database of one channel that can lose its responses on demand. */
class Log {
  readonly rows: string[] = [];
  readonly batches: number[] = [];
  loseAnswers = 0;
  failBefore = 0;
  flying = 0;
  mayWrite = true;
  verdict: (entry: LogEntry) => BatchOutcome | undefined = () => undefined;
  waitAside = Promise.resolve();

  readonly append: Append = async (batch, { isRetry, track }) => {
    if (track === 'main') this.flying += 1;
    if (this.flying > 1) throw new Error('two batches in flight');
    try {
      await (track === 'aside' ? this.waitAside : new Promise(setImmediate));
      if (this.failBefore-- > 0) throw new Error('not written');
      const outcomes = batch.map((one) => this.verdict(one) ?? this.#write(one, isRetry));
      this.batches.push(batch.length);
      if (this.loseAnswers-- > 0) throw new Error('written, but the answer was lost');
      return outcomes;
    } finally {
      if (track === 'main') this.flying -= 1;
    }
  };

  #write({ clientId }: LogEntry, isRetry: boolean): AppendOutcome {
    const known = this.rows.indexOf(clientId) + 1;
    if (known > 0) {
      if (!isRetry) throw new Error('23505');
      return { is: 'duplicate', seq: known, sentAtMs: 1 };
    }
    return { is: 'stored', seq: this.rows.push(clientId), sentAtMs: 1, revision: 0 };
  }
}

function setUp(log = new Log(), narrower: Partial<typeof bounds> = {}) {
  const doubts: unknown[] = [];
  const pauses: number[] = [];
  const written: BatchResult[] = [];
  let clock = 0;
  const appendQueue = new AppendQueue({
    bounds: { ...bounds, ...narrower },
    append: log.append,
    mayWrite: () => log.mayWrite,
    atTurnEnd: setImmediate,
    pause: async (ms) => void pauses.push(ms),
    now: () => clock++,
    onBatch: (one) => written.push(one),
    onDoubt: (cause) => doubts.push(cause),
    onFailed: (cause) => doubts.push(cause),
  });
  const outcomes: Record<string, AppendOutcome[]> = {};
  const offer = (one: Candidate) => {
    const done: AppendOutcome[] = [];
    outcomes[one.clientId] ??= done;
    return appendQueue.offer(one, (outcome) => (outcomes[one.clientId] as AppendOutcome[]).push(outcome));
  };
  return { appendQueue, log, outcomes, offer, doubts, pauses, written };
}

describe('AppendQueue', () => {
  test('the queue keeps the order, with one batch in flight and later entries in the next batch', async () => {
    const { appendQueue, log, outcomes, offer } = setUp();
    for (let n = 1; n <= 12; n++) offer(entry(n));
    await appendQueue.flushed();
    expect(log.rows).toEqual(Array.from({ length: 12 }, (_, n) => `c${n + 1}`));
    expect(log.batches).toEqual([5, 5, 2]);
    expect(Object.values(outcomes).map(([outcome]) => outcome?.is)).toEqual(Array.from({ length: 12 }, () => 'stored'));
  });

  test('the queue reports the size of each batch, the wait of its oldest entry and the time it took', async () => {
    const { appendQueue, offer, written } = setUp();
    for (let n = 1; n <= 6; n++) offer(entry(n));
    await appendQueue.flushed();
    expect(written).toEqual([
      { rows: 5, tries: 1, waitedMs: 6, tookMs: 1 },
      { rows: 1, tries: 1, waitedMs: 3, tookMs: 1 },
    ]);
  });

  test('the queue knows since when its oldest batch is in flight, over all attempts', async () => {
    const { appendQueue, log, offer } = setUp();
    expect(appendQueue.inFlightForMs).toBe(0);
    log.failBefore = 2;
    const seen: number[] = [];
    log.verdict = () => {
      seen.push(appendQueue.inFlightForMs);
      return undefined;
    };
    offer(entry(1));
    await appendQueue.flushed();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThan(0);
    expect(appendQueue.inFlightForMs).toBe(0);
  });

  test('does not report a batch if a lock prevented all of it', async () => {
    const { appendQueue, log, offer, written } = setUp();
    log.verdict = ({ channelId }) => (channelId === 1 ? { is: 'busy' } : undefined);
    offer(entry(1));
    await appendQueue.flushed();
    expect(written).toEqual([]);
    offer(entry(2));
    offer(entry(3, { channelId: 2 }));
    await appendQueue.flushed();
    expect(written).toMatchObject([{ rows: 1 }]);
  });

  test('limits a batch by bytes, and writes a larger entry alone', async () => {
    const { appendQueue, log, offer } = setUp(new Log(), {
      waitingBytes: 20_000,
      channelBytes: 20_000,
      userBytes: 20_000,
    });
    for (let n = 1; n <= 3; n++) offer(entry(n, { data: Buffer.alloc(2_000, n) }));
    offer(entry(4, { senderId: 'bob', data: Buffer.alloc(4_000, 4) }));
    await appendQueue.flushed();
    expect(log.batches).toEqual([1, 1, 1, 1]);
  });

  test('sends a batch again until its outcome is known, and writes nothing twice', async () => {
    const log = new Log();
    log.failBefore = 2;
    log.loseAnswers = 1;
    const { appendQueue, outcomes, offer, doubts, pauses } = setUp(log);
    offer(entry(1));
    offer(entry(2));
    await appendQueue.flushed();
    expect(log.rows).toEqual(['c1', 'c2']);
    expect(outcomes).toMatchObject({ c1: [{ is: 'duplicate', seq: 1 }], c2: [{ is: 'duplicate', seq: 2 }] });
    expect(doubts).toHaveLength(3);
    expect(pauses).toEqual([20, 40, 80]);
  });

  test('writes a message that is in a batch twice only once, and rejects the second if its body differs', async () => {
    const { appendQueue, log, outcomes, offer } = setUp();
    offer(entry(1));
    offer(entry(1));
    offer(entry(1, { data: Buffer.from('other') }));
    await appendQueue.flushed();
    expect(log.rows).toEqual(['c1']);
    expect(outcomes.c1?.map(({ is }) => is).sort()).toEqual(['reused', 'stored', 'stored']);
  });

  test('rejects entries while too many bytes wait, and accepts again afterwards', async () => {
    const { appendQueue, offer } = setUp();
    const data = Buffer.alloc(488);
    for (let n = 1; n <= 7; n++) expect(offer(entry(n, { data }))).toBe(true);
    expect(offer(entry(8, { data }))).toBe(false); // Over the limit of this user.
    expect(offer(entry(9, { data, senderId: 'bob' }))).toBe(true);
    expect(offer(entry(10, { data, senderId: 'bob' }))).toBe(false); // Over the limit of this channel.
    for (const n of [11, 12]) expect(offer(entry(n, { data, senderId: 'bob', channelId: 2 }))).toBe(true);
    expect(offer(entry(13, { data, senderId: 'carol', channelId: 3 }))).toBe(false);
    expect(appendQueue.bytes).toBe(10_000);
    await appendQueue.flushed();
    expect(appendQueue.bytes).toBe(0);
    expect(offer(entry(14))).toBe(true);
    await appendQueue.flushed();
  });

  test('the queue continues if a callback throws', async () => {
    const { appendQueue, log, doubts } = setUp();
    appendQueue.offer(entry(1), () => {
      throw new Error('planted');
    });
    const told: AppendOutcome[] = [];
    appendQueue.offer(entry(2), (outcome) => told.push(outcome));
    await appendQueue.flushed();
    expect(log.rows).toEqual(['c1', 'c2']);
    expect(told).toHaveLength(1);
    expect(doubts).toHaveLength(1);
  });

  test('writes nothing without a lease, and settles all waiting entries', async () => {
    const { appendQueue, log, outcomes, offer } = setUp();
    log.mayWrite = false;
    for (let n = 1; n <= 7; n++) offer(entry(n));
    await appendQueue.flushed();
    expect(log.rows).toEqual([]);
    expect(Object.values(outcomes)).toEqual(Array(7).fill([{ is: 'paused' }]));
    expect(appendQueue.bytes).toBe(0);
  });

  test('finishes a batch that was sent before the lease lapsed', async () => {
    const { appendQueue, log, outcomes, offer } = setUp();
    log.loseAnswers = 1;
    for (let n = 1; n <= 6; n++) offer(entry(n));
    await new Promise(setImmediate);
    log.mayWrite = false;
    await appendQueue.flushed();
    expect(Object.values(outcomes).map(([outcome]) => outcome?.is)).toEqual([...Array(5).fill('duplicate'), 'paused']);
  });

  test('a flush waits only for entries queued before it', async () => {
    const { appendQueue, offer, outcomes } = setUp();
    for (let n = 1; n <= 6; n++) offer(entry(n));
    const flushed = appendQueue.flushed();
    const keepBusy = setInterval(() => offer(entry(Math.random())), 0);
    await flushed;
    clearInterval(keepBusy);
    expect(outcomes.c6).toHaveLength(1);
  });

  test('the memory bounds count mentions, content types and a fixed cost per entry', async () => {
    const { appendQueue, offer } = setUp();
    offer(entry(1, { data: Buffer.alloc(0), mentions: ['a'.repeat(64)], contentType: 'text/plain' }));
    expect(appendQueue.bytes).toBe(512 + 64 + 16 + 10);
    await appendQueue.flushed();
  });

  test('the queue alternates between channels, and between the senders of a channel', async () => {
    const { appendQueue, log, offer } = setUp();
    for (let n = 1; n <= 6; n++) offer(entry(n, { data: Buffer.alloc(0) }));
    offer(entry(7, { data: Buffer.alloc(0), senderId: 'bob' }));
    offer(entry(8, { data: Buffer.alloc(0), senderId: 'carol', channelId: 2 }));
    await appendQueue.flushed();
    expect(log.rows).toEqual(['c1', 'c8', 'c7', 'c2', 'c3', 'c4', 'c5', 'c6'].filter((id) => log.rows.includes(id)));
    expect(log.rows.indexOf('c8')).toBeLessThan(3);
    expect(log.rows.indexOf('c7')).toBeLessThan(3);
  });

  test('checks entries again, in order, if the members have changed, and writes them only afterwards', async () => {
    const log = new Log();
    const { appendQueue, outcomes, offer } = setUp(log);
    let known = 1;
    const members = { revision: 0 };
    log.verdict = ({ revision }) => (revision < known ? { is: 'stale', revision: known } : undefined);
    const reloadMembers = async (revision: number) => {
      await new Promise(setImmediate);
      members.revision = revision;
    };
    for (let n = 1; n <= 3; n++) {
      const one = entry(n, { reloadMembers });
      offer({
        ...one,
        judge() {
          Object.assign(this, members);
        },
      });
    }
    await appendQueue.flushed();
    expect(log.rows).toEqual(['c1', 'c2', 'c3']);
    known = 2;
    offer({
      ...entry(4, { reloadMembers }),
      judge() {
        Object.assign(this, members);
      },
    });
    await appendQueue.flushed();
    expect(outcomes.c4).toMatchObject([{ is: 'stored', seq: 4 }]);
  });

  test('writes the entries of others when the members have changed and one author has left', async () => {
    const log = new Log();
    const { appendQueue, outcomes, offer } = setUp(log);
    const gone: BatchOutcome = { is: 'denied', denial: { reason: 'moved' } };
    const authors = { alice: { revision: 0, wanted: 0 }, bob: { revision: 0, wanted: 0 } };
    const isOld = ({ revision, wanted }: typeof authors.bob) => revision < 1 && wanted < 1;
    log.verdict = ({ senderId }) => {
      if (Object.values(authors).some(isOld)) return { is: 'stale', revision: 1 };
      return senderId === 'bob' ? gone : undefined;
    };
    const reload = async (revision: number) => {
      authors.alice.revision = revision;
    };
    offer(entry(1, { reloadMembers: reload }));
    const learn = async (revision: number) => {
      authors.bob.wanted = revision;
    };
    offer(entry(2, { senderId: 'bob', reloadMembers: learn }));
    await appendQueue.flushed();
    expect(outcomes).toMatchObject({ c1: [{ is: 'stored', seq: 1 }], c2: [gone] });
  });

  test('writes a locked channel separately, so that the others do not wait', async () => {
    const log = new Log();
    const { appendQueue, outcomes, offer } = setUp(log);
    let unlock = () => {};
    const locked = new Promise<void>((resolve) => {
      unlock = resolve;
    });
    log.verdict = ({ channelId }) => (channelId === 1 ? { is: 'busy' } : undefined);
    log.waitAside = locked;
    offer(entry(1));
    offer(entry(2, { channelId: 2 }));
    while (outcomes.c2?.length !== 1) await new Promise(setImmediate);
    for (let n = 3; n <= 8; n++) {
      offer(entry(n, { channelId: 2 }));
      while (outcomes[`c${n}`]?.length !== 1) await new Promise(setImmediate);
    }
    expect(outcomes.c1).toEqual([]);
    unlock();
    await appendQueue.flushed();
    expect(outcomes.c1).toEqual([{ is: 'busy' }]);
  });
});
