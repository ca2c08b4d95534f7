import { Kind, type Message } from '@parley/contract';
import { type ChatModel, type LogRow, type Stay, Timeline } from './chat-model.js';
import type { Device, Happening } from './inbox-device.js';
import { entryEvent } from './rig.js';

/** One log of a chat. */
export interface ChatLog {
  readonly log: string;
  readonly model: ChatModel;
  /** Seq of the last entry that retention has deleted. */
  readonly trimmedTo: number;
}

type Gap = Extract<Happening, { type: 'gap' }>;

/** The entries of one log that one device has received, and those that it need not receive. */
class Receipt {
  readonly log: ChatLog;
  readonly seqs = new Set<number>();
  readonly excused = new Set<number>();
  readonly timeline = new Timeline();
  readonly stays: readonly Stay[];
  /** Seq of the last entry or gap, 0 for none. */
  last = 0;
  /** Seq of the last entry or gap on the current connection, 0 for none. */
  lastHere = 0;
  /** Seq below which messages may have changed without an event. */
  staleBelow = 0;
  readonly #rows: ReadonlyMap<number, LogRow>;

  constructor(log: ChatLog, userId: string) {
    this.log = log;
    this.stays = log.model.stays(userId);
    this.#rows = new Map(log.model.rows.map((row) => [row.seq, row]));
    this.staleBelow = (this.stays.at(-1)?.after ?? 0) + 1;
  }

  has({ seq, timestamp }: Message): boolean {
    return this.#rows.get(seq)?.timestamp === timestamp;
  }

  stayAt(seq: number): Stay | undefined {
    return this.stays.find(({ after, to }) => seq > after && seq <= to);
  }

  /**
   * Returns whether the device must have received an entry after `start`. It need not if the entry
   * is from a stay that began later and ended before the device learned of it.
   */
  wants(seq: number, start: number): boolean {
    const stay = this.stayAt(seq);
    if (stay === undefined) return false;
    const hasSome = [...this.seqs, ...this.excused].some((one) => one > stay.after && one <= stay.to);
    return stay.after < start || !Number.isFinite(stay.to) || hasSome;
  }

  excuse(from: number, to: number): void {
    for (let seq = from; seq <= Math.min(to, this.log.model.last); seq++) this.excused.add(seq);
    if (from <= to) this.staleBelow = Math.max(this.staleBelow, to + 1);
  }
}

/**
 * Goes through everything that a device received of one chat, and checks each event. `logs` are the
 * logs that the chat had, the oldest first.
 */
export class DeviceCheck {
  readonly faults: string[] = [];
  readonly #device: Device;
  readonly #channelId: number;
  readonly #receipts: readonly Receipt[];
  #present = 0;
  #on = 0;
  /** Whether the chat was left, and no later `added` came. */
  #isOut = false;
  /** Whether a reset was the last event, so that the entries before the next one may be missing. */
  #hasHole = false;
  /**
   * Whether the last event began a stay or a log. Its first entries may be a gap, if the gateway
   * does not hold them.
   */
  #hasJustBegun = false;

  constructor(device: Device, channelId: number, logs: readonly ChatLog[]) {
    this.#device = device;
    this.#channelId = channelId;
    this.#receipts = logs.map((log) => new Receipt(log, device.person.id));
    for (const happening of device.happenings.get(channelId) ?? []) this.#take(happening);
    this.#fillHole(Number.POSITIVE_INFINITY);
  }

  /** Messages that the device has, and the seq from which they are up to date. */
  get messages(): { readonly all: Timeline['messages']; readonly staleBelow: number } {
    const { timeline, staleBelow } = this.#receipts.at(-1) as Receipt;
    return { all: timeline.messages, staleBelow };
  }

