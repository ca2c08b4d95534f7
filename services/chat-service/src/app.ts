import { setTimeout as pause } from 'node:timers/promises';
import { ChatService, ServerState } from '@parley/contract';
import { createPool, type Pool } from '@parley/database';
import { FlushQueue } from '@parley/fanout';
import {
  type Logger,
  limits,
  type Part,
  type ProcessContext,
  Refusal,
  type RunningService,
  repeat,
} from '@parley/runtime';
import { clientCredentials, ServiceHost, serviceToken } from '@parley/service-kit';
import { Drain } from './background/drain.js';
import { Heartbeat, moment } from './background/heartbeat.js';
import { Pings } from './background/pings.js';
import { Reconciler } from './background/reconciler.js';
import { Shutdown } from './background/shutdown.js';
import { Managers } from './clients/managers.js';
import type { ChatServiceConfig } from './config.js';
import { AppendQueue, asideAtOnce } from './core/append-queue.js';
import { Channels } from './core/channels.js';
import { DedupeMemory } from './core/dedupe-cache.js';
import type { Track } from './core/entry.js';
import { Lease } from './core/lease.js';
import type { ChannelBounds } from './core/live-channel.js';
import { Usage } from './core/usage.js';
import { countChat, countDuties, countLane } from './metrics.js';
import { createCommands } from './rpc/commands.js';
import { ConnectHandler } from './rpc/connect.js';
import { SendHandler } from './rpc/send.js';
import { ChannelLoader } from './session/channel-loader.js';
import type { ChatSession } from './session/session.js';
import { Sessions } from './session/sessions.js';
import { HeadStore } from './store/heads.js';
import { MessageStore } from './store/messages.js';
import { SeatStore } from './store/seats.js';
import { UsageStore } from './store/usage.js';

const bounds: Omit<ChannelBounds, 'rate' | 'senderRate' | 'memory'> = {
  ringBytes: limits.ringBytes,
  lossyRingBytes: limits.lossyRingBytes,
  writeBytes: limits.writeBytes,
};
const memoryBounds = {
  ms: limits.clientIdMs,
  ofSender: limits.clientIdsPerSender,
  ofAll: limits.clientIdsRemembered,
};
/** The database's lease is 3 s; this server trusts it half a second less. */
const trustLeaseMs = 2_500;
const everySecond = 1_000;
const saveUsageEveryMs = 5_000;

/** For writing only; plans of these statements never change. */
function openLanePool(
  host: ServiceHost,
  config: ChatServiceConfig,
  name: string,
  max: number,
  lockTimeout: string,
): Pool {
  const pool = createPool({
    url: config.host.databaseUrl,
    applicationName: `parley chat-service ${name}`,
    max,
    statementTimeoutMs: 5_000,
    session: { lock_timeout: lockTimeout, jit: 'off', plan_cache_mode: 'force_generic_plan' },
    onLost: (err) => host.context.log.warn({ err }, `a connection of the ${name} was lost`),
  });
  return host.parts.add(name, { pool, stop: () => pool.end() }).pool;
}

/** All channels share one batch in flight, and so wait for no lock for long; one that was locked waits apart from the others. */
function openTracks(host: ServiceHost, config: ChatServiceConfig): Record<Track, Pool> {
  return {
    main: openLanePool(host, config, 'lane', 1, '200ms'),
    aside: openLanePool(host, config, 'lane aside', asideAtOnce, '2s'),
  };
}

function createLane(messages: MessageStore, lease: Lease, { metrics, log }: ProcessContext): AppendQueue {
  return new AppendQueue({
    bounds: {
      rows: limits.appendBatchRows,
      batchBytes: limits.appendBatchBytes,
      waitingBytes: limits.appendQueueBytes,
      channelBytes: limits.appendQueueChannelBytes,
      userBytes: limits.appendQueueUserBytes,
    },
    append: messages.append,
    mayWrite: () => lease.holds(moment()),
    atTurnEnd: setImmediate,
    now: () => performance.now(),
    pause,
    ...countLane(metrics, log),
  });
}

/** What a chat server has in memory, and how it reads and changes the database. */
function createState(host: ServiceHost, config: ChatServiceConfig, lease: Lease) {
  const { log, metrics } = host.context;
  const flushQueue = new FlushQueue(setImmediate, (err) => log.error({ err }, 'a reader could not be written to'));
  const usage = new Usage(config.quota);
  const messages = new MessageStore(openTracks(host, config), host.pool, host.bootId, usage);
  const state = {
    channels: new Channels(
      { ...bounds, rate: config.channelRate, senderRate: config.senderRate, memory: new DedupeMemory(memoryBounds) },
      flushQueue,
    ),
    sessions: new Sessions(),
    lease,
    seats: new SeatStore(host.pool, host.bootId),
    heads: new HeadStore(host.pool, host.bootId, host.secret),
    messages,
    usage,
    appendQueue: createLane(messages, lease, host.context),
    now: () => host.clock.now(),
    log,
  };
  return { ...state, channelLoader: new ChannelLoader(state), counters: countChat(metrics, state) };
}

type State = ReturnType<typeof createState>;

