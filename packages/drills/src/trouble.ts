import type { ServiceFacts } from '@parley/cli';
import type { LocalSystem } from './local-system.js';
import type { DrillStage } from './stage.js';

/** What became of a trouble. */
export interface DisturbanceResult {
  /** From when on people had a right to be served again, ms. */
  readonly since: number;
  /** What was not as it should be, beside what the counting client finds. */
  readonly complaints?: readonly string[];
  /** What else is worth a line. */
  readonly notes?: readonly string[];
}

/** Something that is made to go wrong, and then right again. */
export interface Disturbance {
  readonly name: string;
  /** Who owns all channels when it begins; absent: whoever does. */
  readonly owner?: 'chat server' | 'guest';
  /** 19 of 20 people are served again so soon. */
  readonly backWithinMs: number;
  /** Why it cannot be made here; undefined: it can. */
  readonly lacks: (stage: DrillStage) => Promise<string | undefined>;
  /** `owner` is a chat server of the system. */
  readonly make: (stage: DrillStage, owner: ServiceFacts) => Promise<DisturbanceResult>;
}

export const leaseMs = 3_000;
/** Where people should not notice anything. */
export const unnoticedMs = 1_000;
/** Where people should not notice much. */
export const soonMs = 3_000;
/** Where somebody has to be missed first. */
export const laterMs = 8_000;

/** Of a stage whose trouble lacks nothing. */
export function here({ system }: DrillStage): LocalSystem {
  if (system.local === undefined) throw new Error('there is no system on this machine');
  return system.local;
}

export async function lacksNothing(): Promise<undefined> {}

export async function lacksProcesses({ system }: DrillStage): Promise<string | undefined> {
  if (system.local !== undefined) return undefined;
  return 'its processes are elsewhere: do it there by hand while `parley drill watch` runs here';
}

export async function lacksSuccessor(stage: DrillStage): Promise<string | undefined> {
  const missing = await lacksProcesses(stage);
  if (missing !== undefined || (await here(stage).processes('chat')).length > 1) return missing;
  return 'it needs two chat servers: `npm start -- --chat-servers 2`';
}

export async function lacksDatabase(stage: DrillStage): Promise<string | undefined> {
  const missing = await lacksProcesses(stage);
  if (missing !== undefined || (await here(stage).databasePid()) !== undefined) return missing;
  return 'its PostgreSQL is not the embedded one: do it by hand while `parley drill watch` runs here';
}
