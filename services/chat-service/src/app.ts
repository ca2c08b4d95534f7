import { setTimeout as pause } from 'node:timers/promises';
import { ChatService, ServerState } from '@parley/contract';
import { extraConnections, type Pool } from '@parley/database';
import { FlushQueue } from '@parley/fanout';
import {
  type Logger,
  limits,
  MemoryBudget,
  type Part,
  type ProcessContext,
  Refusal,
  type RunningService,
  repeat,
} from '@parley/runtime';
import { Buckets, type BurstRate, ServiceHost, serviceToken } from '@parley/service-kit';
import { Drain } from './background/drain.js';
import { Heartbeat, moment } from './background/heartbeat.js';
import { LastSeen } from './background/last-seen.js';
import { Pings } from './background/pings.js';
import { ReceiptSaver } from './background/receipt-saver.js';
import { Reconciler } from './background/reconciler.js';
import { Shutdown } from './background/shutdown.js';
import { Managers } from './clients/managers.js';
import type { ChatServiceConfig } from './config.js';
import { AppendQueue, asideAtOnce } from './core/append-queue.js';
import { Channels, type ChannelsBounds } from './core/channels.js';
import { DedupeMemory } from './core/dedupe-cache.js';
import type { Append, Track } from './core/entry.js';
import { Lease } from './core/lease.js';
import { Receipts } from './core/receipts.js';
import { Usage } from './core/usage.js';
import { countAppendQueue, countBackground, countChat, countRelays } from './metrics.js';
import { Relays } from './relay/relays.js';
import { TracedPosts } from './relay/traced-posts.js';
import { createCommands } from './rpc/commands.js';
import { ConnectHandler } from './rpc/connect.js';
import { createRelay } from './rpc/relay.js';
import { SendHandler } from './rpc/send.js';
import { ChannelLoader } from './session/channel-loader.js';
import { Entrance } from './session/entrance.js';
import { Participants } from './session/participants.js';
import { arrivalsFor, type ChatSession } from './session/session.js';
import { Sessions } from './session/sessions.js';
import { openAppendPool } from './store/append-pool.js';
import { HandleStore } from './store/handles.js';
import { HeadStore } from './store/heads.js';
import { MessageStore } from './store/messages.js';
import { ReceiptStore } from './store/receipts.js';
import { SeatStore } from './store/seats.js';
import { UsageStore } from './store/usage.js';

const bounds: Omit<ChannelsBounds, 'rate' | 'senderRate' | 'memory'> = {
  allRingsBytes: limits.allRingsBytes,
  ringBytes: limits.ringBytes,
  lossyRingBytes: limits.lossyRingBytes,
  writeBytes: limits.writeBytes,
};
const memoryBounds = {
  ms: limits.clientIdMs,
  storedMs: limits.storedClientIdMs,
  ofSender: limits.clientIdsPerSender,
  ofAll: limits.clientIdsRemembered,
};
/** Rate, in bytes per user, at which replays read from the table. */
const replayRate: BurstRate = { burst: 16_777_216, perSecond: 2_097_152 };
/**
 * Milliseconds for which a granted lease is trusted: half a second less than the 3 s in the
 * database.
 */
const trustLeaseMs = 2_500;
const everySecond = 1_000;
const saveUsageEveryMs = 5_000;
const saveLastSeenEveryMs = 60_000;

function openTrack(
  { parts, context }: ServiceHost,
  config: ChatServiceConfig,
  name: string,
  max: number,
  lockTimeout: string,
): Pool {
  const applicationName = `parley chat-service ${name}`;
  const onLost = (err: Error) => context.log.warn({ err }, `lost a connection of the ${name}`);
  const pool = openAppendPool({ url: config.host.databaseUrl, applicationName, max, onLost }, lockTimeout);
  return parts.add(name, { pool, stop: () => pool.end() }).pool;
}

/**
 * Opens the pools of the append queue. `main` has one connection, for the batch that all channels
 * share; that batch waits only briefly for a lock. `aside` is for channels that were locked.
 */
function openTracks(host: ServiceHost, config: ChatServiceConfig): Record<Track, Pool> {
  return {
    main: openTrack(host, config, 'append queue', extraConnections.chat_server - asideAtOnce, '200ms'),
    aside: openTrack(host, config, 'append queue aside', asideAtOnce, '2s'),
  };
}

function createAppendQueue(append: Append, lease: Lease, { metrics, log }: ProcessContext): AppendQueue {
  return new AppendQueue({
    bounds: {
      rows: limits.appendBatchRows,
      batchBytes: limits.appendBatchBytes,
      waitingBytes: limits.appendQueueBytes,
      channelBytes: limits.appendQueueChannelBytes,
      userBytes: limits.appendQueueUserBytes,
    },
    append,
    mayWrite: () => lease.holds(moment()),
    atTurnEnd: setImmediate,
    now: () => performance.now(),
    pause,
    ...countAppendQueue(metrics, log),
  });
}

