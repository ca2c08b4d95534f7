import { performance } from 'node:perf_hooks';
import { type Conversation, type ConversationEvent, textOf } from '@parley/client';
import type { NamedEntry, ReaderEvent } from '@parley/testkit';
import { sendSteadily } from './pace.js';

/** Milliseconds after which an ack counts as late. */
export const lateMs = 5_000;

function readerEventOf(event: ConversationEvent): ReaderEvent | undefined {
  if (event.type === 'message') return { is: 'entry', seq: event.seq, name: textOf(event) ?? '' };
  if (event.type === 'gap') return { is: 'gap', from: event.from, to: event.to };
  return event.type === 'reset' ? { is: 'reset', seq: event.place.seq } : undefined;
}

/**
 * One user in one channel: sends numbered messages at a steady rate, and records all acks and
 * entries.
 */
export class Talker {
  readonly name: string;
  readonly acked: NamedEntry[] = [];
  readonly received: ReaderEvent[] = [];
  /** Times of acks, in ms. */
  readonly ackedAt: number[] = [];
  /** Times at which a stream was lost, in ms; at most one between two welcomes. */
  readonly lostAt: number[] = [];
  /** Times of welcomes, in ms. */
  readonly welcomedAt: number[] = [];
  readonly startsAfter: number;
  /** Reasons of rejected sends. */
  readonly refused: string[] = [];
  /** Reasons for reconnects. */
  readonly reconnected: string[] = [];
  /** Number of late acks. */
  late = 0;
  endReason: string | undefined;
  lastSeq = 0;
  unanswered = 0;
  readonly #conversation: Conversation;
  #stop = () => {};
  #count = 0;

  constructor(name: string, conversation: Conversation) {
    this.name = name;
    this.#conversation = conversation;
    this.startsAfter = conversation.place?.seq ?? 0;
    this.lastSeq = this.startsAfter;
    void this.#read();
  }

  /** Starts sending, as user number `n` of the load. */
  talk(perSecond: number, n: number): void {
    this.#stop = sendSteadily(() => void this.#send(), perSecond, n);
  }

  /** Stops sending. */
  stop(): void {
    this.#stop();
  }

  /** Returns the longest time without an ack since `since`, in ms, including the current one. */
  silenceSince(since: number): number {
    return longestPause(this.ackedAt, since);
  }

  async #send(): Promise<void> {
    this.#count += 1;
    this.unanswered += 1;
    const name = `${this.name}:${this.#count}`;
    const sentAtMs = performance.now();
    try {
      const { seq } = await this.#conversation.send(name);
      const now = performance.now();
      this.acked.push({ seq, name });
      this.ackedAt.push(now);
      if (now - sentAtMs > lateMs) this.late += 1;
    } catch (thrown) {
      this.refused.push((thrown as { reason?: string }).reason ?? String(thrown));
    }
    this.unanswered -= 1;
  }

  #lost(reason: string): void {
    this.reconnected.push(reason);
    if (this.lostAt.length < this.welcomedAt.length) this.lostAt.push(performance.now());
  }

  async #read(): Promise<void> {
    for await (const event of this.#conversation) {
      const received = readerEventOf(event);
      if (received !== undefined) this.received.push(received);
      if (event.type === 'message') this.lastSeq = event.seq;
      if (event.type === 'welcome') this.welcomedAt.push(performance.now());
      if (event.type === 'reconnecting') this.#lost(event.reason);
      if (event.type === 'ended') this.endReason = event.reason;
    }
  }
}

/**
 * Returns the index of the first time at or after `since`. Searches from the end, because the times
 * increase.
 */
function firstAfter(times: readonly number[], since: number): number {
  let at = times.length;
  while (at > 0 && (times[at - 1] ?? 0) >= since) at -= 1;
  return at;
}

/**
 * Returns the longest time between two of the times since `since`, in ms. The last one ends now.
 */
export function longestPause(times: readonly number[], since: number): number {
  const recent = [since, ...times.slice(firstAfter(times, since)), performance.now()];
  const pauses = recent.map((time, at) => time - (recent[at - 1] ?? time));
  return Math.round(pauses.reduce((longest, one) => Math.max(longest, one), 0));
}
