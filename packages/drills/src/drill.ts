import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { CatalogEntry } from './catalog.js';
import type { Disturbance, DisturbanceResult } from './disturbance.js';
import { DrillContext } from './drill-context.js';
import { Links } from './links.js';
import { Load, type LoadShape } from './load.js';
import type { System } from './system.js';
import { Takeover } from './takeover.js';
import { type DrillVerdict, judge, type Round } from './verdict.js';

/** Options of a drill. */
export interface DrillOptions extends LoadShape {
  /** Total number of disturbances. Default: each one once. */
  readonly rounds?: number;
  /** Duration of an outage, in seconds. */
  readonly seconds: number;
  /** Entry point of the drill's own chat server. A test uses it to plant a fault. */
  readonly extraServerEntry?: string;
  /** Called with each line of progress. */
  readonly report: (line: string) => void;
}

const ackedWithinMs = 30_000;
/** Maximum time until everyone is served before the first disturbance. */
const servedWithinMs = 60_000;
const restMs = 1_000;
/** Interval, in milliseconds, of the timer that measures the delay of the drill's own event loop. */
const delayResolutionMs = 10;

/**
 * If the disturbance needs a kind of chat server as the owning server, moves all channels to one of
 * that kind. Waits until all users are connected there. Returns a chat server of the running
 * system, not the extra one.
 */
async function setUp(context: DrillContext, { owner }: Disturbance) {
  const { local } = context.system;
  const servers = (await local?.processes('chat')) ?? [];
  const server = servers[context.round % servers.length];
  const { rooms, talkers } = context.load;
  const addr = owner === 'extra server' ? (await context.extraServer()).grpc : server?.address;
  if (owner !== undefined && addr !== undefined) {
    const channelIds = rooms.map(({ id }) => id);
    await local?.place(channelIds, addr, talkers.length);
    await context.load.allAcked(performance.now(), ackedWithinMs);
  }
  return server ?? { name: '', pid: 0, address: '', admin: '' };
}

/** Causes a disturbance. An error becomes a complaint, and everything is restored. */
async function makeDisturbance(context: DrillContext, disturbance: Disturbance): Promise<DisturbanceResult> {
  const begun = performance.now();
  try {
    return await disturbance.make(context, await setUp(context, disturbance));
  } catch (error) {
    await context.heal();
    return { since: begun, complaints: [error instanceof Error ? error.message : String(error)] };
  }
}

async function playRound(context: DrillContext, disturbance: Disturbance): Promise<Round> {
  const ownDelay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  ownDelay.enable();
  const { since, complaints = [], notes = [], counts = {} } = await makeDisturbance(context, disturbance);
  const isBack = await context.load.allAcked(Math.max(since, performance.now()), ackedWithinMs);
  await pause(restMs);
  const silentMs = context.load.talkers.map((one) => one.silenceSince(since));
  ownDelay.disable();
  return {
    disturbance,
    silentMs,
    ownDelayMs: Math.round(ownDelay.max / 1e6),
    complaints: isBack ? complaints : [...complaints, 'at least one user got no more acks'],
    notes,
    counts,
  };
}

function lineOf({ disturbance, silentMs, ownDelayMs, complaints, notes }: Round): string {
  const measured = `longest silence ${Math.max(...silentMs)} ms (the drill itself hung for up to ${ownDelayMs} ms)`;
  const words = [measured, ...notes, ...complaints.map((one) => `WRONG: ${one}`)];
  return `${disturbance.name}: ${words.join('; ')}`;
}

/** Returns the disturbances that are possible here. Reports why the others are not. */
async function possible(
  context: DrillContext,
  disturbances: readonly Disturbance[],
  report: DrillOptions['report'],
): Promise<Disturbance[]> {
  const found: Disturbance[] = [];
  for (const disturbance of disturbances) {
    const missing = await disturbance.lacks(context);
    if (missing === undefined) found.push(disturbance);
    else report(`skipped: ${disturbance.name} (${missing})`);
  }
  return found;
}

async function playRounds(
  context: DrillContext,
  disturbances: readonly Disturbance[],
  options: DrillOptions,
): Promise<Round[]> {
  const played: Round[] = [];
  for (const total = options.rounds ?? disturbances.length; context.round < total; context.round++) {
    const round = await playRound(context, disturbances[context.round % disturbances.length] as Disturbance);
    options.report(`${context.round + 1}/${total} ${lineOf(round)}`);
    played.push(round);
  }
  return played;
}

/** Creates the users and rooms of a drill. Removes them again if this fails. */
async function prepare(system: System, entry: CatalogEntry, options: DrillOptions): Promise<DrillContext> {
  const links = new Links();
  const load = entry.load?.(options.rate) ?? new Load(options.rate);
  try {
    await load.start(system, links, options);
    const takeover = await Takeover.prepare(system, load);
    return new DrillContext({ system, links, load, takeover, seconds: options.seconds }, options.extraServerEntry);
  } catch (thrown) {
    await load.leave();
    await links.close();
    await system.clear();
    throw thrown;
  }
}

/**
 * Runs a drill against a running system under load, and checks everything that the readers
 * received.
 */
export async function runDrill(system: System, entry: CatalogEntry, options: DrillOptions): Promise<DrillVerdict> {
  const context = await prepare(system, entry, options);
  const { load } = context;
  try {
    const playable = await possible(context, entry.disturbances, options.report);
    options.report(
      `${load.talkers.length} people in ${load.rooms.length} channels send ${options.rate} messages per second`,
    );
    load.talk();
    if (!(await load.allAcked(performance.now(), servedWithinMs)))
      throw new Error('Before the first disturbance, not every user was served within a minute.');
    await pause(restMs);
    const rounds = playable.length === 0 ? [] : await playRounds(context, playable, options);
    return await judge(load, rounds);
  } finally {
    await context.close();
  }
}
