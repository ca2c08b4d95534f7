import { ChannelServiceService } from '@parley/contract';
import {
  clientCredentials,
  forService,
  forUser,
  joinToken,
  managerAudience,
  ServiceHost,
  SigningKey,
  serviceToken,
  streamForUser,
} from '@parley/rpc';
import { type ProcessContext, type RunningService, repeat } from '@parley/runtime';
import { ChatServers } from './clients/chat-servers.js';
import type { Config } from './config.js';
import { countFound } from './metrics.js';
import { AllowList } from './rpc/allow-list.js';
import { createChangeMember } from './rpc/change-member.js';
import { createCreate } from './rpc/create.js';
import { createDelete } from './rpc/delete.js';
import { createHistory } from './rpc/history.js';
import { createJoin } from './rpc/join.js';
import { createList } from './rpc/list.js';
import { createListMembers } from './rpc/list-members.js';
import { createListen } from './rpc/listen.js';
import { createOpenDirect } from './rpc/open-direct.js';
import { createReport } from './rpc/report.js';
import { createUpdate } from './rpc/update.js';
import { Archive } from './upkeep/archive.js';
import { Housekeeping } from './upkeep/housekeeping.js';
import { Retention } from './upkeep/retention.js';

/** Plugs a manager together. All that it knows is in the database: any number may run. */
export async function startApp(config: Config, context: ProcessContext): Promise<RunningService> {
  const { log, settings, metrics } = context;
  const allowed = new AllowList(settings);
  const host = await ServiceHost.open(config.host, context);
  const { bootId, pool, clock, callers } = host;

  const joinKey = new SigningKey(joinToken, bootId, pool, clock);
  const managerKey = new SigningKey(serviceToken('manager'), bootId, pool, clock);
  await Promise.all([joinKey.start(), managerKey.start()]);
  const credentials = clientCredentials(settings);
  const servers = host.parts.add('chat servers', new ChatServers({ credentials, key: managerKey, bootId, log }));

  const archive = config.archiveDir === undefined ? undefined : await Archive.open(config.archiveDir);
  const retention = new Retention(pool, archive);

  await host.serve((server) =>
    server.add('chat.v1.ChannelService', ChannelServiceService, {
      list: streamForUser(callers, createList(pool)),
      create: forUser(callers, createCreate(pool)),
      delete: forUser(callers, createDelete({ pool, servers })),
      update: forUser(callers, createUpdate({ pool, servers, retention })),
      openDirect: forUser(callers, createOpenDirect(pool)),
      listMembers: forUser(callers, createListMembers(pool)),
      changeMember: forUser(callers, createChangeMember({ pool, servers })),
      join: forUser(callers, createJoin(pool)),
      history: forUser(callers, createHistory(pool)),
      listen: forUser(callers, createListen({ pool, clock, joinKey, servers, onFound: countFound(metrics) })),
      report: forService(callers, 'chat', managerAudience, createReport({ pool, allowed })),
    }),
  );

  const housekeeping = new Housekeeping(pool, servers);
  const upkeep = (name: string, everyMs: number, work: () => Promise<void>) => {
    const failed = (err: unknown) => log.warn({ err }, `${name} failed; it is tried again`);
    host.parts.add(name, repeat(everyMs, 0.2, work, failed));
  };
  upkeep('housekeeping', config.housekeepingEveryMs, () => housekeeping.run());
  upkeep('retention', config.retentionEveryMs, () => retention.run());
  return host.run();
}
