/** A position in a channel's log. A seq is meaningful only together with the log it belongs to. */
export interface LogPosition {
  /**
   * Id of the log. It changes, for example, when a channel without history moves to another server.
   */
  readonly log: string;
  /** Seq of the last entry that was received, 0 for none. */
  readonly seq: number;
}

/** The state of the log at the start of a stream, from the Welcome frame. */
export interface StreamOpening {
  /** The log and its last seq. */
  readonly place: LogPosition;
  /**
   * Way in which the server resumed. `new`: the client did not ask to resume. `whole`: every missed
   * entry follows. `gap`: entries up to `missingTo` are missing, the rest follows. `reset`: the log
   * is a different one or ends before the position.
   */
  readonly resumption: 'new' | 'whole' | 'gap' | 'reset';
  /** Last missing seq; set with `gap` only. */
  readonly missingTo: number;
}

/** Notices that the reader of a log gets in addition to the entries. */
export type Notice =
  | { readonly type: 'gap'; readonly from: number; readonly to: number }
  | { readonly type: 'reset'; readonly place: LogPosition }
  | { readonly type: 'live'; readonly missed: number };

/** Tracks how far a log has been read, and finds duplicates and holes. */
export class Bookmark {
  #place: LogPosition | undefined;
  #missed = 0;
  #liveFrom: number | undefined;

  constructor(place?: LogPosition) {
    this.#place = place;
  }

  /** Position to resume from; undefined before the first stream, unless one was given. */
  get place(): LogPosition | undefined {
    return this.#place;
  }

  /** Whether every entry that existed when the stream began has been read or reported missing. */
  get live(): boolean {
    return this.#place !== undefined && this.#liveFrom === undefined;
  }

  /** Starts a stream. Returns the notices for the reader. */
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

  /**
   * Records an entry. Returns the notices that come before and after the entry. Returns undefined
   * if the entry is a duplicate or if no stream is open.
   */
  read(seq: number): { readonly before: readonly Notice[]; readonly after: readonly Notice[] } | undefined {
    if (this.#place === undefined || seq <= this.#place.seq) return undefined;
    const next = this.#place.seq + 1;
    this.#place = { ...this.#place, seq };
    this.#missed += 1;
    const before: Notice[] = seq > next ? [{ type: 'gap', from: next, to: seq - 1 }] : [];
    return { before, after: this.#notices() };
  }

  /** Returns the given notices, plus `live` once every entry of the opening has been read. */
  #notices(...notices: Notice[]): Notice[] {
    if (this.#liveFrom === undefined || this.#place === undefined || this.#place.seq < this.#liveFrom) return notices;
    this.#liveFrom = undefined;
    return [...notices, { type: 'live', missed: this.#missed }];
  }
}
