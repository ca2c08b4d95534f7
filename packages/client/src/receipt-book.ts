import { ChannelKind, Message, type Welcome } from '@parley/contract';

/** How far a user has received and read a chat. Whatever is read is received too. */
export interface Watermark {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

const none: Watermark = { deliveredSeq: 0, readSeq: 0 };
/** At most one receipt of this user per interval. */
const intervalMs = 1_000;

function later(one: Watermark, other: Watermark): Watermark {
  return {
    deliveredSeq: Math.max(one.deliveredSeq, other.deliveredSeq),
    readSeq: Math.max(one.readSeq, other.readSeq),
  };
}

function isLater(one: Watermark, other: Watermark): boolean {
  return one.deliveredSeq > other.deliveredSeq || one.readSeq > other.readSeq;
}

/** Whether the channel has receipts: it has members and a history. */
function hasReceipts({ channel }: Welcome): boolean {
  return (channel?.kind ?? 0) > ChannelKind.ROOM && channel?.retention?.nothing !== true;
}

/** The watermarks of one conversation: those of other users, and this user's, which it sends. */
export class ReceiptBook {
  readonly #send: (frame: Message) => void;
  readonly #reportsDelivered: boolean;
  readonly #others = new Map<string, Watermark>();
  #me = '';
  #log = '';
  #isOn = false;
  #own = none;
  #sent = none;
  #confirmed = none;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `reportsDelivered`: whether to report entries as received without being asked. */
  constructor(send: (frame: Message) => void, reportsDelivered: boolean) {
    this.#send = send;
    this.#reportsDelivered = reportsDelivered;
  }

  /** Watermarks of other users, as far as they are known. */
  get others(): ReadonlyMap<string, Watermark> {
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
      this.#confirmed = none;
    }
    this.#log = log;
    this.#sent = this.#confirmed;
    this.#report();
  }

  /** Records that all entries up to `seq` have arrived. */
  received(seq: number): void {
    if (this.#reportsDelivered) this.#raise({ deliveredSeq: seq, readSeq: 0 });
  }

  /** Records that the user has read everything up to `seq`. */
  read(seq: number): void {
    this.#raise({ deliveredSeq: seq, readSeq: seq });
  }

  /** Records a watermark that the server sent, of any user. */
  learn({ userId, deliveredSeq, readSeq }: Watermark & { readonly userId: string }): void {
    const seqs = { deliveredSeq, readSeq };
    if (userId === this.#me) this.#confirmed = later(this.#confirmed, seqs);
    else this.#others.set(userId, later(this.#others.get(userId) ?? none, seqs));
  }

  /** Sends what waits for the end of the interval. */
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

  #raise(watermark: Watermark): void {
    this.#own = later(this.#own, watermark);
    this.#report();
  }

  #report(): void {
    if (!this.#isOn || this.#timer !== undefined || !isLater(this.#own, this.#sent)) return;
    this.#sent = this.#own;
    this.#send(Message.fromPartial({ receipt: { ...this.#own, log: this.#log } }));
    this.#timer = setTimeout(() => this.flush(), intervalMs);
  }
}
