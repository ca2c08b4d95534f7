import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Pool } from '@parley/database';
import type { ServiceProcess } from '@parley/testkit';
import { cpuSeconds, residentKb, statOf, ticksPerSecond } from './figures.js';
import { liveBytes } from './inspector.js';

/** What a process uses. */
export interface ProcessUse {
  /** Memory in KiB, after a garbage collection. */
  readonly kb: number;
  readonly descriptors: number;
}

/** A process whose cost is measured. */
export interface CostlyProcess {
  /** User and system time so far, in seconds. */
  cpuSeconds(): number;
  use(): Promise<ProcessUse>;
}

async function descriptorsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** A service that was started with an inspector. */
export class CostlyService implements CostlyProcess {
  readonly #service: ServiceProcess;

  constructor(service: ServiceProcess) {
    this.#service = service;
  }

  cpuSeconds(): number {
    return cpuSeconds(this.#service.pid);
  }

  async use(): Promise<ProcessUse> {
    await liveBytes(this.#service);
    return { kb: residentKb(this.#service.pid), descriptors: await descriptorsOf(this.#service.pid) };
  }
}

/** Places of fields in what `statOf` returns. */
const fields = { parent: 1, childrenUser: 13, childrenSystem: 14 };

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return Number(statOf(pid)[fields.parent]) === parent;
    } catch {
      return false; // The process has ended meanwhile.
    }
  });
}

/** All processes of PostgreSQL, those that have ended included. */
export class CostlyPostgres implements CostlyProcess {
  readonly #pid: number;

  private constructor(pid: number) {
    this.#pid = pid;
  }

  static async open(owner: Pool): Promise<CostlyPostgres> {
    const { rows } = await owner.query<{ file: string }>("SELECT pg_read_file('postmaster.pid') AS file");
    return new CostlyPostgres(Number.parseInt(rows[0]?.file ?? '', 10));
  }

  cpuSeconds(): number {
    const stat = statOf(this.#pid);
    const ended = Number(stat[fields.childrenUser]) + Number(stat[fields.childrenSystem]);
    const living = [this.#pid, ...childrenOf(this.#pid)].map((pid) => cpuSeconds(pid));
    return ended / ticksPerSecond + living.reduce((sum, seconds) => sum + seconds, 0);
  }

  /** Counts memory that processes share once. */
  async use(): Promise<ProcessUse> {
    const pids = [this.#pid, ...childrenOf(this.#pid)];
    const shares = pids.map((pid) => /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
    const counts = await Promise.all(pids.map(descriptorsOf));
    return {
      kb: shares.reduce((sum, kb) => sum + Number(kb), 0),
      descriptors: counts.reduce((sum, count) => sum + count, 0),
    };
  }
}
