import type { ServiceFacts } from '@parley/cli';
import type { DrillContext } from './drill-context.js';
import type { LocalSystem } from './local-system.js';

/** Result of a disturbance. */
export interface DisturbanceResult {
  /** Time from which users should be served again, on the clock of `performance.now()`. */
  readonly since: number;
  /** Faults that the load itself does not detect. */
  readonly complaints?: readonly string[];
  /** Remarks for the report. */
  readonly notes?: readonly string[];
  /** Numbers for the report, which are added up over all rounds. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** A fault that is injected and then repaired. */
export interface Disturbance {
  readonly name: string;
  /**
   * Kind of chat server that owns all channels at the start. Default: the channels stay where they
   * are.
   */
  readonly owner?: 'chat server' | 'extra server';
  /** Bound in milliseconds for the 95th percentile of the time without service. */
  readonly backWithinMs: number;
  /**
   * Returns the reason for which the disturbance is not possible here, or undefined if it is
   * possible.
   */
  readonly lacks: (context: DrillContext) => Promise<string | undefined>;
  /**
   * Causes the fault and repairs it. `owner` is a chat server of the system: the owning server of
   * the channels, unless the server of the drill owns them.
   */
  readonly make: (context: DrillContext, owner: ServiceFacts) => Promise<DisturbanceResult>;
}

/** Lease of a chat server, in milliseconds. */
export const leaseMs = 3_000;
/** Bound for a disturbance that users should not notice, in milliseconds. */
export const unnoticedMs = 1_000;
/** Bound for a short interruption, in milliseconds. */
export const soonMs = 3_000;
/** Bound for a failure that must first be detected, in milliseconds. */
export const laterMs = 8_000;

/** Returns the local system of a drill whose disturbance requires one. */
export function localSystemOf({ system }: DrillContext): LocalSystem {
  if (system.local === undefined) throw new Error('This drill needs a Parley on this machine.');
  return system.local;
}

/** Implements `lacks` for a disturbance that is possible everywhere. */
export async function lacksNothing(): Promise<undefined> {}

/** Returns what is missing for a disturbance that needs the processes of the system. */
export async function lacksProcesses({ system }: DrillContext): Promise<string | undefined> {
  if (system.local !== undefined) return undefined;
  return 'its processes run on another machine; cause this fault there by hand while `parley drill watch` runs here';
}

/** Returns what is missing for a disturbance that needs two chat servers. */
export async function lacksSuccessor(context: DrillContext): Promise<string | undefined> {
  const missing = await lacksProcesses(context);
  if (missing !== undefined || (await localSystemOf(context).processes('chat')).length > 1) return missing;
  return 'it needs two chat servers: `npm start -- --chat-servers 2`';
}

/** Returns what is missing for a disturbance that needs the embedded PostgreSQL. */
export async function lacksDatabase(context: DrillContext): Promise<string | undefined> {
  const missing = await lacksProcesses(context);
  if (missing !== undefined || (await localSystemOf(context).databasePid()) !== undefined) return missing;
  return 'its PostgreSQL is not the embedded one; cause this fault by hand while `parley drill watch` runs here';
}
