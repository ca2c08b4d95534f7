import { AdminService, ChannelService } from '@parley/contract';
import {
  Bell,
  type DatabaseClock,
  eventChannel,
  membershipChannel,
  type Notifier,
  type Pool,
  receiptChannel,
} from '@parley/database';
import { type Logger, type Metrics, type ProcessContext, type RunningService, repeat } from '@parley/runtime';
import {
  type Callers,
  chatServerOptions,
  forService,
  forUser,
  type Handlers,
  type JoinClaims,
  joinToken,
  managerAudience,
  openNotifier,
  type Proxies,
  ServiceHost,
  type SigningKey,
  serviceToken,
  streamForUser,
  TurnQueue,
} from '@parley/service-kit';
import { createListAbuseReports, createResolveAbuseReport } from './admin/abuse-reports.js';
import { createDeleteUser } from './admin/delete-user.js';
import { Deletions } from './admin/deletions.js';
import { createExportHold } from './admin/export-hold.js';
import { createExportUser } from './admin/export-user.js';
import { createListHolds, createReleaseHold, createSetHold } from './admin/holds.js';
import { createKick } from './admin/kick.js';
import { createListAllChannels } from './admin/list-all-channels.js';
import { createListAudit } from './admin/list-audit.js';
import { createListUsers } from './admin/list-users.js';
import { forOperator, pagesForOperator } from './admin/operators.js';
import { createSetUser } from './admin/set-user.js';
import { createCreate } from './channels/create.js';
import { createDelete } from './channels/delete.js';
import { createList } from './channels/list.js';
import { createListChannels } from './channels/list-channels.js';
import { createOpenDirect } from './channels/open-direct.js';
import { createUpdateChannel } from './channels/update.js';
import type { ChannelServiceConfig } from './config.js';
import { Archive } from './history/archive.js';
import { createHistory } from './history/history.js';
import { Retention } from './history/retention.js';
import { createListCommands } from './inbox/list-commands.js';
import { createListReceipts } from './inbox/list-receipts.js';
import { notifyOfMessages } from './inbox/message-notices.js';
import { createListNotifications, createMarkNotifications } from './inbox/notifications.js';
import { createOverview } from './inbox/overview.js';
import { createGetPush, createSetPush } from './inbox/push.js';
import { createSetNotify } from './inbox/set-notify.js';
import { createUpdateReceipt } from './inbox/update-receipt.js';
import { createCreateInvite, createListInvites, createRevokeInvite } from './invites/invites.js';
import { createJoin } from './invites/join.js';
import { createPreviewInvite } from './invites/preview.js';
import { createAddMembers } from './members/add-members.js';
import { createChangeMember } from './members/change-member.js';
import { createListMembers } from './members/list-members.js';
import { followActivity } from './placement/activity-store.js';
import { AllowList } from './placement/allow-list.js';
import { ChatServers } from './placement/chat-servers.js';
import { createDrain } from './placement/drain.js';
import { Housekeeping } from './placement/housekeeping.js';
import { createListGateways } from './placement/list-gateways.js';
import { createListServers } from './placement/list-servers.js';
import { createListen } from './placement/listen.js';
import { createLocate } from './placement/locate.js';
import { countOwnerLookups } from './placement/metrics.js';
import type { OwnerLookup } from './placement/owners.js';
import { createReport } from './placement/report.js';
import { createListBlocked } from './safety/list-blocked.js';
import { createReportAbuse } from './safety/report-abuse.js';
import { createSetBlock } from './safety/set-block.js';
import { Indexer } from './search/indexer.js';
import { createSearch } from './search/search.js';
import { openSearchPool } from './search/search-pool.js';
import {
  createCreateIncomingWebhook,
  createDeleteIncomingWebhook,
  createListIncomingWebhooks,
  createRotateIncomingWebhook,
} from './webhooks/incoming-webhooks.js';
import {
  createCreateOutgoingWebhook,
  createDeleteOutgoingWebhook,
  createListDeadLetters,
  createListOutgoingWebhooks,
  createResumeOutgoingWebhook,
  createRotateOutgoingWebhook,
} from './webhooks/outgoing-webhooks.js';

interface HandlerDeps {
  readonly pool: Pool;
  readonly searchPool: Pool;
  readonly clock: DatabaseClock;
  readonly callers: Callers;
  readonly joinKey: SigningKey<JoinClaims>;
  readonly servers: ChatServers;
  readonly retention: Retention;
  readonly allowed: AllowList;
  readonly log: Logger;
  readonly proxies: Proxies;
  readonly bell: Bell;
  readonly receiptBell: Bell;
  readonly membershipBell: Bell;
  readonly overviews: TurnQueue;
  readonly listedDays: number;
  readonly longestRetention: number | null;
  readonly onOwnerFound: (lookup: OwnerLookup) => void;
}

