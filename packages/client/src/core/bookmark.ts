/** A place in a channel's log. Seqs of another log mean nothing in this one. */
export interface LogPosition {
  readonly log: string;
  readonly seq: number;
}

/** What a Welcome says of the log. */
export interface StreamOpening {
  /** The log and its last seq. */
  readonly place: LogPosition;
  /** `new`: nothing was asked; `whole`: all that was missed follows; `gap`: all but what is named; `reset`: start again. */
  readonly resumption: 'new' | 'whole' | 'gap' | 'reset';
  /** With `gap`: up to here nothing follows. */
  readonly missingTo: number;
}

/** What a reader of the log is told, besides its entries. */
export type Notice =
  | { readonly type: 'gap'; readonly from: number; readonly to: number }
  | { readonly type: 'reset'; readonly place: LogPosition }
  | { readonly type: 'live'; readonly missed: number };

/** How far the log was read: what is new, what came before, what is missing. */
export class Bookmark {
  #place: LogPosition | undefined;
  #missed = 0;
  #liveFrom: number | undefined;

  constructor(place?: LogPosition) {
    this.#place = place;
  }

  /** Where to resume; undefined before the first opening. */
  get place(): LogPosition | undefined {
    return this.#place;
  }

  /** All that was there when the stream began has been read or named as missing. */
  get live(): boolean {
    return this.#place !== undefined && this.#liveFrom === undefined;
  }

  /** A stream has begun. */
  open({ place, resumption, missingTo }: StreamOpening): Notice[] {
    const { log, seq } = this.#place ?? place;
    const before = this.#place;
    this.#missed = 0;
    this.#liveFrom = place.seq;
    const follows = log === place.log && (resumption === 'whole' || resumption === 'gap');
    if (!follows || before === undefined) {
      this.#place = place;
      return before === undefined ? this.#notices() : this.#notices({ type: 'reset', place });
    }
    if (resumption === 'whole' || missingTo <= seq) return this.#notices();
    this.#place = { log, seq: missingTo };
    return this.#notices({ type: 'gap', from: seq + 1, to: missingTo });
  }

  /** An entry came. Undefined: it was read before, or nothing is open. Else what is to be told `before` and `after` it. */
  read(seq: number): { readonly before: readonly Notice[]; readonly after: readonly Notice[] } | undefined {
    if (this.#place === undefined || seq <= this.#place.seq) return undefined;
    const next = this.#place.seq + 1;
    this.#place = { ...this.#place, seq };
    this.#missed += 1;
    const before: Notice[] = seq > next ? [{ type: 'gap', from: next, to: seq - 1 }] : [];
    return { before, after: this.#notices() };
  }

  /** The given notices, and `live` once, when all that was there at the opening has been read. */
  #notices(...notices: Notice[]): Notice[] {
    if (this.#liveFrom === undefined || this.#place === undefined || this.#place.seq < this.#liveFrom) return notices;
    this.#liveFrom = undefined;
    return [...notices, { type: 'live', missed: this.#missed }];
  }
}
