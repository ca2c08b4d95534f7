import { ChannelKind, type Message, type Welcome } from '@parley/contract';
import { OwnReceipt } from './own-receipt.js';
import { isLater, later, type MemberReceipt, noReceipt, type ReceiptSeqs } from './receipt-seqs.js';

/** Minimum time between two receipts of this user, in milliseconds. */
const intervalMs = 1_000;

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
 * Receipts of one conversation. Holds the receipts of the other users, and sends this user's own
 * receipt to the server.
 */
export class ReceiptBook {
  readonly #deps: ReceiptBookDeps;
  readonly #reportsDelivered: boolean;
  /** Whether the reader of the conversation has asked for the receipts of the others. */
  #isFollowed = false;
  readonly #others = new Map<string, ReceiptSeqs>();
  #me = '';
  #own = new OwnReceipt('');
  #isOn = false;
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
    if (log !== this.#own.log) {
      this.#others.clear();
      this.#own = new OwnReceipt(log);
    }
    this.#own.reopen();
    this.#report();
    if (this.#isFollowed && this.#isOn) void this.#reportMissed();
  }

  /** Records that all entries up to `seq` have arrived. */
  received(seq: number): void {
    if (!this.#reportsDelivered) return;
    this.#own.received(seq);
    this.#report();
  }

  /** Records that the user has read everything up to `seq`. */
  read(seq: number): void {
    this.#own.read(seq);
    this.#report();
  }

  /** Records a receipt that the server sent, of any user. Returns whether it is new. */
  learn({ userId, deliveredSeq, readSeq }: MemberReceipt): boolean {
    const seqs = { deliveredSeq, readSeq };
    if (userId === this.#me) return this.#own.confirm(seqs);
    const known = this.#others.get(userId) ?? noReceipt;
    this.#others.set(userId, later(known, seqs));
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
    return log === this.#own.log ? others.filter((receipt) => this.learn(receipt)) : [];
  }

  /**
   * Reports the receipts that were missed while there was no connection. If this fails, the next
   * connection tries again.
   */
  async #reportMissed(): Promise<void> {
    const missed = await this.#catchUp().catch(() => []);
    if (this.#isOn) for (const receipt of missed) this.#deps.onMissed(receipt);
  }

  #report(): void {
    const frame = this.#isOn && this.#timer === undefined ? this.#own.takeFrame() : undefined;
    if (frame === undefined) return;
    this.#deps.send(frame);
    this.#timer = setTimeout(() => this.flush(), intervalMs);
  }
}
