/** The events that a client has shown since it opened, by chat. */
export class Seen {
  readonly #reset = new Set<number>();
  readonly #texts = new Set<string>();
  readonly #entered = new Set<number>();
  /** Chats that showed an entry before a reset. */
  readonly silent = new Set<number>();
  #allReset = false;

  /** Records a reset of one chat, or of all if `channelId` is undefined. */
  reset(channelId?: number): void {
    if (channelId === undefined) this.#allReset = true;
    else this.#reset.add(channelId);
  }

  /** Records an entry with the current text of a message. */
  entry(channelId: number, text: string): void {
    if (!this.hasReset(channelId)) this.silent.add(channelId);
    this.#entered.add(channelId);
    this.#texts.add(`${channelId} ${text}`);
  }

  hasReset(channelId: number): boolean {
    return this.#allReset || this.#reset.has(channelId);
  }

  hasEntered(channelId: number): boolean {
    return this.#entered.has(channelId);
  }

  has(channelId: number, text: string): boolean {
    return this.#texts.has(`${channelId} ${text}`);
  }
}

/** Addresses of a system that clients need. */
export interface Addresses {
  readonly userService: string;
  readonly managers: readonly string[];
  /** Address of a gateway, for HTTP. */
  readonly gateway: string;
}

/** Options of a new client. */
export interface WitnessOptions {
  readonly at: Addresses;
  readonly token: string;
  readonly channelIds: readonly number[];
  /** Place of an earlier client of the same kind, as `place` returned it. Undefined: the end of the logs. */
  readonly after: string | undefined;
}

/** A user's client of one kind, in several chats. */
export interface Witness {
  readonly seen: Seen;
  /** Position after everything seen, as text; empty if the server has sent none yet. */
  place(): string;
  /** Sends a message, and returns its seq. */
  post(channelId: number, text: string): Promise<number>;
  edit(channelId: number, seq: number, text: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A kind of client. */
export interface WitnessKind {
  readonly name: string;
  readonly open: (options: WitnessOptions) => Promise<Witness>;
}
