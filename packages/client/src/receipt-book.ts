import { ChannelKind, Message, type Welcome } from '@parley/contract';

/**
 * Position up to which a user has received and read a chat. A message that was read counts as
 * received.
 */
export interface ReceiptSeqs {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** Receipt of one member of a chat. */
export interface MemberReceipt extends ReceiptSeqs {
  readonly userId: string;
}

const none: ReceiptSeqs = { deliveredSeq: 0, readSeq: 0 };
/** Minimum time between two receipts of this user, in milliseconds. */
const intervalMs = 1_000;

function later(one: ReceiptSeqs, other: ReceiptSeqs): ReceiptSeqs {
  return {
    deliveredSeq: Math.max(one.deliveredSeq, other.deliveredSeq),
    readSeq: Math.max(one.readSeq, other.readSeq),
  };
}

function isLater(one: ReceiptSeqs, other: ReceiptSeqs): boolean {
  return one.deliveredSeq > other.deliveredSeq || one.readSeq > other.readSeq;
}

/** Returns whether the channel has receipts. Only channels with members and a history do. */
function hasReceipts({ channel }: Welcome): boolean {
  return (channel?.kind ?? 0) > ChannelKind.ROOM && channel?.retention?.nothing !== true;
}

/** The parts of a conversation that its receipts use. */
interface ReceiptBookDeps {
  readonly send: (frame: Message) => void;
  /** Fetches the chat as this user sees it. */
  readonly chat: (signal?: AbortSignal) => Promise<{ readonly log: string; readonly others: readonly MemberReceipt[] }>;
  /** Called with a receipt that was moved while there was no connection. */
  readonly onMissed: (receipt: MemberReceipt) => void;
}

/**
 * Receipts of one conversation. Holds those of the other users, and sends this user's own to the
 * server.
 */
export class ReceiptBook {
  readonly #deps: ReceiptBookDeps;
  readonly #reportsDelivered: boolean;
  /** Whether the reader of the conversation has asked for the receipts of the others. */
  #isFollowed = false;
  readonly #others = new Map<string, ReceiptSeqs>();
  #me = '';
  #log = '';
  #isOn = false;
  #own = none;
  #sent = none;
  #confirmed = none;
  /** Whether the user has read to the end of what they had read before, since the last report. */
  #hasRead = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Creates a book. With `reportsDelivered`, it reports entries as delivered when they arrive. */
  constructor(deps: ReceiptBookDeps, reportsDelivered: boolean) {
    this.#deps = deps;
    this.#reportsDelivered = reportsDelivered;
  }

  /**
   * Resolves with a map from user id to receipt, for all other users. The map is live: later
   * receipts update it.
   */
  async fetch(signal?: AbortSignal): Promise<ReadonlyMap<string, ReceiptSeqs>> {
    this.#isFollowed = true;
    await this.#catchUp(signal);
    return this.#others;
  }

  /** Starts a stream. Seqs of an earlier log are void. */
  enter(welcome: Welcome): void {
    const { log, me } = welcome;
    this.#me = me?.id ?? '';
    this.#isOn = hasReceipts(welcome);
    if (log !== this.#log) {
      this.#others.clear();
      this.#own = none;
      this.#hasRead = false;
      this.#confirmed = none;
    }
    this.#log = log;
    this.#sent = this.#confirmed;
    this.#report();
    if (this.#isFollowed && this.#isOn) void this.#reportMissed();
  }

  /** Records that all entries up to `seq` have arrived. */
  received(seq: number): void {
    if (this.#reportsDelivered) this.#raise({ deliveredSeq: seq, readSeq: 0 });
  }

  /** Records that the user has read everything up to `seq`. */
  read(seq: number): void {
    if (seq > 0 && seq >= this.#own.readSeq) this.#hasRead = true;
    this.#raise({ deliveredSeq: seq, readSeq: seq });
  }

  /** Records a receipt that the server sent, of any user. Returns whether it is new. */
  learn({ userId, deliveredSeq, readSeq }: MemberReceipt): boolean {
    const seqs = { deliveredSeq, readSeq };
    const known = userId === this.#me ? this.#confirmed : (this.#others.get(userId) ?? none);
    if (userId === this.#me) this.#confirmed = later(known, seqs);
    else this.#others.set(userId, later(known, seqs));
    return isLater(seqs, known);
  }

  /** Sends the receipts that wait for the end of the interval. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#report();
  }

  /** Stops sending. */
  close(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** Fetches the receipts of other users. Returns those that are new. */
  async #catchUp(signal?: AbortSignal): Promise<readonly MemberReceipt[]> {
    const { log, others } = await this.#deps.chat(signal);
    return log === this.#log ? others.filter((receipt) => this.learn(receipt)) : [];
  }

  /**
   * Reports the receipts that were missed while there was no connection. If this fails, the next
   * connection tries again.
   */
  async #reportMissed(): Promise<void> {
    const missed = await this.#catchUp().catch(() => []);
    if (this.#isOn) for (const receipt of missed) this.#deps.onMissed(receipt);
  }

  #raise(receipt: ReceiptSeqs): void {
    this.#own = later(this.#own, receipt);
    this.#report();
  }

  /**
   * Sends what is new. Names the read seq only if the user has read: to name it ends the mark
   * "unread", which the user may have set meanwhile.
   */
  #report(): void {
    const hasRead = this.#hasRead || this.#own.readSeq > this.#sent.readSeq;
    if (!this.#isOn || this.#timer !== undefined || !(hasRead || isLater(this.#own, this.#sent))) return;
    this.#sent = this.#own;
    this.#hasRead = false;
    const readSeq = hasRead ? this.#own.readSeq : 0;
    this.#deps.send(Message.fromPartial({ receipt: { ...this.#own, readSeq, log: this.#log } }));
    this.#timer = setTimeout(() => this.flush(), intervalMs);
  }
}
