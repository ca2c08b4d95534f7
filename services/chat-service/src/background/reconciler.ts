import { atMost, type Reason } from '@parley/runtime';
import type { AppendQueue } from '../core/append-queue.js';
import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { CloseInfo, Participant, Participants } from '../session/participants.js';
import type { ChatSession } from '../session/session.js';
import type { Sessions } from '../session/sessions.js';
import type { HeadStore, OwnedHead, Ownership } from '../store/heads.js';
import type { SeatStore, ServerSeat } from '../store/seats.js';

export interface ReconcilerDeps {
  readonly seats: SeatStore;
  readonly heads: HeadStore;
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly participants: Participants;
  readonly appendQueue: Pick<AppendQueue, 'inFlightForMs'>;
  readonly now: () => number;
  /**
   * Called with the number of channels that were lost to another server, or that were given back
   * empty.
   */
  readonly onLeft: (why: 'lost' | 'empty', channels: number) => void;
}

/** Milliseconds that an empty channel stays in memory, for users who reconnect. */
const keepEmptyMs = 120_000;
/**
 * Maximum time to wait until removed users have seen the entry that removes them, in milliseconds.
 */
const showLastWithinMs = 1_000;
/** Maximum number of empty channels given back by one statement. */
const emptyPerRun = 500;
const again: ReadonlySet<Reason> = new Set<Reason>(['moved', 'draining']);

function partingFor(reason: Reason): CloseInfo {
  return { listenAgain: again.has(reason), retryAfterMs: again.has(reason) ? Math.floor(Math.random() * 500) : 0 };
}

function ownershipOf({ facts }: LiveChannel): Ownership {
  return { channelId: facts.id, epoch: facts.epoch };
}

