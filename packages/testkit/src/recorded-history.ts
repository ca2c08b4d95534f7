import type { People } from './people.js';

/** An entry: its seq, and a unique name (its text or its client id). */
export interface NamedEntry {
  readonly seq: number;
  readonly name: string;
}

/** An event that a reader received. */
export type ReaderEvent =
  | ({ readonly is: 'entry' } & NamedEntry)
  /** Entries that were reported missing. */
  | ({ readonly is: 'gap' } & Range)
  /** A reset: earlier seqs are void, and the next entry follows `seq`. */
  | { readonly is: 'reset'; readonly seq: number };

/** A range of seqs. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** A reader and everything it received. */
export interface RecordedReader {
  readonly name: string;
  /** Last seq before the reader started to read. */
  readonly startsAfter: number;
  readonly received: readonly ReaderEvent[];
  /** Entries that the reader must not receive, because it was not a member then. */
  readonly away?: readonly Range[];
}

/**
 * Everything that happened in one channel that stores messages, recorded after all sends and reads
 * have finished.
 */
export interface RecordedHistory {
  readonly channel: string;
  readonly acked: readonly NamedEntry[];
  /** The rows of the table. */
  readonly stored: readonly NamedEntry[];
  readonly readers: readonly RecordedReader[];
}

/** A reader that also sends. */
export interface RecordedTalker extends RecordedReader {
  readonly acked: readonly NamedEntry[];
}

/** Returns the history of a channel: the records of the talkers, and the rows of the table. */
export async function recordedIn(
  people: People,
  channelId: number,
  talkers: readonly RecordedTalker[],
): Promise<RecordedHistory> {
  const storedRows =
    "SELECT seq, convert_from(data, 'UTF8') AS name FROM chat.message WHERE channel_id = $1 ORDER BY seq";
  const rows = await people.sql(storedRows, [channelId]);
  const stored = rows.map(({ seq, name }) => ({ seq: Number(seq), name: String(name) }));
  return { channel: `channel ${channelId}`, acked: talkers.flatMap(({ acked }) => acked), stored, readers: talkers };
}

/** Every kind of fault in a history. */
const faultKinds = [
  'lost',
  'stored twice',
  'seq gap',
  'another order',
  'received, not stored',
  'received twice',
  'out of order',
  'silent gap',
  'received while away',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** One fault of a history. */
export interface Fault {
  readonly kind: FaultKind;
  readonly words: string;
}

type Report = (kind: FaultKind, words: string) => void;

function checkAcks({ acked }: RecordedHistory, stored: ReadonlyMap<number, string>, report: Report): void {
  for (const { seq, name } of acked) {
    if (stored.get(seq) !== name) report('lost', `${name} was acked as ${seq}, but the table has ${stored.get(seq)}`);
  }
}

function checkTable({ stored }: RecordedHistory, report: Report): void {
  const seqOf = new Map<string, number>();
  let last = 0;
  for (const { seq, name } of stored.toSorted((one, other) => one.seq - other.seq)) {
    const before = seqOf.get(name);
    if (before !== undefined) report('stored twice', `${name} as ${before} and as ${seq}`);
    if (seq !== last + 1) report('seq gap', `${last} is followed by ${seq}`);
    seqOf.set(name, seq);
    last = seq;
  }
}

/** Checks the events of one reader in order. */
class Follower {
  readonly #report: Report;
  readonly #order: Map<number, string>;
  readonly #away: readonly Range[];
  #received = new Set<number>();
  #reported = new Set<number>();
  #last: number;

  /**
   * Creates a follower. `order` maps seqs to names, from the table and from the readers checked
   * earlier. The follower adds to it.
   */
  constructor({ startsAfter, away = [] }: RecordedReader, order: Map<number, string>, report: Report) {
    this.#last = startsAfter;
    this.#away = away;
    this.#order = order;
    this.#report = report;
  }

  /** Checks the next event of the reader. */
  follow(received: ReaderEvent): void {
    if (received.is === 'entry') this.#receive(received);
    else if (received.is === 'gap') this.#skip(received.from, received.to);
    else this.#begin(received.seq);
  }

  /** Ends the check. `last` is the last seq of the table. */
  end(last: number): void {
    this.#missUpTo(last);
  }

  #begin(seq: number): void {
    this.#last = seq;
    this.#received = new Set();
    this.#reported = new Set();
  }

  #skip(from: number, to: number): void {
    for (let seq = from; seq <= to; seq++) this.#reported.add(seq);
  }

  #receive(entry: NamedEntry): void {
    if (this.#received.has(entry.seq)) this.#report('received twice', `${entry.seq} (${entry.name})`);
    else this.#receiveNew(entry);
  }

  #receiveNew({ seq, name }: NamedEntry): void {
    if (seq <= this.#last) this.#report('out of order', `${seq} (${name}) after ${this.#last}`);
    if (this.#isAway(seq)) this.#report('received while away', `${seq} (${name})`);
    this.#missUpTo(seq - 1);
    this.#received.add(seq);
    this.#last = Math.max(this.#last, seq);
    if (!this.#order.has(seq)) this.#report('received, not stored', `${seq} (${name})`);
    const other = this.#order.get(seq) ?? name;
    if (other !== name) this.#report('another order', `${seq} is ${name} here and ${other} elsewhere`);
    this.#order.set(seq, other);
  }

  #missUpTo(seq: number): void {
    for (let missed = this.#last + 1; missed <= seq; missed++) {
      if (!this.#reported.has(missed) && !this.#isAway(missed)) this.#report('silent gap', `${missed} did not arrive`);
    }
  }

  #isAway(seq: number): boolean {
    return this.#away.some(({ from, to }) => seq >= from && seq <= to);
  }
}

/**
 * Finds the faults of a history: acks without a row, duplicate rows, missing seqs, and readers that
 * disagree. Also finds entries that arrived twice, out of order, or while the reader was not a
 * member, and entries that neither arrived nor were reported missing.
 */
export function checkHistory(history: RecordedHistory): Fault[] {
  const faults: Fault[] = [];
  const reporterFor =
    (who: string): Report =>
    (kind, words) =>
      faults.push({ kind, words: `${who}: ${words}` });
  const stored = new Map(history.stored.map(({ seq, name }) => [seq, name]));
  checkAcks(history, stored, reporterFor(history.channel));
  checkTable(history, reporterFor(history.channel));
  const order = new Map(stored);
  const last = history.stored.reduce((most, { seq }) => Math.max(most, seq), 0);
  for (const reader of history.readers) {
    const follower = new Follower(reader, order, reporterFor(`${history.channel}, ${reader.name}`));
    for (const one of reader.received) follower.follow(one);
    follower.end(last);
  }
  return faults;
}

/** Returns the number of faults of each kind. */
export function countFaults(faults: readonly Fault[]): Record<FaultKind, number> {
  const countOf = (kind: FaultKind) => faults.filter((fault) => fault.kind === kind).length;
  return Object.fromEntries(faultKinds.map((kind) => [kind, countOf(kind)])) as Record<FaultKind, number>;
}
