import type { ReportRequest } from '@parley/contract';
import type { Pool } from '@parley/database';
import { type Logger, refuse } from '@parley/runtime';
import type { Call } from '@parley/service-kit';
import type { AllowList } from './allow-list.js';
import type { ChatServers } from './chat-servers.js';
import { readReport, type ServerReport } from './server-report.js';
import { earlierLives, endLease, endLives, registerServer, renew, stillOwned } from './server-store.js';

export interface ReportDeps {
  readonly pool: Pool;
  readonly allowed: AllowList;
  readonly servers: ChatServers;
  readonly log: Logger;
}

const anotherProcess =
  'A server cannot change its name, addresses or keys while it runs. Restart it with a new instance id.';

type Metric = Readonly<Record<string, string>>;

/**
 * Ends the leases of earlier processes at the same address after the first report of a new one, so
 * that no user is sent to them for the rest of their three seconds. Verifies that the reporter
 * answers at that address, where two processes cannot listen.
 */
async function endEarlierLives({ pool, servers }: ReportDeps, bootId: string, internalAddr: string): Promise<void> {
  const earlier = await earlierLives.run(pool, [bootId, internalAddr]);
  if (earlier.length === 0) return;
  if (!(await servers.answers({ boot_id: bootId, internal_addr: internalAddr }))) return;
  await endLives.run(pool, [earlier.map(({ boot_id }) => boot_id)]);
}

/** Stores a report, with the server's addresses if it has them, and renews the lease. */
function createStore(deps: ReportDeps) {
  const { pool, allowed, log } = deps;
  return async (bootId: string, reported: ServerReport, metric: Metric): Promise<void> => {
    const { addr, internalAddr, name = '', tls, state, load, seats } = reported;
    if (addr !== undefined && internalAddr !== undefined) {
      allowed.check(addr, internalAddr);
      const row = [bootId, name, addr, internalAddr, tls, state ?? 'serving', load ?? 0, seats ?? 0, metric] as const;
      const [registered] = await registerServer.run(pool, [...row]);
      if (registered === undefined) throw refuse('not-a-service', { words: anotherProcess });
      const failed = (err: unknown) => log.warn({ err, node: bootId }, 'cannot end the leases of earlier processes');
      if (registered.inserted) void endEarlierLives(deps, bootId, internalAddr).catch(failed);
      return;
    }
    const known = await renew.run(pool, [bootId, state ?? null, load ?? null, seats ?? null, metric]);
    if (known.length === 0) throw refuse('invalid-report');
  };
}

/**
 * Checks that the server still owns the channels it reports.
 * @throws {Refusal} `not-mine`.
 */
async function checkOwned(pool: Pool, bootId: string, channels: ReportRequest['channels']): Promise<void> {
  const fenced = channels.filter(({ epoch }) => epoch > 0);
  if (fenced.length === 0) return;
  const ids = fenced.map(({ id }) => id);
  const epochs = fenced.map(({ epoch }) => epoch);
  const [answer] = await stillOwned.run(pool, [bootId, ids, epochs]);
  if (answer?.owned !== true) throw refuse('not-mine');
}

/** Handles Report: stores the state of a chat server and renews its lease. */
export function createReport(deps: ReportDeps) {
  const { pool } = deps;
  const store = createStore(deps);

  async function giveUp(bootId: string): Promise<void> {
    if ((await endLease.run(pool, [bootId])).length === 0) throw refuse('no-server');
  }

  async function renewed(request: ReportRequest, bootId: string): Promise<void> {
    await store(bootId, readReport(request, bootId), request.metric?.kv ?? {});
    await checkOwned(pool, bootId, request.channels);
  }

  return async (request: ReportRequest, bootId: string, call: Call): Promise<object> => {
    call.quiet = true;
    if (request.cutOff) await giveUp(bootId);
    else await renewed(request, bootId);
    return {};
  };
}
