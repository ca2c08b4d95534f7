import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { CatalogEntry } from './catalog.js';
import { Load, type LoadShape } from './crowd.js';
import { Links } from './links.js';
import { DrillStage } from './stage.js';
import type { System } from './system.js';
import { Takeover } from './takeover.js';
import type { Disturbance, DisturbanceResult } from './trouble.js';
import { type DrillVerdict, judge, type Round } from './verdict.js';

export interface DrillOptions extends LoadShape {
  /** How many troubles are made in all; absent: each once. */
  readonly rounds?: number;
  /** How long what is away is away. */
  readonly seconds: number;
  /** What a test runs as the drill's own chat server, to see that a fault is found. */
  readonly guestEntry?: string;
  /** Told what happens, a line at a time. */
  readonly tell: (line: string) => void;
}

const ackedWithinMs = 30_000;
const restMs = 1_000;

/** Somebody to own all channels, and everybody there. */
async function setUp(stage: DrillStage, { owner }: Disturbance) {
  const { local } = stage.system;
  const servers = (await local?.processes('chat')) ?? [];
  const server = servers[stage.round % servers.length];
  const { dens, talkers } = stage.crowd;
  const addr = owner === 'guest' ? (await stage.guest()).grpc : server?.address;
  if (owner !== undefined && addr !== undefined) {
    const rooms = dens.map(({ id }) => id);
    await local?.place(rooms, addr, talkers.length);
    await stage.crowd.allAcked(performance.now(), ackedWithinMs);
  }
  return server ?? { name: '', pid: 0, address: '', admin: '' };
}

/** What went wrong with the trouble itself is a complaint, and everything is made right again. */
async function makeTrouble(stage: DrillStage, trouble: Disturbance): Promise<DisturbanceResult> {
  const begun = performance.now();
  try {
    return await trouble.make(stage, await setUp(stage, trouble));
  } catch (error) {
    await stage.heal();
    return { since: begun, complaints: [error instanceof Error ? error.message : String(error)] };
  }
}

async function playRound(stage: DrillStage, trouble: Disturbance): Promise<Round> {
  const { since, complaints = [], notes = [] } = await makeTrouble(stage, trouble);
  const isBack = await stage.crowd.allAcked(Math.max(since, performance.now()), ackedWithinMs);
  await pause(restMs);
  const silentMs = stage.crowd.talkers.map((one) => one.silenceSince(since));
  return {
    trouble,
    silentMs,
    complaints: isBack ? complaints : [...complaints, 'somebody was never acked again'],
    notes,
  };
}

function lineOf({ trouble, silentMs, complaints, notes }: Round): string {
  const words = [`longest silence ${Math.max(...silentMs)} ms`, ...notes, ...complaints.map((one) => `WRONG: ${one}`)];
  return `${trouble.name}: ${words.join('; ')}`;
}

/** Those that can be made here; says why the others cannot. */
async function possible(
  stage: DrillStage,
  troubles: readonly Disturbance[],
  tell: DrillOptions['tell'],
): Promise<Disturbance[]> {
  const found: Disturbance[] = [];
  for (const trouble of troubles) {
    const missing = await trouble.lacks(stage);
    if (missing === undefined) found.push(trouble);
    else tell(`skipped, ${trouble.name}: ${missing}`);
  }
  return found;
}

async function playRounds(
  stage: DrillStage,
  troubles: readonly Disturbance[],
  options: DrillOptions,
): Promise<Round[]> {
  const played: Round[] = [];
  for (const total = options.rounds ?? troubles.length; stage.round < total; stage.round++) {
    const round = await playRound(stage, troubles[stage.round % troubles.length] as Disturbance);
    options.tell(`${stage.round + 1}/${total} ${lineOf(round)}`);
    played.push(round);
  }
  return played;
}

/** Makes the people and rooms of a drill. Where that fails, nothing of it stays. */
async function setStage(system: System, options: DrillOptions): Promise<DrillStage> {
  const links = new Links();
  const crowd = new Load(options.rate);
  try {
    await crowd.gather(system, links, options);
    const takeover = await Takeover.prepare(system, crowd);
    return new DrillStage({ system, links, crowd, takeover, seconds: options.seconds }, options.guestEntry);
  } catch (thrown) {
    await crowd.leave();
    await links.close();
    await system.clear();
    throw thrown;
  }
}

/** Plays a drill against a running system, with people who talk all the time, and judges what they were told. */
export async function runDrill(
  system: System,
  { troubles }: CatalogEntry,
  options: DrillOptions,
): Promise<DrillVerdict> {
  const stage = await setStage(system, options);
  const { crowd } = stage;
  try {
    const toPlay = await possible(stage, troubles, options.tell);
    options.tell(
      `${crowd.talkers.length} people in ${crowd.dens.length} channels say ${options.rate} messages a second`,
    );
    crowd.talk();
    await pause(restMs);
    const rounds = toPlay.length === 0 ? [] : await playRounds(stage, toPlay, options);
    return await judge(crowd, rounds);
  } finally {
    await stage.close();
  }
}