/**
 * Maximum number of Overviews that wait for their turn, and maximum wait in milliseconds. The wait is
 * shorter than the time within which clients expect the response.
 */
const overviewsWaiting = { mostWaiting: 1_000, longestMs: 8_000 };

/** Lets Overviews use fewer database connections than there are, so that other calls get one too. */
function overviewTurns({ options: { max } }: Pool, metrics: Metrics): TurnQueue {
  const turns = new TurnQueue({ atOnce: () => Math.max(1, max - 2), ...overviewsWaiting });
  metrics.gauge('parley_overviews_waiting', 'calls of Overview that wait for their turn', () => turns.waiting);
  return turns;
}

/** Wraps a handler that changes channels or members. After each call, the gateways read the change. */
function waking<Args extends unknown[], Result>(bell: Bell, handle: (...args: Args) => Promise<Result>) {
  return async (...args: Args): Promise<Result> => {
    const result = await handle(...args);
    bell.ring();
    return result;
  };
}

function channelHandlers(deps: HandlerDeps): Handlers<typeof ChannelService> {
  const { pool, callers } = deps;
  return {
    list: streamForUser(callers, createList(pool, deps.listedDays)),
    listChannels: forUser(callers, createListChannels(pool, deps.listedDays)),
    create: forUser(callers, waking(deps.bell, createCreate(deps))),
    delete: forUser(callers, waking(deps.bell, createDelete(deps))),
    update: forUser(callers, waking(deps.bell, createUpdateChannel(deps))),
    openDirect: forUser(callers, waking(deps.bell, createOpenDirect(deps))),
    listMembers: forUser(callers, createListMembers(pool)),
    listCommands: forUser(callers, createListCommands(pool)),
    changeMember: forUser(callers, waking(deps.bell, createChangeMember(deps))),
    addMembers: forUser(callers, waking(deps.bell, createAddMembers(pool))),
    join: forUser(callers, waking(deps.bell, createJoin(pool))),
    createInvite: forUser(callers, createCreateInvite(deps)),
    listInvites: forUser(callers, createListInvites(pool)),
    revokeInvite: forUser(callers, createRevokeInvite(pool)),
    previewInvite: forUser(callers, createPreviewInvite(pool)),
    createIncomingWebhook: forUser(callers, waking(deps.bell, createCreateIncomingWebhook(pool))),
    listIncomingWebhooks: forUser(callers, createListIncomingWebhooks(pool)),
    rotateIncomingWebhook: forUser(callers, createRotateIncomingWebhook(pool)),
    deleteIncomingWebhook: forUser(callers, waking(deps.bell, createDeleteIncomingWebhook(pool))),
    createOutgoingWebhook: forUser(callers, createCreateOutgoingWebhook(pool)),
    listOutgoingWebhooks: forUser(callers, createListOutgoingWebhooks(pool)),
    rotateOutgoingWebhook: forUser(callers, createRotateOutgoingWebhook(pool)),
    resumeOutgoingWebhook: forUser(callers, createResumeOutgoingWebhook(pool)),
    deleteOutgoingWebhook: forUser(callers, createDeleteOutgoingWebhook(pool)),
    listDeadLetters: forUser(callers, createListDeadLetters(pool)),
    setBlock: forUser(callers, waking(deps.bell, createSetBlock(deps))),
    listBlocked: forUser(callers, createListBlocked(pool)),
    reportAbuse: forUser(callers, createReportAbuse(pool)),
    history: forUser(callers, createHistory(pool)),
    search: forUser(callers, createSearch(deps)),
    overview: forUser(callers, createOverview(pool, deps.overviews)),
    updateReceipt: forUser(callers, createUpdateReceipt(deps)),
    listReceipts: forUser(callers, createListReceipts(pool)),
    setNotify: forUser(callers, createSetNotify(pool, deps.membershipBell)),
    listNotifications: forUser(callers, createListNotifications(pool)),
    markNotifications: forUser(callers, createMarkNotifications(pool)),
    getPush: forUser(callers, createGetPush(pool)),
    setPush: forUser(callers, createSetPush(pool)),
    listen: forUser(callers, createListen(deps)),
    locate: forService(callers, 'gateway', managerAudience, createLocate(deps)),
    report: forService(callers, 'chat', managerAudience, createReport(deps)),
  };
}

