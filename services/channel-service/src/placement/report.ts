import type { ReportRequest } from '@parley/contract';
import type { Pool } from '@parley/database';
import { type Logger, refuse } from '@parley/runtime';
import type { Call } from '@parley/service-kit';
import type { AllowList } from './allow-list.js';
import type { ChatServers } from './chat-servers.js';
import { readReport, type ServerReport } from './server-report.js';
import {
  endLease,
  endLeases,
  findEarlierInstances,
  ownsChannels,
  registerServer,
  renewServer,
} from './server-store.js';

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
 * Ends the leases of earlier processes at the internal address of a new process, after the first
 * report of the new process. Otherwise users would be sent to dead processes until those leases
 * lapse. First verifies that the new process itself answers at that address, because two processes
 * cannot listen there.
 */
async function endEarlierInstances(
  { pool, servers }: ReportDeps,
  instanceId: string,
  internalAddr: string,
): Promise<void> {
  const earlier = await findEarlierInstances.run(pool, { instanceId, internalAddr });
  if (earlier.length === 0) return;
  if (!(await servers.answers({ instanceId, internalAddr }))) return;
  await endLeases.run(pool, { instanceIds: earlier.map((one) => one.instanceId) });
}

/**
 * Returns a function that stores a report, with the server's addresses if it has them, and renews
 * the lease.
 */
function createStore(deps: ReportDeps) {
  const { pool, allowed, log } = deps;
  return async (instanceId: string, reported: ServerReport, metric: Metric): Promise<void> => {
    const { addr, internalAddr, name = '', tls, state, load, seats } = reported;
    if (addr !== undefined && internalAddr !== undefined) {
      allowed.check(addr, internalAddr);
      const server = { instanceId, name, addr, internalAddr, tls, metric };
      const [registered] = await registerServer.run(pool, {
        ...server,
        state: state ?? 'serving',
        load: load ?? 0,
        seats: seats ?? 0,
      });
      if (registered === undefined) throw refuse('not-a-service', { message: anotherProcess });
      const failed = (err: unknown) =>
        log.warn({ err, node: instanceId }, 'cannot end the leases of earlier processes');
      if (registered.inserted) void endEarlierInstances(deps, instanceId, internalAddr).catch(failed);
      return;
    }
    const known = await renewServer.run(pool, { instanceId, state, load, seats, metric });
    if (known.length === 0) throw refuse('invalid-report');
  };
}

/**
 * Checks that the server still owns the channels it reports.
 * @throws {Refusal} `not-mine`.
 */
async function checkOwned(pool: Pool, instanceId: string, channels: ReportRequest['channels']): Promise<void> {
  const fenced = channels.filter(({ epoch }) => epoch > 0);
  if (fenced.length === 0) return;
  const channelIds = fenced.map(({ id }) => id);
  const epochs = fenced.map(({ epoch }) => epoch);
  const [answer] = await ownsChannels.run(pool, { instanceId, channelIds, epochs });
  if (answer?.owned !== true) throw refuse('not-mine');
}

/**
 * Handles Report: stores the state of a chat server and renews its lease, or ends its lease if
 * `cut_off` is set.
 */
export function createReport(deps: ReportDeps) {
  const { pool } = deps;
  const store = createStore(deps);

  async function giveUp(instanceId: string): Promise<void> {
    if ((await endLease.run(pool, { instanceId })).length === 0) throw refuse('no-server');
  }

  async function renewed(request: ReportRequest, instanceId: string): Promise<void> {
    await store(instanceId, readReport(request, instanceId), request.metric?.kv ?? {});
    await checkOwned(pool, instanceId, request.channels);
  }

  return async (request: ReportRequest, instanceId: string, call: Call): Promise<object> => {
    call.quiet = true;
    if (request.cutOff) await giveUp(instanceId);
    else await renewed(request, instanceId);
    return {};
  };
}
