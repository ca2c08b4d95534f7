import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceProcess, Trio, until } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { cpuSeconds } from './figures.js';
import { makeInboxPeople } from './inbox-people.js';
import type { InboxOrder, InboxTally } from './load/inbox-main.js';
import { type BenchRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

/** Numbers of gateways that are compared. */
const edgeCounts = [2, 4];
const perSecond = 20;
const text = 'x'.repeat(64);
/** Time between two counts of the bytes of readers, and time after which bytes count as missing. */
const [pollMs, missingAfterMs] = [500, 10_000];
const env = { PARLEY_SENDER_RATE: '1000000', PARLEY_CHANNEL_RATE: '1000000', PARLEY_LOG_LEVEL: 'error' };

/** Readers of the public chat, over all gateways. */
export interface EdgeReaders {
  readonly readers: number;
}

interface EdgeRound extends BenchRound {
  /** CPU of the chat server per message, in microseconds. */
  readonly ownerMicros: number;
}

function sumOf(gateways: readonly ServiceProcess[]): number {
  return gateways.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

/** A chat server, gateways, and readers of one chat that are spread over the gateways. */
class EdgeLoad {
  readonly #trio: Trio;
  readonly #crowd = new BenchProcess('load/inbox-main.js');
  readonly #gateways: ServiceProcess[] = [];

  constructor(trio: Trio) {
    this.#trio = trio;
  }

  async play(edges: number, readers: number, seconds: number): Promise<EdgeRound> {
    const { tokens, channelIds } = await makeInboxPeople(this.#trio, readers, 'one');
    for (let n = 0; n < edges; n++) this.#gateways.push(await this.#trio.startGateway());
    await this.#open(tokens);
    const owner = { id: '', number: 0, sessionId: '', token: String(tokens[0]) };
    const sender = await this.#trio.join(owner, channelIds[0] ?? 0);
    const [chatServer] = this.#trio.chatServers;
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
    const [edgesBefore, ownerBefore] = [sumOf(this.#gateways), cpuSeconds(chatServer?.pid ?? 0)];
    const sent = await say(seconds);
    const after = await this.#settled(sent * text.length, before);
    const edgeCpu = sumOf(this.#gateways) - edgesBefore;
    const ownerMicros = ((cpuSeconds(chatServer?.pid ?? 0) - ownerBefore) * 1e6) / sent;
    const least = Math.min(...after.map((bytes, at) => bytes - (before[at] ?? 0)));
    const faults = least < sent * text.length ? ['messages are missing'] : [];
    return { ...roundOf((sent * readers) / edgeCpu, faults), ownerMicros };
  }

  async stop(): Promise<void> {
    await this.#crowd.stop();
    await this.#trio.stop();
  }

  async #ask(order: Partial<InboxOrder>): Promise<InboxTally> {
    return (await this.#crowd.ask<{ tally: InboxTally }>(order)).tally;
  }

  async #open(tokens: readonly string[]): Promise<void> {
    const share = Math.ceil(tokens.length / this.#gateways.length);
    for (const [n, { http }] of this.#gateways.entries()) {
      const some = tokens.slice(n * share, (n + 1) * share);
      await this.#ask({ door: 'ws', address: new URL(http).host, tokens: some, from: n * share, atOnce: 50 });
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

async function playEdges(edges: number, readers: number, seconds: number): Promise<EdgeRound> {
  const load = new EdgeLoad(await Trio.start({ env }));
  try {
    return await load.play(edges, readers, seconds);
  } finally {
    await load.stop();
  }
}

function describe({ value, ownerMicros, faults }: BenchRound & Partial<EdgeRound>): string {
  return [`${value.toPrecision(4)} deliveries, chat server ${ownerMicros?.toFixed(0)} us per message`, ...faults].join(
    '; ',
  );
}

/** Measures a public chat whose readers are spread over 2 and then over 4 gateways. */
export async function benchEdges({ pairs, seconds, readers, log }: SuitePlan & EdgeReaders): Promise<SuiteResult> {
  const players = new Map(edgeCounts.map((edges) => [`${edges} gateways`, () => playEdges(edges, readers, seconds)]));
  const rounds = await playInTurn(players, { name: 'edges', pairs: Math.min(pairs, 3), warmUps: 0, log, describe });
  const description = `a public chat with ${readers} readers on WebSockets, ${perSecond} msg/s`;
  return {
    shape: 'edges',
    description,
    figure: 'deliveries per CPU-second of the gateways',
    lowerIsBetter: false,
    rounds,
    base: '2 gateways',
  };
}