  /**
   * Returns the seqs of the entries that the device should have received. For a log that has ended,
   * or a device that was `cut` for good, returns only seqs before the last one that it received.
   */
  missing(isCut: boolean): string[] {
    const start = this.#device.starts.get(this.#channelId);
    const first = this.#receipts.findIndex(({ log }) => log.log === start?.log);
    return this.#receipts.flatMap((receipt, at) => {
      if (at < first) return [];
      const { seqs, excused, last, log } = receipt;
      const after = at === first ? (start?.seq ?? 0) : 0;
      const limit = isCut || at < this.#receipts.length - 1 ? last : log.model.last;
      const wanted = log.model.rows.filter(({ seq }) => seq > after && seq <= limit && receipt.wants(seq, after));
      return wanted.filter(({ seq }) => !seqs.has(seq) && !excused.has(seq)).map(({ seq }) => `log ${at} lacks ${seq}`);
    });
  }

  /** Describes what the device received, for the message of a failure. */
  describe(): string {
    const logs = this.#receipts.map(({ log: { log, trimmedTo, model }, stays }) => {
      const times = stays.map(({ after, to }) => `${after}-${to}`);
      return `log ${log} to ${model.last}, trimmed to ${trimmedTo}, stays ${times}`;
    });
    return `${logs.join('\n')}\n${this.#device.describe(this.#channelId)}`;
  }

  #take(happening: Happening): void {
    if (happening.on !== this.#on) {
      for (const receipt of this.#receipts) receipt.lastHere = 0;
      if (!this.#device.isExact) this.#isOut = false; // The past is repeated.
    }
    this.#on = happening.on;
    const { type } = happening;
    if (type === 'entry') this.#entry(happening.entry);
    else if (type === 'gap') this.#gap(happening);
    else if (type === 'chatReset') this.#hasHole = true;
    else this.#isOut = type !== 'added';
    this.#hasJustBegun = type === 'added' || type === 'chatReset';
  }

  #entry(entry: Message): void {
    const { seq } = entry;
    const at = this.#receipts.findIndex((one) => one.has(entry));
    const receipt = this.#receipts[at];
    if (receipt === undefined) this.#fault(`the entry ${seq} of ${entry.timestamp} is in no log`);
    else this.#entryOf(receipt, at, entry);
  }

  #entryOf(receipt: Receipt, at: number, entry: Message): void {
    const { seq } = entry;
    if (at !== this.#present) this.#checkReset(at, receipt);
    this.#fillHole(seq);
    this.#checkOrder(receipt, seq);
    this.#checkStay(receipt, entry);
    receipt.seqs.add(seq);
    receipt.last = Math.max(receipt.last, seq);
    receipt.lastHere = seq;
    const event = entryEvent(entry);
    if (event !== undefined) receipt.timeline.apply(event);
  }

  #checkReset(at: number, { log }: Receipt): void {
    const isFirst = this.#receipts.every(({ last }) => last === 0);
    if (at < this.#present) this.#fault(`an entry of the ended log ${log.log}`);
    else if (!this.#hasHole && !isFirst) this.#fault(`an entry of the log ${log.log} without a reset`);
    this.#present = Math.max(at, this.#present);
  }

  #checkOrder({ last, lastHere }: Receipt, seq: number): void {
    const known = this.#device.isExact ? last : lastHere;
    if (seq <= known) this.#fault(`the entry ${seq} after ${known}`);
  }

  #checkStay(receipt: Receipt, entry: Message): void {
    const stay = receipt.stayAt(entry.seq);
    if (this.#isOut) this.#fault(`the entry ${entry.seq} after removed`);
    if (stay === undefined) this.#fault(`the entry ${entry.seq} from outside of every stay`);
    const isBefore = entry.targetSeq <= (stay?.after ?? 0);
    const isHidden = receipt.log.model.closed && entry.kind === Kind.EDIT && isBefore;
    if (isHidden && entry.data.length > 0) this.#fault(`the edit ${entry.seq} shows text from before the join`);
  }

  #gap({ log, from, to }: Gap): void {
    const at = this.#receipts.findIndex((one) => one.log.log === log);
    const receipt = this.#receipts[at];
    if (receipt === undefined) this.#fault(`a gap in the log ${log}`);
    else this.#gapOf(receipt, at, from, to);
  }

  #gapOf(receipt: Receipt, at: number, from: number, to: number): void {
    if (at !== this.#present) this.#checkReset(at, receipt);
    const known = this.#device.isExact ? receipt.last : receipt.lastHere;
    if (from <= known || to < from) this.#fault(`a gap from ${from} to ${to} after ${known}`);
    if (to > receipt.log.trimmedTo && !this.#hasJustBegun)
      this.#fault(`a gap from ${from} to ${to}, trimmed to ${receipt.log.trimmedTo}`);
    this.#fillHole(from);
    receipt.excuse(from, to);
    receipt.last = Math.max(receipt.last, to);
    receipt.lastHere = to;
  }

  /** Accepts that the entries before `seq` are missing, if a reset announced that. */
  #fillHole(seq: number): void {
    const receipt = this.#receipts[this.#present] as Receipt;
    if (this.#hasHole) receipt.excuse(receipt.last + 1, Number.isFinite(seq) ? seq - 1 : 0);
    this.#hasHole = false;
  }

  #fault(what: string): void {
    this.faults.push(`on connection ${this.#on}: ${what}`);
  }
}
