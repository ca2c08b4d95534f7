import type { People } from './people.js';

/** An entry by its seq and by a name that no other message has: what was said, or its client id. */
export interface NamedEntry {
  readonly seq: number;
  readonly name: string;
}

/** What a reader was told, one after the other. */
export type Heard =
  | ({ readonly is: 'entry' } & NamedEntry)
  /** Entries that did not come, and it was said. */
  | { readonly is: 'gap'; readonly from: number; readonly to: number }
  /** Seqs of before mean nothing; the next entry is the one behind `seq`. */
  | { readonly is: 'reset'; readonly seq: number };

export interface RecordedReader {
  readonly name: string;
  /** The last seq before it began to read. */
  readonly startsAfter: number;
  readonly heard: readonly Heard[];
}

/** All that happened in one channel that keeps everything, told when nobody sends any more and all is read. */
export interface RecordedHistory {
  readonly channel: string;
  readonly acked: readonly NamedEntry[];
  /** What the table holds. */
  readonly stored: readonly NamedEntry[];
  readonly readers: readonly RecordedReader[];
}

/** Who reads and talks. */
export interface RecordedTalker extends RecordedReader {
  readonly acked: readonly NamedEntry[];
}

/** What was said in a channel as text: by those who talk there, and as the table holds it. */
export async function recordedIn(
  people: People,
  channelId: number,
  talkers: readonly RecordedTalker[],
): Promise<RecordedHistory> {
  const held = "SELECT seq, convert_from(data, 'UTF8') AS name FROM chat.message WHERE channel_id = $1 ORDER BY seq";
  const rows = await people.sql(held, [channelId]);
  const stored = rows.map(({ seq, name }) => ({ seq: Number(seq), name: String(name) }));
  return { channel: `channel ${channelId}`, acked: talkers.flatMap(({ acked }) => acked), stored, readers: talkers };
}

/** Every way in which a history can be wrong. */
export const faultKinds = [
  'lost',
  'stored twice',
  'seq gap',
  'another order',
  'heard, not stored',
  'heard twice',
  'out of order',
  'silent gap',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly words: string;
}

type Say = (kind: FaultKind, words: string) => void;

function checkAcks({ acked }: RecordedHistory, stored: ReadonlyMap<number, string>, say: Say): void {
  for (const { seq, name } of acked) {
    if (stored.get(seq) !== name) say('lost', `${name} was acked as ${seq}, where there is ${stored.get(seq)}`);
  }
}

function checkTable({ stored }: RecordedHistory, say: Say): void {
  const seqOf = new Map<string, number>();
  let last = 0;
  for (const { seq, name } of stored.toSorted((one, other) => one.seq - other.seq)) {
    const before = seqOf.get(name);
    if (before !== undefined) say('stored twice', `${name} as ${before} and as ${seq}`);
    if (seq !== last + 1) say('seq gap', `${last} is followed by ${seq}`);
    seqOf.set(name, seq);
    last = seq;
  }
}

/** Follows one reader from entry to entry. */
class Follower {
  readonly #say: Say;
  readonly #order: Map<number, string>;
  #heard = new Set<number>();
  #told = new Set<number>();
  #last: number;

  /** `order` is what was found at each seq so far, by the table or by others who read; it grows. */
  constructor(startsAfter: number, order: Map<number, string>, say: Say) {
    this.#last = startsAfter;
    this.#order = order;
    this.#say = say;
  }

  follow(heard: Heard): void {
    if (heard.is === 'entry') this.#take(heard);
    else if (heard.is === 'gap') this.#skip(heard.from, heard.to);
    else this.#begin(heard.seq);
  }

  /** Nothing else will come, and the table ends with this seq. */
  end(last: number): void {
    this.#missUpTo(last);
  }

  #begin(seq: number): void {
    this.#last = seq;
    this.#heard = new Set();
    this.#told = new Set();
  }

  #skip(from: number, to: number): void {
    for (let seq = from; seq <= to; seq++) this.#told.add(seq);
  }

  #take(entry: NamedEntry): void {
    if (this.#heard.has(entry.seq)) this.#say('heard twice', `${entry.seq} (${entry.name})`);
    else this.#takeNew(entry);
  }

  #takeNew({ seq, name }: NamedEntry): void {
    if (seq <= this.#last) this.#say('out of order', `${seq} (${name}) after ${this.#last}`);
    this.#missUpTo(seq - 1);
    this.#heard.add(seq);
    this.#last = Math.max(this.#last, seq);
    if (!this.#order.has(seq)) this.#say('heard, not stored', `${seq} (${name})`);
    const other = this.#order.get(seq) ?? name;
    if (other !== name) this.#say('another order', `${seq} is ${name} here and ${other} elsewhere`);
    this.#order.set(seq, other);
  }

  #missUpTo(seq: number): void {
    for (let missed = this.#last + 1; missed <= seq; missed++) {
      if (!this.#told.has(missed)) this.#say('silent gap', `${missed} did not come`);
    }
  }
}

/**
 * Finds what is wrong with a history: an ack without its row, a row twice, a seq without a row, readers who were told
 * different things, and entries that came twice, too late, or neither came nor were named as missing.
 */
export function checkHistory(history: RecordedHistory): Fault[] {
  const faults: Fault[] = [];
  const sayOf =
    (who: string): Say =>
    (kind, words) =>
      faults.push({ kind, words: `${who}: ${words}` });
  const stored = new Map(history.stored.map(({ seq, name }) => [seq, name]));
  checkAcks(history, stored, sayOf(history.channel));
  checkTable(history, sayOf(history.channel));
  const order = new Map(stored);
  const last = history.stored.reduce((most, { seq }) => Math.max(most, seq), 0);
  for (const { name, startsAfter, heard } of history.readers) {
    const follower = new Follower(startsAfter, order, sayOf(`${history.channel}, ${name}`));
    for (const one of heard) follower.follow(one);
    follower.end(last);
  }
  return faults;
}

/** How many faults there are of each kind. */
export function countFaults(faults: readonly Fault[]): Record<FaultKind, number> {
  const countOf = (kind: FaultKind) => faults.filter((fault) => fault.kind === kind).length;
  return Object.fromEntries(faultKinds.map((kind) => [kind, countOf(kind)])) as Record<FaultKind, number>;
}