/**
 * Makes this process and the database agree, once a second. It ends streams whose seat or session
 * is over, deletes seats whose stream is gone, leaves channels that another server owns, and gives
 * empty ones back.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  /** Number of seats by state at the last run. A late seat was reserved but not taken in time. */
  readonly seats = { live: 0, reserved: 0, late: 0 };

  #answeredAtMs = performance.now();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** Milliseconds since the last response of the database. */
  get unansweredMs(): number {
    return performance.now() - this.#answeredAtMs;
  }

  async run(): Promise<void> {
    const mine = await this.checkHeads();
    await this.#checkSeats();
    await this.#giveBackEmpty(mine);
  }

  /**
   * Leaves every channel that this server no longer owns, and shows new entries of other writers in
   * the rest. Returns the heads that this server owns.
   */
  async checkHeads(): Promise<readonly OwnedHead[]> {
    const before = this.#deps.channels.all();
    const readAtMs = this.#deps.now();
    const mine = await this.#deps.heads.ownedHeads();
    this.#answeredAtMs = performance.now();
    const heads = new Map(mine.map((head: OwnedHead) => [head.channelId, head]));
    const lost = before.filter(({ facts }) => heads.get(facts.id)?.epoch !== facts.epoch);
    await this.#leaveAll(lost);
    for (const channel of this.#deps.channels.all()) {
      const head = heads.get(channel.facts.id);
      if (head?.epoch !== channel.facts.epoch) continue;
      if (channel.facts.hasHistory) channel.trimTo(head.firstSeq);
      channel.stored = { bytes: head.storedBytes, rows: head.storedRows };
      const lastSeq = channel.facts.hasHistory ? head.lastSeq : 0;
      channel.sequencer?.expect(lastSeq, head.revision);
      this.#noteShown(channel, lastSeq, readAtMs);
    }
    return mine;
  }

  /**
   * Once the channel has shown `lastSeq`, notes that it has shown everything that was committed
   * before `readAtMs` or, if earlier, before the oldest batch in flight was sent. (The times of
   * entries in a batch are earlier than their commit.)
   */
  #noteShown(channel: LiveChannel, lastSeq: number, readAtMs: number): void {
    const { appendQueue, now } = this.#deps;
    const untilMs = Math.min(readAtMs, Math.floor(now() - appendQueue.inFlightForMs));
    const note = () => {
      if (channel.lastSeq >= lastSeq) channel.shownUntilMs = Math.max(channel.shownUntilMs, untilMs);
    };
    void channel.sequencer?.caughtUp().then(note);
  }

  /** Leaves every channel without asking the database, and tells all clients to Listen again. */
  leaveEverything(): void {
    for (const one of this.#close(this.#deps.channels.all())) one.goodbye('moved', partingFor('moved'));
  }

  async #leaveAll(lost: readonly LiveChannel[]): Promise<void> {
    if (lost.length > 0) await this.#endAll(this.#close(lost));
  }

  /**
   * Closes lost channels, so that they accept no more messages. Returns the participants who are
   * still in them.
   */
  #close(lost: readonly LiveChannel[]): Participant[] {
    this.#deps.onLeft('lost', lost.filter(({ moving }) => !moving).length);
    for (const channel of lost) {
      channel.moving = true;
      this.#deps.channels.close(channel);
    }
    return lost.flatMap((channel) => this.#deps.participants.in(channel));
  }

  async #checkSeats(): Promise<void> {
    const open = this.#deps.sessions.find();
    const rows = await this.#deps.seats.list();
    this.#count(rows);
    const known = new Set(rows.filter(({ hasEnded }) => !hasEnded).map(({ id }) => id));
    const gone = open.filter(({ key }) => !known.has(key.seat));
    if (gone.length > 0) await this.showLast(gone);
    await this.#endAll(gone);
    const stale = rows.filter(
      ({ id, live, isExpired, hasEnded }) => hasEnded || ((live || isExpired) && !this.#deps.sessions.has(id)),
    );
    await this.#deps.seats.delete(stale.map(({ id }) => id));
  }

  /**
   * Shows leaving sessions everything that is committed, including the entry that removes them.
   * Ignores what they send meanwhile.
   */
  async showLast(leaving: readonly ChatSession[]): Promise<void> {
    for (const one of leaving) one.deafen();
    const channels = new Set(leaving.map(({ channel }) => channel));
    const shown = this.checkHeads().then(() =>
      Promise.all([...channels].map(({ sequencer }) => sequencer?.caughtUp())),
    );
    await atMost(
      shown.catch(() => undefined),
      showLastWithinMs,
    );
  }

  #count(rows: readonly ServerSeat[]): void {
    this.seats.live = rows.filter(({ live }) => live).length;
    this.seats.late = rows.filter(({ live, isExpired }) => !live && isExpired).length;
    this.seats.reserved = rows.length - this.seats.live - this.seats.late;
  }

  async #endAll(ending: readonly Participant[]): Promise<void> {
    if (ending.length === 0) return;
    const reasons = await this.#deps.seats.lossReasons(ending.map(({ key }) => key));
    for (const [at, one] of ending.entries()) {
      const reason = reasons[at] ?? 'moved';
      one.goodbye(reason, partingFor(reason));
    }
  }

  /**
   * Gives back empty channels, so that the next Listen places them on a server with space. A
   * channel that was never loaded is empty.
   */
  async #giveBackEmpty(mine: readonly OwnedHead[]): Promise<void> {
    const { channels, heads, onLeft } = this.#deps;
    const empty = this.#longEmpty();
    const unloaded = mine.filter(({ channelId }) => channels.find(channelId) === undefined);
    const offered = [...empty.map(ownershipOf), ...unloaded].slice(0, emptyPerRun);
    if (offered.length === 0) return;
    const given = await heads.releaseEmpty(offered);
    for (const channel of empty.filter(({ facts }) => given.has(facts.id))) channels.close(channel);
    onLeft('empty', given.size);
  }

  #longEmpty(): LiveChannel[] {
    const { channels, now } = this.#deps;
    const before = now() - keepEmptyMs;
    return channels.empty().filter(({ emptySinceMs }) => emptySinceMs < before);
  }
}