/** Creates the in-memory state of a chat server, and its stores. */
function createState(host: ServiceHost, config: ChatServiceConfig, lease: Lease) {
  const { log, metrics } = host.context;
  const flushQueue = new FlushQueue(setImmediate, (err) => log.error({ err }, 'a write to a subscriber failed'));
  const usage = new Usage(config.quota);
  const messages = new MessageStore(openTracks(host, config), host.pool, host.instanceId, usage);
  const sessions = new Sessions();
  const tracedPosts = new TracedPosts();
  const receiptStore = new ReceiptStore(host.pool);
  const state = {
    channels: new Channels(
      { ...bounds, rate: config.channelRate, senderRate: config.senderRate, memory: new DedupeMemory(memoryBounds) },
      flushQueue,
    ),
    sessions,
    participants: new Participants(),
    receipts: new Receipts(),
    receiptStore,
    lastSeen: new LastSeen(sessions, receiptStore),
    unread: new MemoryBudget(limits.unreadBytes),
    lease,
    seats: new SeatStore(host.pool, host.instanceId),
    heads: new HeadStore(host.pool, host.instanceId, host.secret),
    messages,
    usage,
    tracedPosts,
    appendQueue: createAppendQueue(tracedPosts.traced(messages.append), lease, host.context),
    now: () => host.clock.now(),
    log,
  };
  return {
    ...state,
    channelLoader: new ChannelLoader(state),
    receiptSaver: new ReceiptSaver(state),
    counters: countChat(metrics, state),
  };
}

type State = ReturnType<typeof createState>;

/** The background tasks that endpoints use. */
interface BackgroundTasks {
  readonly reconciler: Reconciler;
  readonly shutdown: Shutdown;
  readonly drain: Drain;
}

/** Creates the entrance for streams of users, and the relays for gateways. */
function createWaysIn(
  host: ServiceHost,
  config: ChatServiceConfig,
  state: State,
  { reconciler, shutdown }: BackgroundTasks,
) {
  const { instanceId, callers, keys } = host;
  const { now, appendQueue, messages, receipts, participants, usage, unread, lease, lastSeen, log, counters } = state;
  const replays = new Buckets<string>();
  const session = {
    messageBytes: config.messageBytes,
    rate: config.senderRate,
    now,
    appendQueue,
    messages,
    receipts,
    participants,
    usage,
    unread,
    chargeReplay: (userId: string, bytes: number) => replays.charge(userId, bytes, replayRate),
    mayPublish: () => lease.holds(moment()),
    onMoved: () => {
      counters.onFenced();
      reconciler.checkHeads().catch((err) => log.warn({ err }, 'reading the heads failed'));
    },
    ...counters,
    onClose: (closed: ChatSession) => {
      lastSeen.left(closed.person.id);
      shutdown.closed(closed);
    },
  };
  const { pingEveryMs } = config;
  const entrance = new Entrance({ ...state, instanceId, keys, session, pingEveryMs, ...counters });
  const handleStore = new HandleStore(host.pool);
  const arrivalRate = arrivalsFor(config.senderRate);
  const relays = new Relays({ ...state, ...counters, callers, entrance, session, handleStore, arrivalRate });
  countRelays(host.context.metrics, relays);
  state.receiptSaver.ownWatchers.add(relays.tellOwn);
  return { entrance, relays };
}

function createEndpoints(
  host: ServiceHost,
  state: State,
  { entrance, relays }: ReturnType<typeof createWaysIn>,
  { reconciler, drain }: BackgroundTasks,
) {
  const { instanceId, callers, keys } = host;
  const handler = new ConnectHandler(entrance);
  const drainWithin = (withinMs: number) => void drain.begin(withinMs).then(() => host.setServing(false));
  return {
    connect: { take: handler.connect },
    subscribe: { take: handler.subscribe },
    send: { bytes: new SendHandler({ ...state, instanceId, keys }).send },
    relay: { take: createRelay(callers, instanceId, relays) },
    ...createCommands({
      ...state,
      relays,
      instanceId,
      callers,
      drain: drainWithin,
      showLast: (leaving) => reconciler.showLast(leaving),
    }),
  };
}

async function createHeartbeat(
  host: ServiceHost,
  config: ChatServiceConfig,
  state: State,
  reconciler: Reconciler,
): Promise<Heartbeat> {
  const { instanceId } = host;
  const key = await host.signingKey(serviceToken('chat'));
  const managers = new Managers(config.managers, host.certificates.client, key, instanceId);
  host.parts.add('managers', managers);
  const identity = {
    instanceId,
    name: config.name,
    addr: config.addr ?? host.address,
    internalAddr: config.internalAddr ?? host.ipAddress,
    tls: config.addrTls,
  };
  return new Heartbeat({
    ...state,
    identity,
    managers,
    unansweredMs: () => reconciler.unansweredMs,
    onCutOff: () => reconciler.leaveEverything(),
    onDoubt: () => reconciler.checkHeads(),
  });
}

/**
 * Starts the periodic tasks, and registers the last report and the last save of usage to run at the
 * stop.
 */