/** The duties that doors call upon. */
interface Duties {
  readonly reconciler: Reconciler;
  readonly shutdown: Shutdown;
  readonly drain: Drain;
}

function createDoors(
  host: ServiceHost,
  config: ChatServiceConfig,
  state: State,
  { reconciler, shutdown, drain }: Duties,
) {
  const { bootId, callers, keys } = host;
  const { now, appendQueue, messages, usage, lease, log, counters } = state;
  const session = {
    messageBytes: config.messageBytes,
    rate: config.senderRate,
    now,
    appendQueue,
    messages,
    usage,
    mayPublish: () => lease.holds(moment()),
    onMoved: () => {
      counters.onFenced();
      reconciler.checkHeads().catch((err) => log.warn({ err }, 'the heads could not be read'));
    },
    ...counters,
    onClose: (closed: ChatSession) => shutdown.closed(closed),
  };
  const { pingEveryMs } = config;
  const door = new ConnectHandler({ ...state, bootId, keys, session, pingEveryMs, ...counters });
  const drainWithin = (withinMs: number) => void drain.begin(withinMs).then(() => host.setServing(false));
  return {
    connect: { take: door.connect },
    subscribe: { take: door.subscribe },
    send: { bytes: new SendHandler({ ...state, bootId, keys }).send },
    ...createCommands({
      ...state,
      bootId,
      callers,
      drain: drainWithin,
      showLast: (leaving) => reconciler.showLast(leaving),
    }),
  };
}

async function createReporter(
  host: ServiceHost,
  config: ChatServiceConfig,
  state: State,
  reconciler: Reconciler,
): Promise<Heartbeat> {
  const { bootId } = host;
  const { settings } = host.context;
  const key = await host.signingKey(serviceToken('chat'));
  const managers = new Managers(config.managers, clientCredentials(settings), key, bootId);
  host.parts.add('managers', managers);
  const identity = {
    bootId,
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

/** What a chat server does every second, from its first report to its last. */
function startDuties(
  host: ServiceHost,
  config: ChatServiceConfig,
  state: State,
  heartbeat: Heartbeat,
  { reconciler, drain }: Duties,
): void {
  const { parts } = host;
  const { now, sessions, log } = state;
  const saveUsage = createUsageSaver(host, state);
  const pings = new Pings(sessions, config.pingEveryMs);
  const serving = () => (drain.begun ? ServerState.DRAINING : ServerState.SERVING);
  parts.add('last usage', { stop: saveUsage });
  parts.add('usage', steadily(saveUsage, saveUsageEveryMs, log, 'usage'));
  parts.add('last report', { stop: () => heartbeat.report(ServerState.STOPPED) });
  parts.add(
    'reports',
    steadily(() => heartbeat.report(serving()), everySecond, log, 'report'),
  );
  parts.add(
    'sweep',
    steadily(() => reconciler.run(), everySecond, log, 'sweep'),
  );
  parts.add(
    'end',
    steadily(() => endWhereStopped(state), everySecond, log, 'end'),
  );
  parts.add(
    'pings',
    steadily(async () => pings.turn(now()), config.pingEveryMs, log, 'pings'),
  );
}

function createUsageSaver(host: ServiceHost, { usage, sessions }: State): () => Promise<void> {
  const store = new UsageStore(host.pool);
  return () => usage.save(store.add, () => new Set(sessions.find().map(({ person }) => person.id)));
}

/** Whoever wrote that this server has stopped: nobody is sent here any more, so it ends in order and its supervisor starts another. */
async function endWhereStopped({ heads, log }: State): Promise<void> {
  if (!(await heads.hasStopped())) return;
  log.warn('the database says that this chat server has stopped: it ends');
  process.kill(process.pid, 'SIGTERM');
}

/** A stop has time for the drain, then for readers to take their goodbye, and something to spare. */
const shareOfStop = { drain: 0.75, shutdown: 0.15 } as const;

/**
 * Plugs a chat server together: its state, its doors, its duties. It stops with a drain. Only a test that wants to see
 * what happens without one gives another lease.
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
  const duties = { reconciler, shutdown, drain };
  countDuties(context.metrics, duties);
  await host.serve((server) => server.add(ChatService, createDoors(host, config, state, duties)));
  const heartbeat = await createReporter(host, config, state, reconciler);
  startDuties(host, config, state, heartbeat, duties);
  host.readiness.require('the managers', () => heartbeat.checkAccepted());
  host.parts.add('farewell', shutdown);
  host.parts.add('drain', drain);
  return host.run();
}

/** Repeats with jitter; a failure that lasts is logged once, and once when it is over. */
function steadily(work: () => Promise<void>, everyMs: number, log: Logger, duty: string): Part {
  let failing = false;
  const turn = async () => {
    await work();
    if (failing) log.info({ duty }, 'works again');
    failing = false;
  };
  return repeat(everyMs, 0.1, turn, (err) => {
    const cause = err instanceof Refusal ? { cause: err.message } : { err };
    if (!failing) log.warn({ ...cause, duty }, 'failed; trying on');
    failing = true;
  });
}
