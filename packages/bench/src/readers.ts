import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceProcess, Trio, until } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { cpuSeconds } from './figures.js';
import { makeInboxPeople } from './inbox-people.js';
import type { InboxDoor } from './load/inbox-lines.js';
import type { InboxOrder, InboxTally } from './load/inbox-main.js';

const text = 'x'.repeat(64);
/** Time between two counts of the bytes of readers, and time after which bytes count as missing. */
const [pollMs, missingAfterMs] = [500, 10_000];
const env = { PARLEY_SENDER_RATE: '1000000', PARLEY_CHANNEL_RATE: '1000000', PARLEY_LOG_LEVEL: 'error' };

/** The readers of a public chat, and the messages that they get. */
export interface PublicChat {
  readonly gateways: number;
  readonly readers: number;
  readonly door: InboxDoor;
  /** Messages per second. */
  readonly perSecond: number;
  /** Measured time, after a warm-up of half of it. */
  readonly seconds: number;
}

/** What the messages of a public chat have cost. */
export interface PublicChatCost {
  readonly deliveries: number;
  /** CPU of all gateways. */
  readonly gatewaySeconds: number;
  /** CPU of the chat server per message, in microseconds. */
  readonly ownerMicros: number;
  readonly faults: readonly string[];
}

function sumOf(gateways: readonly ServiceProcess[]): number {
  return gateways.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

/** A chat server, gateways, and readers of one chat that are spread over the gateways. */
class ReaderLoad {
  readonly #trio: Trio;
  readonly #crowd = new BenchProcess('load/inbox-main.js');
  readonly #gateways: ServiceProcess[] = [];

  constructor(trio: Trio) {
    this.#trio = trio;
  }

  async play({ gateways, readers, door, perSecond, seconds }: PublicChat): Promise<PublicChatCost> {
    const { tokens, channelIds } = await makeInboxPeople(this.#trio, readers, 'one');
    for (let n = 0; n < gateways; n++) this.#gateways.push(await this.#trio.startGateway());
    await this.#open(door, tokens);
    const owner = { id: '', number: 0, sessionId: '', token: String(tokens[0]) };
    const sender = await this.#trio.join(owner, channelIds[0] ?? 0);
    const ownerPid = this.#trio.chatServers[0]?.pid ?? 0;
    const say = async (during: number) => {
      const began = performance.now();
      let sent = 0;
      while (performance.now() - began < during * 1_000) {
        for (; sent < ((performance.now() - began) * perSecond) / 1_000; sent++) sender.send(text);
        await pause(10);
      }
      return sent;
    };
    await say(seconds / 2);
    const before = await this.#settled();
    const [gatewaysBefore, ownerBefore] = [sumOf(this.#gateways), cpuSeconds(ownerPid)];
    const sent = await say(seconds);
    const after = await this.#settled(sent * text.length, before);
    const least = Math.min(...after.map((bytes, at) => bytes - (before[at] ?? 0)));
    return {
      deliveries: sent * readers,
      gatewaySeconds: sumOf(this.#gateways) - gatewaysBefore,
      ownerMicros: ((cpuSeconds(ownerPid) - ownerBefore) * 1e6) / sent,
      faults: least < sent * text.length ? ['messages are missing'] : [],
    };
  }

  async stop(): Promise<void> {
    await this.#crowd.stop();
    await this.#trio.stop();
  }

  async #ask(order: Partial<InboxOrder>): Promise<InboxTally> {
    return (await this.#crowd.ask<{ tally: InboxTally }>(order)).tally;
  }

  async #open(door: InboxDoor, tokens: readonly string[]): Promise<void> {
    const share = Math.ceil(tokens.length / this.#gateways.length);
    for (const [n, { http }] of this.#gateways.entries()) {
      const some = tokens.slice(n * share, (n + 1) * share);
      await this.#ask({ door, address: new URL(http).host, tokens: some, from: n * share, atOnce: 50 });
    }
  }

  /**
   * Waits until each reader has `least` more bytes than in `from`, or gets none for 10 s, and no
   * more bytes arrive. Returns the bytes of each reader.
   */
  async #settled(least = 0, from: readonly number[] = []): Promise<readonly number[]> {
    let bytes: readonly number[] = [];
    let stillMs = 0;
    await until(async () => {
      const before = bytes;
      await pause(pollMs);
      bytes = (await this.#ask({ count: true })).bytes;
      stillMs = bytes.every((now, at) => now === before[at]) ? stillMs + pollMs : 0;
      const isComplete = bytes.every((now, at) => now - (from[at] ?? 0) >= least);
      return stillMs >= (isComplete ? pollMs : missingAfterMs);
    });
    return bytes;
  }
}

/** Sends messages to a public chat, and measures what they cost. */
export async function playPublicChat(chat: PublicChat): Promise<PublicChatCost> {
  const load = new ReaderLoad(await Trio.start({ env }));
  try {
    return await load.play(chat);
  } finally {
    await load.stop();
  }
}
