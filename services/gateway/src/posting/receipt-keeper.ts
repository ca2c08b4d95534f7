import { Message, type Receipt, type RelayDown } from '@parley/contract';
import { type Logger, limits, type Metrics, type Part, type Refusal, refuse, repeat } from '@parley/runtime';
import type { Feeds } from '../inbox/feeds.js';
import type { RelayLink } from '../relay/relay-link.js';
import type { RelayLinks, RelayWatcher } from '../relay/relay-links.js';
import type { MovedReceipt, PostingStore, Watermark } from '../store/posting-store.js';
import type { UserSession } from './user-session.js';

export interface ReceiptKeeperDeps {
  readonly links: Pick<RelayLinks, 'ownerOf' | 'watchers'>;
  readonly store: Pick<PostingStore, 'saveReceipts'>;
  readonly feeds: Pick<Feeds, 'showReceipt'>;
  /** Called with each receipt that this gateway has moved, so that other gateways show it. */
  readonly announce: (moved: MovedReceipt) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A receipt that may not be in the database yet. */
interface KeptMark extends Watermark {
  readonly session: UserSession;
  /** The relay that it was sent on; undefined: not sent. */
  sentTo: RelayLink | undefined;
  /** Number of pings of that relay since then. */
  pings: number;
}

const runEveryMs = 500;
/** Maximum rows that one statement writes. */
const rowsAtOnce = 1_000;
/**
 * Number of pings of a chat server after which it has saved every receipt that was sent before the
 * first of these pings. A chat server sends a ping and saves receipts once a second.
 */
const pingsUntilSaved = 4;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function keyOf({ channelId, userId, log }: Watermark): string {
  return `${channelId} ${userId} ${log}`;
}

/**
 * Sends the receipts of users to the owning server of the chat. If no server owns the chat, or if a
 * lost server may not have saved a receipt, the gateway itself writes the receipt.
 */
export class ReceiptKeeper implements RelayWatcher, Part {
  readonly #deps: ReceiptKeeperDeps;
  readonly #marks = new Map<string, KeptMark>();
  readonly #perUser = new Map<string, number>();
  readonly #work: Part;

  constructor(deps: ReceiptKeeperDeps) {
    this.#deps = deps;
    deps.links.watchers.add(this);
    const failed = (err: unknown) => deps.log.warn({ err }, 'receipts were not saved; will retry');
    deps.metrics.levels('parley_receipts_unsaved', 'receipts that may not be saved yet, by state', 'state', () =>
      this.#counts(),
    );
    this.#work = repeat(runEveryMs, 0.1, () => this.#run(), failed);
  }

  #counts(): { sent: number; waiting: number } {
    const sent = [...this.#marks.values()].filter(({ sentTo }) => sentTo !== undefined).length;
    return { sent, waiting: this.#marks.size - sent };
  }

  /** Notes how far a user has received and read a chat. Returns the refusal, if any. */
  note(session: UserSession, channelId: number, { log, deliveredSeq, readSeq }: Receipt): Refusal | undefined {
    const userId = session.me.id;
    if (log !== '' && !uuid.test(log)) return undefined; // The response is the same as for seqs of another log.
    const key = keyOf({ channelId, userId, log, deliveredSeq, readSeq });
    const known = this.#marks.get(key);
    if (known === undefined && (this.#perUser.get(userId) ?? 0) >= limits.receiptsPerUser) return refuse('too-busy');
    if (known === undefined) this.#perUser.set(userId, (this.#perUser.get(userId) ?? 0) + 1);
    this.#marks.set(key, {
      channelId,
      userId,
      log,
      session,
      deliveredSeq: Math.max(known?.deliveredSeq ?? 0, deliveredSeq),
      readSeq: Math.max(known?.readSeq ?? 0, readSeq),
      sentTo: undefined,
      pings: 0,
    });
    return undefined;
  }

  /** Repeats the receipts that were sent to this server and may not be saved. */
  onClose(link: RelayLink): void {
    for (const mark of this.#marks.values()) if (mark.sentTo === link) mark.sentTo = undefined;
  }

  onOwners(channelIds: readonly number[]): void {
    const changed = new Set(channelIds);
    for (const mark of this.#marks.values()) if (changed.has(mark.channelId)) mark.sentTo = undefined;
  }

  onDown(link: RelayLink, { ping, receipt, channelId }: RelayDown): void {
    if (receipt !== undefined) this.#deps.feeds.showReceipt({ ...receipt, channelId, told: false });
    if (ping === undefined) return;
    for (const mark of this.#marks.values()) {
      if (mark.sentTo !== link) continue;
      mark.pings += 1;
      if (mark.pings >= pingsUntilSaved) this.#forget(mark);
    }
  }

  async stop(): Promise<void> {
    await this.#work.stop();
    for (const mark of this.#marks.values()) mark.sentTo = undefined;
    await this.#save([...this.#marks.values()]);
  }

  async #run(): Promise<void> {
    const unowned: KeptMark[] = [];
    for (const mark of this.#marks.values()) {
      if (mark.sentTo !== undefined) continue;
      const owner = this.#deps.links.ownerOf(mark.channelId);
      if (owner === undefined) unowned.push(mark);
      else this.#send(mark, owner);
    }
    await this.#save(unowned);
  }

  /**
   * Sends a receipt to the owning server. If the session has no handle there, attaches it for the
   * next run.
   */
  #send(mark: KeptMark, link: RelayLink): void {
    const { channelId, session, log, deliveredSeq, readSeq } = mark;
    const handle = session.handleAt(link);
    if (handle === undefined) {
      void session.attach(link).catch(() => this.#forgetEnded(mark, link));
      return;
    }
    const message = Message.fromPartial({ receipt: { log, deliveredSeq, readSeq } });
    link.send({ channelId, post: { handle, message } });
    mark.sentTo = link;
    mark.pings = 0;
  }

  /** Forgets the receipt of a session that the chat server refuses. */
  #forgetEnded(mark: KeptMark, link: RelayLink): void {
    if (link.isOpen) this.#forget(mark);
  }

  /** Writes at most one receipt of each member at a time. */
  async #save(marks: readonly KeptMark[]): Promise<void> {
    const some = new Map<string, KeptMark>();
    for (const mark of marks) {
      if (some.size === rowsAtOnce) break;
      some.set(`${mark.channelId} ${mark.userId}`, mark);
    }
    if (some.size === 0) return;
    const saved = new Set(some.values());
    const moved = await this.#deps.store.saveReceipts([...saved]);
    for (const mark of saved) this.#forget(mark);
    for (const one of moved) {
      this.#deps.feeds.showReceipt(one);
      this.#deps.announce(one);
    }
    if (saved.size < marks.length) await this.#save(marks.filter((mark) => !saved.has(mark)));
  }

  /** Forgets a receipt, unless a later one has replaced it. */
  #forget(mark: KeptMark): void {
    if (this.#marks.get(keyOf(mark)) !== mark) return;
    this.#marks.delete(keyOf(mark));
    const left = (this.#perUser.get(mark.userId) ?? 1) - 1;
    if (left === 0) this.#perUser.delete(mark.userId);
    else this.#perUser.set(mark.userId, left);
  }
}