function operatorHandlers(deps: HandlerDeps): Handlers<typeof AdminService> {
  const { pool, callers } = deps;
  return {
    listServers: forOperator(callers, createListServers(pool)),
    listGateways: forOperator(callers, createListGateways(pool)),
    drain: forOperator(callers, createDrain(deps)),
    setUser: forOperator(callers, createSetUser(deps)),
    kick: forOperator(callers, createKick(deps)),
    listAudit: forOperator(callers, createListAudit(pool)),
    deleteUser: forOperator(callers, createDeleteUser(deps)),
    exportUser: pagesForOperator(callers, createExportUser(pool)),
    setHold: forOperator(callers, createSetHold(pool)),
    listHolds: forOperator(callers, createListHolds(pool)),
    releaseHold: forOperator(callers, createReleaseHold(pool)),
    exportHold: pagesForOperator(callers, createExportHold(pool)),
    listUsers: forOperator(callers, createListUsers(pool)),
    listAllChannels: forOperator(callers, createListAllChannels(pool)),
    listAbuseReports: forOperator(callers, createListAbuseReports(pool)),
    resolveAbuseReport: forOperator(callers, createResolveAbuseReport(pool)),
  };
}

/** Returns the bells that notify the gateways. */
function bellsOf(notifier: Notifier, log: Logger): Pick<HandlerDeps, 'bell' | 'receiptBell' | 'membershipBell'> {
  const bell = (channel: string) =>
    new Bell(notifier, channel, (err) => log.debug({ err }, 'gateways were not notified'));
  return { bell: bell(eventChannel), receiptBell: bell(receiptChannel), membershipBell: bell(membershipChannel) };
}

/** Starts a manager. It keeps all state in the database, so any number may run. */
export async function startChannelService(
  config: ChannelServiceConfig,
  context: ProcessContext,
): Promise<RunningService> {
  const { log, settings, metrics } = context;
  const allowed = new AllowList(settings);
  const host = await ServiceHost.open(config.host, context);
  const { instanceId, pool, clock, callers } = host;

  const [joinKey, managerKey] = await Promise.all([
    host.signingKey(joinToken),
    host.signingKey(serviceToken('manager')),
  ]);
  const dialing = { credentials: host.certificates.client, connection: chatServerOptions(settings) };
  const servers = host.parts.add('chat servers', new ChatServers({ ...dialing, key: managerKey, instanceId, log }));

  const { listedDays, proxies, longestRetention } = config;
  const archive = config.archiveDir === undefined ? undefined : await Archive.open(config.archiveDir);
  const retention = new Retention(pool, { archive, longest: longestRetention });

  const onOwnerFound = countOwnerLookups(metrics);
  const searchPool = openSearchPool(config.host.databaseUrl, (err) => log.warn({ err }, 'lost a search connection'));
  host.parts.add('search', { stop: () => searchPool.end() });
  const deps = {
    pool,
    searchPool,
    log,
    clock,
    callers,
    joinKey,
    servers,
    retention,
    allowed,
    proxies,
    ...bellsOf(openNotifier(host, 'channel-service', config.notifier), log),
    overviews: overviewTurns(pool, metrics),
    listedDays,
    longestRetention,
    onOwnerFound,
  };
  await host.serve((server) =>
    server.add(ChannelService, channelHandlers(deps)).add(AdminService, operatorHandlers(deps)),
  );

  const housekeeping = new Housekeeping(pool, servers);
  const runRepeatedly = (name: string, everyMs: number, work: () => Promise<void>) => {
    const failed = (err: unknown) => log.warn({ err }, `${name} failed; retrying`);
    host.parts.add(name, repeat(everyMs, 0.2, work, failed));
  };
  runRepeatedly('lease repair', 1_000, () => housekeeping.shortenLeases());
  runRepeatedly('housekeeping', config.housekeepingEveryMs, () => housekeeping.run());
  runRepeatedly('activity', config.activityEveryMs, () => followActivity(pool));
  runRepeatedly('retention', config.retentionEveryMs, () => retention.run());
  const indexer = new Indexer(pool, notifyOfMessages);
  runRepeatedly('search index', config.searchEveryMs, () => indexer.run());
  const deletions = new Deletions(pool, servers);
  runRepeatedly('deletion of accounts', config.deletionsEveryMs, () => deletions.run());
  return host.run();
}
