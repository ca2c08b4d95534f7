import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Transport } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { Chatter, type TestPerson } from '@parley/testkit';
import type { Cluster } from './cluster.js';
import type { Crowd } from './crowd.js';

interface Refused {
  readonly what: 'send' | 'Listen';
  readonly reason: string;
  readonly retryAfterMs: number;
}

/** A client that does not retry, and so sees what the SDK hides: each refusal with its hint. */
export class Probe {
  readonly #chatter: Chatter;
  readonly #transport: Transport;
  /** Who asks for a seat, and never takes it. */
  readonly #asker: TestPerson;
  readonly #channelId: number;
  readonly #listens: Refused[] = [];
  #end: string | undefined;
  #sent = 0;

  private constructor(chatter: Chatter, transport: Transport, asker: TestPerson, channelId: number) {
    this.#chatter = chatter;
    this.#transport = transport;
    this.#asker = asker;
    this.#channelId = channelId;
    void chatter.ended.then(({ code, reason }) => {
      this.#end = `${reason ?? 'no reason'} (${code})`;
    });
  }

  static async start({ managerAddress }: Cluster, { guests, dens }: Crowd): Promise<Probe> {
    const transport = grpcTransport({ userService: '127.0.0.1:1', channelService: managerAddress });
    const [person, other] = guests as [TestPerson, TestPerson];
    const channelId = dens[0]?.id ?? 0;
    const seat = await transport.listen(channelId, { token: person.token });
    const chatter = new Chatter(seat, { events: true });
    await chatter.find(({ welcome }) => welcome !== undefined);
    return new Probe(chatter, transport, other, channelId);
  }

  /** Sends twice a second, and asks for a seat each second. */
  async askFor(seconds: number): Promise<void> {
    for (let n = 0; n < seconds * 2; n++) {
      this.#chatter.send(`probe:${n}`, { clientId: randomUUID() });
      this.#sent += 1;
      if (n % 2 === 0) void this.#listen();
      await pause(500);
    }
  }

  get lines(): string[] {
    const byReason = new Map<string, Refused[]>();
    for (const one of this.#refused) {
      const key = `${one.what} ${one.reason}`;
      byReason.set(key, [...(byReason.get(key) ?? []), one]);
    }
    const counted = [...byReason].map(([key, list]) => {
      const hints = list.map(({ retryAfterMs }) => retryAfterMs);
      return `refused: ${key} × ${list.length}, retry hint ${Math.min(...hints)} to ${Math.max(...hints)} ms`;
    });
    return [`probe: ${this.#sent} sent, ${this.#acked} acked; stream ended: ${this.#end ?? 'no'}`, ...counted];
  }

  /** What should not be: refusals without a hint, none at all, or a stream that ended. */
  complaints(): string[] {
    // A call that hung until its own deadline was answered by nobody.
    const answered = this.#refused.filter(({ reason }) => reason !== 'deadline-exceeded');
    const hintless = answered.filter(({ retryAfterMs }) => retryAfterMs === 0);
    const found = [...new Set(hintless.map(({ what, reason }) => `${what} refused without a hint: ${reason}`))];
    if (!this.#refused.some(({ what }) => what === 'send')) found.push('no send was refused');
    if (this.#end !== undefined) found.push(`the stream of the probe ended: ${this.#end}`);
    return found;
  }

  leave(): void {
    this.#chatter.cancel();
    this.#transport.close();
  }

  get #acked(): number {
    return this.#chatter.messages.filter(({ ack }) => ack !== undefined && ack.refusal === undefined).length;
  }

  get #refused(): Refused[] {
    const refusals = this.#chatter.messages.flatMap(({ ack }) => (ack?.refusal === undefined ? [] : [ack.refusal]));
    const sends = refusals.map(({ reason, retryAfterMs }) => ({ what: 'send' as const, reason, retryAfterMs }));
    return [...sends, ...this.#listens];
  }

  /** The seat of the answer is not taken. */
  async #listen(): Promise<void> {
    try {
      await this.#transport.listen(this.#channelId, { token: this.#asker.token });
    } catch (thrown) {
      const { reason = String(thrown), retryAfterMs = 0 } = thrown as Partial<Refused>;
      this.#listens.push({ what: 'Listen', reason, retryAfterMs });
    }
  }
}
