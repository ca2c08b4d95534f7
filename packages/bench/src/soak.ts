import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type ParleyClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { Trio } from '@parley/testkit';
import { residentKb, spreadOf } from './figures.js';

/**
 * Number of channels. Few channels with large messages fill every ring before the end of the
 * warm-up.
 */
const channelCount = 4;
const messageBytes = 2_000;
const sampleEveryMs = 2_000;
/** Factor by which memory may grow, because garbage collection makes memory vary. */
const tolerance = 1.08;
const nobody = '127.0.0.1:1';

/** Options of `runSoak`. */
export interface SoakPlan {
  readonly minutes: number;
  readonly people: number;
  readonly log: (line: string) => void;
}

/** Visits of all users: each joins, sends and leaves again and again. Records failures. */
class Soak {
  visits = 0;
  sends = 0;
  readonly faults: string[] = [];
  readonly #rooms: readonly number[];
  readonly #over: AbortSignal;

  constructor(rooms: readonly number[], over: AbortSignal) {
    this.#rooms = rooms;
    this.#over = over;
  }

  /** Joins a room, sends for a time and leaves, again and again until the soak is over. */
  async visitRepeatedly(client: ParleyClient): Promise<void> {
    while (!this.#over.aborted) {
      await this.#visit(client).catch((thrown) => {
        if (!this.#over.aborted) this.faults.push(String(thrown));
      });
    }
  }

  async #visit(client: ParleyClient): Promise<void> {
    const room = this.#rooms[Math.floor(Math.random() * this.#rooms.length)] as number;
    const conversation = await client.listen(room, { waitWhenFull: true, signal: this.#over });
    const received = drain(conversation);
    for (let left = 1 + Math.random() * 6; left > 0; left--) {
      await conversation.send(String(this.sends).padEnd(messageBytes));
      this.sends += 1;
      await pause(500 * Math.random());
    }
    await pause(1_000);
    await conversation.leave();
    await received;
    this.visits += 1;
  }
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events) {
  }
}

/** Creates the rooms. Half of them store messages for a minute, half store nothing. */
async function makeRooms(host: ParleyClient): Promise<number[]> {
  const rooms: number[] = [];
  for (let n = 0; n < channelCount; n++) {
    const retention = n % 2 === 0 ? { seconds: 60 } : { nothing: true as const };
    rooms.push((await host.create({ name: `soak ${n}`, limit: 25, retention })).id);
    await pause(1_000); // The rate limit of creating channels applies.
  }
  return rooms;
}

type Watched = ReadonlyMap<string, { readonly pid: number; readonly kb: number[] }>;

async function watch(watched: Watched, soak: Soak, { minutes, log }: SoakPlan): Promise<void> {
  const samples = Math.ceil((minutes * 60_000) / sampleEveryMs);
  for (let n = 1; n <= samples; n++) {
    await pause(sampleEveryMs);
    for (const { pid, kb } of watched.values()) kb.push(residentKb(pid));
    if (n % 15 !== 0) continue;
    const now = [...watched].map(([name, { kb }]) => `${name} ${mb(kb.at(-1) ?? 0)}`).join(', ');
    log(`${(n * sampleEveryMs) / 1_000} s: ${soak.visits} visits, ${soak.sends} messages; ${now}`);
  }
}

function mb(kb: number): string {
  return `${(kb / 1_024).toFixed(1)} MiB`;
}

/**
 * Compares the median of the second quarter, which follows the warm-up, with the median of the last
 * quarter.
 */
function verdict(name: string, kb: readonly number[]): { words: string; grew: boolean } {
  const quarter = Math.floor(kb.length / 4);
  const { median: before } = spreadOf(kb.slice(quarter, 2 * quarter));
  const { median: after } = spreadOf(kb.slice(-quarter));
  const grew = after > before * tolerance;
  return { words: `${name}: ${mb(before)} after the warm-up, ${mb(after)} at the end${grew ? ': GREW' : ''}`, grew };
}

/**
 * Runs the soak. Resolves with true if no service's memory grew after the warm-up and nothing
 * failed.
 */
export async function runSoak(plan: SoakPlan): Promise<boolean> {
  const trio = await Trio.start({ env: { PARLEY_LOG_LEVEL: 'warn' } });
  const persons = await trio.people.makeMany('soak', plan.people);
  const [manager, chatServer] = [trio.managers[0], trio.chatServers[0]];
  const channelService = manager?.grpc ?? '';
  const clients = persons.map(({ token }) =>
    createClient({ transport: grpcTransport({ userService: nobody, channelService }), token }),
  );
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const soak = new Soak(await makeRooms(clients[0] as ParleyClient), over.signal);
  const watched: Watched = new Map([
    ['chat server', { pid: chatServer?.pid ?? 0, kb: [] }],
    ['manager', { pid: manager?.pid ?? 0, kb: [] }],
  ]);
  const lives = clients.map((client) => soak.visitRepeatedly(client));
  await watch(watched, soak, plan);
  over.abort();
  await Promise.all(lives);
  await Promise.all(clients.map((client) => client.close()));
  await trio.stop();
  const verdicts = [...watched].map(([name, { kb }]) => verdict(name, kb));
  for (const { words } of verdicts) plan.log(words);
  for (const fault of soak.faults.slice(0, 20)) plan.log(`FAILED: ${fault}`);
  return soak.faults.length === 0 && soak.visits > 0 && verdicts.every(({ grew }) => !grew);
}
