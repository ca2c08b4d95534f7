import {
  createClient,
  type ParleyClient,
  type Transport,
  textOf,
  type UserInbox,
  type UserInboxEvent,
} from '@parley/client';
import { type InboxEvent, Kind, type Message } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import { ChatRecords, type SharedEntries } from './chat-records.js';
import type { DrillTalker } from './load.js';
import { sendSteadily } from './pace.js';
import type { DrillPerson } from './person.js';
import type { LoadMessage } from './restore-verdict.js';
import { lateMs, longestPause } from './talker.js';

/** The end of a stream that had begun. */
export interface StreamEnd {
  readonly gateway: string;
  readonly atMs: number;
  readonly reason: string;
}

/** Returns the name of an entry that is not a message. */
export function nameOfChange(seq: number): string {
  return `change ${seq}`;
}

function nameOf({ kind, seq, data }: Message): string {
  return kind === Kind.UNSPECIFIED ? Buffer.from(data).toString() : nameOfChange(seq);
}

/**
 * One user with an inbox. Posts numbered messages to chats in turn, and records the acks, the
 * events on the wire, and the events that the SDK yields.
 */
export class InboxPerson implements DrillTalker {
  readonly id: string;
  readonly name: string;
  readonly client: ParleyClient;
  readonly acked: LoadMessage[] = [];
  readonly ackedAt: number[] = [];
  readonly welcomedAt: number[] = [];
  readonly ends: StreamEnd[] = [];
  /** Reasons of rejected posts. */
  readonly refused: string[] = [];
  readonly wire: ChatRecords;
  readonly read: ChatRecords;
  late = 0;
  endReason: string | undefined;
  unanswered = 0;
  /** The chats to which the user posts. */
  readonly #chats: readonly number[];
  readonly #ackedIn = new Map<number, number>();
  /** For each ack, the time when it came and the duration of the wait. */
  readonly #waits: { readonly atMs: number; readonly tookMs: number }[] = [];
  #inbox: UserInbox | undefined;
  #isLeaving = false;
  #stop = () => {};
  #count = 0;

  constructor(
    { id, token }: DrillPerson,
    chats: readonly number[],
    transport: (tap: InboxPerson) => Transport,
    shared: SharedEntries,
  ) {
    this.id = id;
    this.name = id;
    this.#chats = chats;
    this.wire = new ChatRecords(shared);
    this.read = new ChatRecords(shared);
    this.client = createClient({ transport: transport(this), token });
  }

  /** Opens the inbox. */
  open(): void {
    this.#inbox = this.client.inbox();
    void this.#readInbox(this.#inbox).catch((thrown: unknown) => {
      if (!this.#isLeaving) this.endReason = String(thrown); // A client that is closed while it fills a gap throws.
    });
  }

  /** Starts posting, as user number `n` of the load. */
  talk(perSecond: number, n: number): void {
    this.#stop = sendSteadily(() => void this.#post(), perSecond, n);
  }

  /** Stops posting. */
  stop(): void {
    this.#stop();
  }

  /** Closes the inbox. Ends of streams no longer count. */
  async leave(): Promise<void> {
    this.stop();
    this.#isLeaving = true;
    await this.client.close();
  }

  /**
   * Returns the longest time since `since`, in ms, in which one of the chats showed nothing or a
   * post waited for its ack.
   */
  silenceSince(since: number): number {
    const pauses = this.#chats.map((id) => longestPause(this.read.of(id).arrivedAt, since));
    const waits = this.#waits.flatMap(({ atMs, tookMs }) => (atMs >= since ? [tookMs] : []));
    return [...pauses, ...waits].reduce((longest, one) => Math.max(longest, one), 0);
  }

  /** Returns whether each chat has acknowledged a post and shown an entry since `since`. */
  isServedSince(since: number): boolean {
    const isNew = (time = 0) => time >= since;
    return this.#chats.every((id) => isNew(this.#ackedIn.get(id)) && isNew(this.read.of(id).arrivedAt.at(-1)));
  }

  onOpen(): () => void {
    return this.wire.mark();
  }

  /** Records an event before the SDK sees it. */
  onEvent(event: InboxEvent): void {
    const { welcome, message, gap, chatReset } = event;
    if (welcome !== undefined) this.#welcome(welcome.chats);
    else if (message !== undefined && message.seq > 0)
      this.wire.entry(message.channelId, { seq: message.seq, name: nameOf(message) });
    else if (gap !== undefined) this.wire.gap(gap.channelId, gap.from, gap.to);
    else if (chatReset !== undefined) this.wire.restart(chatReset.channelId);
    else if (event.reset === true) this.ends.push({ gateway: '', atMs: performance.now(), reason: 'lost position' });
  }

  /** Records the end of a stream that had begun. */
  onEnd(gateway: string, refusal: Refusal | undefined): void {
    const reason = refusal?.reason ?? 'closed';
    if (!this.#isLeaving && reason !== 'long-stream') this.ends.push({ gateway, atMs: performance.now(), reason });
  }

  #welcome(chats: readonly { readonly channelId: number; readonly seq: number }[]): void {
    this.welcomedAt.push(performance.now());
    if (this.welcomedAt.length > 1) return;
    for (const { channelId, seq } of chats) for (const one of [this.wire, this.read]) one.begin(channelId, seq);
  }

  async #readInbox(inbox: UserInbox): Promise<void> {
    for await (const event of inbox) this.#record(event);
  }

  #record(event: UserInboxEvent): void {
    if (event.type === 'message') this.read.entry(event.channelId, { seq: event.seq, name: textOf(event) ?? '' });
    else if (event.type === 'member')
      this.read.entry(event.channelId, { seq: event.seq, name: nameOfChange(event.seq) });
    else if (event.type === 'gap' && !event.filled) this.read.gap(event.channelId, event.from, event.to);
    else if (event.type === 'chat-reset') this.read.restart(event.channelId);
    else if (event.type === 'ended' && !this.#isLeaving) this.endReason = event.reason;
  }

  async #post(): Promise<void> {
    const channelId = this.#chats[this.#count % this.#chats.length] ?? 0;
    this.#count += 1;
    this.unanswered += 1;
    const name = `${this.name}:${this.#count}`;
    const startedMs = performance.now();
    const sentAtMs = Date.now();
    try {
      const sent = await this.#inbox?.post(channelId, name);
      this.#note({ channelId, seq: sent?.seq ?? 0, name, sentAtMs, ackedAtMs: Date.now() }, startedMs);
    } catch (thrown) {
      this.refused.push((thrown as { reason?: string }).reason ?? String(thrown));
    }
    this.unanswered -= 1;
  }

  #note(entry: LoadMessage, startedMs: number): void {
    const atMs = performance.now();
    const tookMs = Math.round(atMs - startedMs);
    this.acked.push(entry);
    this.ackedAt.push(atMs);
    this.#ackedIn.set(entry.channelId, atMs);
    this.#waits.push({ atMs, tookMs });
    if (tookMs > lateMs) this.late += 1;
  }
}
