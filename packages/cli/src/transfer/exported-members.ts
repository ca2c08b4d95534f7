import type { Queryable } from '@parley/database';
import { type ExportedMemberRow, readExportedMembers } from './export-store.js';
import type { LineOf, NewLine } from './format.js';

type Until = LineOf<'member'>['muted_until'];

/** Latest date of JavaScript, which stands for `infinity`. */
const forever = 8_640_000_000_000_000;

function untilOf(time: Date | null): Until {
  if (time === null) return undefined;
  return time.getTime() === forever ? 'forever' : time.getTime();
}

/**
 * The members of one channel. Their positions in the log become numbers of exported entries, which
 * are known while the entries are read.
 */
export class ExportedMembers {
  readonly #rows: readonly ExportedMemberRow[];
  /** Positions that have no number yet, in order. */
  readonly #seqs: number[];
  readonly #numbers = new Map<number, number>();
  #last = 0;

  private constructor(rows: readonly ExportedMemberRow[]) {
    this.#rows = rows;
    const seqs = rows.flatMap(({ joinedSeq, staySeq, readSeq, deliveredSeq }) => [
      ...[joinedSeq, readSeq, deliveredSeq],
      ...(staySeq === null ? [] : [staySeq]),
    ]);
    this.#seqs = [...new Set(seqs)].toSorted((a, b) => b - a);
  }

  static async read(client: Queryable, channelId: number): Promise<ExportedMembers> {
    return new ExportedMembers(await readExportedMembers.run(client, { channelId }));
  }

  /** Notes that the entry with the seq has the number `n`. Call it for each entry, in order. */
  pass(seq: number, n: number): void {
    for (let at = this.#seqs.at(-1); at !== undefined && at < seq; at = this.#seqs.at(-1)) this.#number();
    this.#last = n;
  }

  #number(): void {
    const seq = this.#seqs.pop();
    if (seq !== undefined) this.#numbers.set(seq, this.#last);
  }

  /** Returns the number of exported entries up to a seq. */
  #upTo(seq: number): number {
    return this.#numbers.get(seq) ?? this.#last;
  }

  /** Yields the lines of the members, after all entries. */
  *lines(): Generator<NewLine> {
    for (const row of this.#rows) yield this.#line(row);
  }

  #line(row: ExportedMemberRow): NewLine {
    const mutedUntil = untilOf(row.mutedUntil);
    const bannedUntil = untilOf(row.bannedUntil);
    return {
      type: 'member',
      person: row.userId,
      role: row.role,
      ...(row.isOut ? { out: true, ...(row.leftByChoice && { left_by_choice: true }) } : this.#stay(row)),
      ...(mutedUntil !== undefined && { muted_until: mutedUntil }),
      ...(bannedUntil !== undefined && { banned_until: bannedUntil }),
    };
  }

  #stay(row: ExportedMemberRow) {
    return {
      joined_at: row.joinedMs,
      joined: this.#upTo(row.joinedSeq),
      ...(row.staySeq !== null && { stay: this.#upTo(row.staySeq) }),
      read: this.#upTo(row.readSeq),
      delivered: this.#upTo(row.deliveredSeq),
      notify: row.notify,
      ...(row.markedUnread && { marked_unread: true as const }),
    };
  }
}
