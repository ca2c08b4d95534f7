import { performance } from 'node:perf_hooks';
import { type Conversation, type ConversationEvent, textOf } from '@parley/client';
import type { Heard, NamedEntry } from '@parley/testkit';

/** An ack that took longer is late. */
export const lateMs = 5_000;

function heardOf(event: ConversationEvent): Heard | undefined {
  if (event.type === 'message') return { is: 'entry', seq: event.seq, name: textOf(event) ?? '' };
  if (event.type === 'gap') return { is: 'gap', from: event.from, to: event.to };
  return event.type === 'reset' ? { is: 'reset', seq: event.place.seq } : undefined;
}

/** One person in one channel: says numbered things at a steady rate, and remembers all that was acked and heard. */
export class Talker {
  readonly name: string;
  readonly acked: NamedEntry[] = [];
  readonly heard: Heard[] = [];
  /** When acks came, ms. */
  readonly ackedAt: number[] = [];
  /** When a stream was lost, ms: each between two welcomes. */
  readonly lostAt: number[] = [];
  /** When welcomes came, ms. */
  readonly welcomedAt: number[] = [];
  readonly startsAfter: number;
  /** Reasons of sends that were given back to their caller. */
  readonly refused: string[] = [];
  /** Reasons for which the stream was opened again. */
  readonly reconnected: string[] = [];
  /** Acks that came later than `lateMs`. */
  late = 0;
  over: string | undefined;
  lastSeq = 0;
  unanswered = 0;
  readonly #conversation: Conversation;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(name: string, conversation: Conversation) {
    this.name = name;
    this.#conversation = conversation;
    this.startsAfter = conversation.place?.seq ?? 0;
    this.lastSeq = this.startsAfter;
    void this.#read();
  }

  talk(perSecond: number): void {
    this.#timer = setInterval(() => void this.#say(), 1_000 / perSecond);
  }

  hush(): void {
    clearInterval(this.#timer);
  }

  /** The longest time without an ack since then, the one that lasts still counted. */
  silenceSince(since: number): number {
    const times = [since, ...this.ackedAt.slice(firstAfter(this.ackedAt, since)), performance.now()];
    return Math.round(Math.max(...times.map((time, at) => time - (times[at - 1] ?? time))));
  }

  async #say(): Promise<void> {
    this.#count += 1;
    this.unanswered += 1;
    const name = `${this.name}:${this.#count}`;
    const said = performance.now();
    try {
      const { seq } = await this.#conversation.send(name);
      const now = performance.now();
      this.acked.push({ seq, name });
      this.ackedAt.push(now);
      if (now - said > lateMs) this.late += 1;
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
      const heard = heardOf(event);
      if (heard !== undefined) this.heard.push(heard);
      if (event.type === 'message') this.lastSeq = event.seq;
      if (event.type === 'welcome') this.welcomedAt.push(performance.now());
      if (event.type === 'reconnecting') this.#lost(event.reason);
      if (event.type === 'ended') this.over = event.reason;
    }
  }
}

/** Acks come in the order of time, so the tail is looked for from the end. */
function firstAfter(times: readonly number[], since: number): number {
  let at = times.length;
  while (at > 0 && (times[at - 1] ?? 0) >= since) at -= 1;
  return at;
}
