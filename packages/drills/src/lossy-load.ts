import type { NamedEntry, ReaderEvent, RecordedHistory, RecordedReader } from '@parley/testkit';
import { Load, type TestRoom } from './load.js';

/** A time in which acknowledged messages may be lost, in ms. */
interface Loss {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What a reader received from one log. */
type Section = readonly ReaderEvent[];

/** Splits what a reader received at the resets: each begins another log. */
function sectionsOf(received: Section): Section[] {
  const cuts = received.flatMap((event, at) => (event.is === 'reset' ? [at] : []));
  return [0, ...cuts].map((from, n) => received.slice(from, cuts[n]));
}

function entriesOf(section: Section): NamedEntry[] {
  return section.flatMap((event) => (event.is === 'entry' ? [event] : []));
}

/** Returns the reader with only what it received from the latest log. */
function inLatestLog(reader: RecordedReader): RecordedReader {
  const received = sectionsOf(reader.received).at(-1) ?? [];
  return { name: reader.name, startsAfter: reader.startsAfter, received };
}

/** Describes the entries of earlier logs that are out of order, or that others received with another seq. */
function mixedIn({ channel, readers }: RecordedHistory): string[] {
  const names = new Map<string, string>();
  return readers.flatMap((reader) =>
    sectionsOf(reader.received).flatMap((section, log) => {
      let last = 0;
      return entriesOf(section).flatMap(({ seq, name }) => {
        const isInOrder = seq > last;
        last = seq;
        const known = names.get(`${log} ${seq}`) ?? name;
        names.set(`${log} ${seq}`, known);
        return isInOrder && known === name ? [] : [`${channel}, ${reader.name}: ${seq} is ${name}, elsewhere ${known}`];
      });
    }),
  );
}

/**
 * The load of a drill in which the database may lose the last transactions. A lost message must have
 * been acknowledged when the standby lagged. What a reader received before a reset belongs to
 * another log, so it is not compared with the table.
 */
export class LossyLoad extends Load {
  readonly #losses: Loss[] = [];
  readonly #complaints: string[] = [];
  #lost = 0;
  #givenTwice = 0;

  /** Allows messages to be lost that were acknowledged between these times. */
  allowLoss(fromMs: number, untilMs: number): void {
    this.#losses.push({ fromMs, untilMs });
  }

  override async histories(): Promise<RecordedHistory[]> {
    const whole = await super.histories();
    return whole.map((history, at) => this.#judge(history, this.rooms[at] as TestRoom));
  }

  #judge(history: RecordedHistory, { talkers }: TestRoom): RecordedHistory {
    const stored = new Set(history.stored.map(({ name }) => name));
    const seqs = new Set(history.stored.map(({ seq }) => seq));
    for (const one of talkers) {
      for (const [at, { seq, name }] of one.acked.entries()) {
        if (stored.has(name)) continue;
        this.#lost += 1;
        if (seqs.has(seq)) this.#givenTwice += 1;
        if (!this.#mayLose(one.ackedAt[at] ?? 0)) this.#complaints.push(`${name} was lost, but the standby had it`);
      }
    }
    this.#complaints.push(...mixedIn(history));
    const acked = history.acked.filter(({ name }) => stored.has(name));
    return { ...history, acked, readers: history.readers.map(inLatestLog) };
  }

  #mayLose(ackedAtMs: number): boolean {
    return this.#losses.some(({ fromMs, untilMs }) => ackedAtMs >= fromMs && ackedAtMs <= untilMs);
  }

  override complaints(): string[] {
    const isVain = this.#losses.length > 0 && this.#givenTwice === 0;
    return [...this.#complaints, ...(isVain ? ['no seq was given twice, so this drill has tested nothing'] : [])];
  }

  override counts(): Readonly<Record<string, number>> {
    return { 'acked, and lost with the primary': this.#lost, 'seqs given twice': this.#givenTwice };
  }
}