function startBackground(
  host: ServiceHost,
  config: ChatServiceConfig,
  state: State,
  heartbeat: Heartbeat,
  { reconciler, drain }: BackgroundTasks,
  relays: Relays,
): void {
  const { parts } = host;
  const { now, sessions, receiptSaver, log } = state;
  const saveUsage = createUsageSaver(host, state, relays);
  const pings = new Pings(sessions, config.pingEveryMs);
  const serving = () => (drain.begun ? ServerState.DRAINING : ServerState.SERVING);
  parts.add('last usage', { stop: saveUsage });
  parts.add('usage', steadily(saveUsage, saveUsageEveryMs, log, 'usage'));
  parts.add('last receipts', { stop: () => receiptSaver.run() });
  parts.add(
    'receipts',
    steadily(() => receiptSaver.run(), everySecond, log, 'receipts'),
  );
  parts.add('final last seen', { stop: () => state.lastSeen.saveAll() });
  parts.add(
    'last seen',
    steadily(() => state.lastSeen.saveAll(), saveLastSeenEveryMs, log, 'last seen'),
  );
  parts.add(
    'departures',
    steadily(() => state.lastSeen.saveGone(), everySecond, log, 'departures'),
  );
  parts.add('last report', { stop: () => heartbeat.report(ServerState.STOPPED) });
  parts.add(
    'reports',
    steadily(() => heartbeat.report(serving()), everySecond, log, 'report'),
  );
  parts.add(
    'reconciler',
    steadily(() => reconciler.run(), everySecond, log, 'reconciler'),
  );
  parts.add(
    'end',
    steadily(() => endWhereStopped(state), everySecond, log, 'end'),
  );
  parts.add(
    'unread bytes',
    steadily(async () => countUnread(sessions), everySecond, log, 'unread bytes'),
  );
  parts.add('last relays', relays);
  parts.add(
    'relays',
    steadily(async () => relays.tick(), everySecond, log, 'relays'),
  );
  parts.add(
    'sessions of relays',
    steadily(() => relays.endSessions(), everySecond, log, 'sessions of relays'),
  );
  parts.add(
    'pings',
    steadily(async () => pings.turn(now()), config.pingEveryMs, log, 'pings'),
  );
}

function countUnread(sessions: Sessions): void {
  for (const session of sessions.find()) session.tick();
}

function createUsageSaver(host: ServiceHost, { usage, sessions }: State, relays: Relays): () => Promise<void> {
  const store = new UsageStore(host.pool);
  const here = () => new Set([...sessions.find().map(({ person }) => person.id), ...relays.authorIds]);
  return () => usage.save(store.add, here);
}

/**
 * Shuts this process down cleanly if its row in the database says that it has stopped, for whatever
 * reason. In that case, managers send no users here any more. The supervisor then starts a new
 * process.
 */
async function endWhereStopped({ heads, log }: State): Promise<void> {
  if (!(await heads.hasStopped())) return;
  log.warn('the database says that this chat server has stopped; stopping');
  process.kill(process.pid, 'SIGTERM');
}

/** Shares of the stop time: first the drain, then the goodbyes. The rest is a margin. */
const shareOfStop = { drain: 0.75, shutdown: 0.15 } as const;

/**
 * Starts a chat server: its state, its endpoints and its background tasks. A stop begins with a
 * drain. Only tests pass `lease`, to run a server without a valid lease.
 */
export async function startChatService(
  config: ChatServiceConfig,
  context: ProcessContext,
  lease = new Lease(trustLeaseMs),
): Promise<RunningService> {
  const host = await ServiceHost.open(config.host, context);
  const state = createState(host, config, lease);
  const { stopMs } = config.host;
  const reconciler = new Reconciler({ ...state, onLeft: state.counters.onLeft });
  const shutdown = new Shutdown({ ...state, withinMs: stopMs * shareOfStop.shutdown });
  const drain = new Drain({
    ...state,
    announce: async () => heartbeat.report(ServerState.DRAINING),
    onGiven: (channels) => state.counters.onLeft('drained', channels),
    stopWithinMs: stopMs * shareOfStop.drain,
  });
  const background = { reconciler, shutdown, drain };
  countBackground(context.metrics, background);
  const waysIn = createWaysIn(host, config, state, background);
  await host.serve((server) => server.add(ChatService, createEndpoints(host, state, waysIn, background)));
  const heartbeat = await createHeartbeat(host, config, state, reconciler);
  startBackground(host, config, state, heartbeat, background, waysIn.relays);
  host.readiness.require('the managers', () => heartbeat.checkAccepted());
  host.parts.add('shutdown', shutdown);
  host.parts.add('drain', drain);
  return host.run();
}

/**
 * Repeats `work` with jitter. Logs the first of several failures in a row, and the next success.
 */
function steadily(work: () => Promise<void>, everyMs: number, log: Logger, task: string): Part {
  let failing = false;
  const turn = async () => {
    await work();
    if (failing) log.info({ task }, 'task works again');
    failing = false;
  };
  return repeat(everyMs, 0.1, turn, (err) => {
    const cause = err instanceof Refusal ? { cause: err.message } : { err };
    if (!failing) log.warn({ ...cause, task }, 'task failed; retrying');
    failing = true;
  });
}
