import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type ParleyClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { type ServiceProcess, Trio } from '@parley/testkit';
import { residentKb, spreadOf } from './figures.js';
import { inspectedEnv, liveBytes } from './inspector.js';
import { SoakInboxes } from './soak-inboxes.js';
import { Soak } from './soak-visits.js';

/**
 * Number of channels. Few channels with large messages fill every ring before the end of the
 * warm-up.
 */
const channelCount = 4;
/** Number of samples of the memory, and the least time between two. */
const sampleCount = 60;
const leastSampleMs = 2_000;
/**
 * Factor by which live memory may grow, and the additional share for resident memory, which varies
 * more.
 */
const usualTolerance = 1.08;
const residentShare = 1.15;
const nobody = '127.0.0.1:1';

/** Options of `runSoak`. */
export interface SoakPlan {
  readonly minutes: number;
  readonly people: number;
  /** Factor by which memory may grow. Default: 1.08. */
  readonly tolerance?: number;
  readonly log: (line: string) => void;
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

/** Samples of the memory of one service, in KiB. */
interface Watched {
  readonly name: string;
  readonly service: ServiceProcess;
  /** Live memory after a garbage collection. */
  readonly live: number[];
  readonly resident: number[];
}

async function sample({ service, live, resident }: Watched): Promise<void> {
  live.push((await liveBytes(service)) / 1_024);
  resident.push(residentKb(service.pid));
}

async function watch(
  watched: readonly Watched[],
  soak: Soak,
  inboxes: SoakInboxes,
  { minutes, log }: SoakPlan,
): Promise<void> {
  const durationMs = minutes * 60_000;
  const everyMs = Math.max(leastSampleMs, durationMs / sampleCount);
  const began = performance.now();
  while (performance.now() - began < durationMs) {
    await pause(everyMs);
    for (const one of watched) await sample(one);
    const now = watched.map(({ name, live }) => `${name} ${mb(live.at(-1) ?? 0)}`).join(', ');
    const done = `${soak.visits} visits, ${soak.sends} messages, ${inboxes.resumes} resumes, ${inboxes.changes} joins`;
    log(`${Math.round((performance.now() - began) / 1_000)} s: ${done}; ${now}`);
  }
}

function mb(kb: number): string {
  return `${(kb / 1_024).toFixed(1)} MiB`;
}

/**
 * Compares the median of the second quarter, which follows the warm-up, with the median of the last
 * quarter.
 */
function growthOf(kb: readonly number[], tolerance: number): { words: string; grew: boolean } {
  const quarter = Math.floor(kb.length / 4);
  const { median: before } = spreadOf(kb.slice(quarter, 2 * quarter));
  const { median: after } = spreadOf(kb.slice(-quarter));
  const grew = after > before * tolerance;
  return { words: `${mb(before)} after the warm-up, ${mb(after)} at the end${grew ? ': GREW' : ''}`, grew };
}

function verdict({ name, live, resident }: Watched, tolerance: number): { words: string; grew: boolean } {
  const [own, all] = [growthOf(live, tolerance), growthOf(resident, tolerance * residentShare)];
  return { words: `${name}: live ${own.words}; resident ${all.words}`, grew: own.grew || all.grew };
}

/**
 * Runs the soak. Resolves with true if no service's memory grew after the warm-up and nothing
 * failed.
 */
export async function runSoak(plan: SoakPlan): Promise<boolean> {
  const trio = await Trio.start({ env: { PARLEY_LOG_LEVEL: 'warn', ...inspectedEnv } });
  const persons = await trio.people.makeMany('soak', plan.people);
  const [manager, chatServer, gateway] = [trio.managers[0], trio.chatServers[0], await trio.startGateway()];
  const addresses = { userService: nobody, channelService: manager?.grpc ?? '', gateway: gateway.grpc };
  const clients = persons.map(({ token }) => createClient({ transport: grpcTransport(addresses), token }));
  const half = Math.ceil(clients.length / 2);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const soak = new Soak(await makeRooms(clients[0] as ParleyClient), over.signal);
  const users = persons.slice(half).map(({ id }, at) => ({ id, client: clients[half + at] as ParleyClient }));
  const inboxes = new SoakInboxes(users, soak);
  await inboxes.open();
  const watched = Object.entries({ gateway, 'chat server': chatServer, manager }).map(([name, service]): Watched => {
    return { name, service: service as ServiceProcess, live: [], resident: [] };
  });
  const lives = [...clients.slice(0, half).map((client) => soak.visitRepeatedly(client)), inboxes.run()];
  await watch(watched, soak, inboxes, plan);
  over.abort();
  await Promise.all(lives);
  await Promise.all(clients.map((client) => client.close()));
  await trio.stop();
  const verdicts = watched.map((one) => verdict(one, plan.tolerance ?? usualTolerance));
  for (const { words } of verdicts) plan.log(words);
  for (const fault of soak.faults.slice(0, 20)) plan.log(`FAILED: ${fault}`);
  const hasRun = soak.visits > 0 && inboxes.resumes > 0 && inboxes.changes > 0;
  return soak.faults.length === 0 && hasRun && verdicts.every(({ grew }) => !grew);
}
