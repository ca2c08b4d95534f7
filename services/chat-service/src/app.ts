import { setTimeout as pause } from 'node:timers/promises';
import { ChatService, ServerState } from '@parley/contract';
import { createPool, type Pool } from '@parley/database';
import { clientCredentials, ServiceHost, serviceToken } from '@parley/rpc';
import {
  type Logger,
  limits,
  type Part,
  type ProcessContext,
  Refusal,
  type RunningService,
  repeat,
} from '@parley/runtime';
import { Managers } from './clients/managers.js';
import type { Config } from './config.js';
import { Channels } from './core/channels.js';
import type { Track } from './core/entry.js';
import { FanOut } from './core/fan-out.js';
import { asideAtOnce, Lane } from './core/lane.js';
import { Lease } from './core/lease.js';
import type { ChannelBounds } from './core/live-channel.js';
import { Memory } from './core/sent-before.js';
import { Usage } from './core/usage.js';
import { countChat, countDuties, countLane } from './metrics.js';
import { createCommands } from './rpc/commands.js';
import { ConnectDoor } from './rpc/connect.js';
import { Opener } from './rpc/opening.js';
import { SendDoor } from './rpc/send.js';
import type { Session } from './rpc/session.js';
import { Sessions } from './rpc/sessions.js';
import { HeadStore } from './store/heads.js';
import { MessageStore } from './store/messages.js';
import { SeatStore } from './store/seats.js';
import { UsageStore } from './store/usage.js';
import { Drain } from './upkeep/drain.js';
import { Farewell } from './upkeep/farewell.js';
import { Pings } from './upkeep/pings.js';
import { moment, Reporter } from './upkeep/reporter.js';
import { Sweep } from './upkeep/sweep.js';

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
function openLanePool(host: ServiceHost, config: Config, name: string, max: number, lockTimeout: string): Pool {
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
function openTracks(host: ServiceHost, config: Config): Record<Track, Pool> {
  return {
    main: openLanePool(host, config, 'lane', 1, '200ms'),
    aside: openLanePool(host, config, 'lane aside', asideAtOnce, '2s'),
  };
}

function createLane(messages: MessageStore, lease: Lease, { metrics, log }: ProcessContext): Lane {
  return new Lane({
    bounds: {
      rows: limits.laneBatchRows,
      batchBytes: limits.laneBatchBytes,
      waitingBytes: limits.laneWaitingBytes,
      channelBytes: limits.laneChannelBytes,
      userBytes: limits.laneUserBytes,
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
function createState(host: ServiceHost, config: Config, lease: Lease) {
  const { log, metrics } = host.context;
  const fanOut = new FanOut(setImmediate, (err) => log.error({ err }, 'a reader could not be written to'));
  const usage = new Usage(config.quota);
  const messages = new MessageStore(openTracks(host, config), host.pool, host.bootId, usage);
  const state = {
    channels: new Channels(
      { ...bounds, rate: config.channelRate, senderRate: config.senderRate, memory: new Memory(memoryBounds) },
      fanOut,
    ),
    sessions: new Sessions(),
    lease,
    seats: new SeatStore(host.pool, host.bootId),
    heads: new HeadStore(host.pool, host.bootId, host.secret),
    messages,
    usage,
    lane: createLane(messages, lease, host.context),
    now: () => host.clock.now(),
    log,
  };
  return { ...state, opener: new Opener(state), counters: countChat(metrics, state) };
}

type State = ReturnType<typeof createState>;

/** The duties that doors call upon. */
interface Duties {
  readonly sweep: Sweep;
  readonly farewell: Farewell;
  readonly drain: Drain;
}

function createDoors(host: ServiceHost, config: Config, state: State, { sweep, farewell, drain }: Duties) {
  const { bootId, callers, keys } = host;
  const { now, lane, messages, usage, lease, log, counters } = state;
  const session = {
    messageBytes: config.messageBytes,
    rate: config.senderRate,
    now,
    lane,
    messages,
    usage,
    mayPublish: () => lease.holds(moment()),
    onMoved: () => {
      counters.onFenced();
      sweep.checkHeads().catch((err) => log.warn({ err }, 'the heads could not be read'));
    },
    ...counters,
    onClose: (closed: Session) => farewell.closed(closed),
  };
  const { pingEveryMs } = config;
  const door = new ConnectDoor({ ...state, bootId, keys, session, pingEveryMs, ...counters });
  const drainWithin = (withinMs: number) => void drain.begin(withinMs).then(() => host.setServing(false));
  return {
    connect: { take: door.connect },
    subscribe: { take: door.subscribe },
    send: { bytes: new SendDoor({ ...state, bootId, keys }).send },
    ...createCommands({
      ...state,
      bootId,
      callers,
      drain: drainWithin,
      showLast: (leaving) => sweep.showLast(leaving),
    }),
  };
}

async function createReporter(host: ServiceHost, config: Config, state: State, sweep: Sweep): Promise<Reporter> {
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
  return new Reporter({
    ...state,
    identity,
    managers,
    unansweredMs: () => sweep.unansweredMs,
    onCutOff: () => sweep.leaveEverything(),
    onDoubt: () => sweep.checkHeads(),
  });
}

/** What a chat server does every second, from its first report to its last. */
function startDuties(
  host: ServiceHost,
  config: Config,
  state: State,
  reporter: Reporter,
  { sweep, drain }: Duties,
): void {
  const { parts } = host;
  const { now, sessions, log } = state;
  const saveUsage = createUsageSaver(host, state);
  const pings = new Pings(sessions, config.pingEveryMs);
  const serving = () => (drain.begun ? ServerState.DRAINING : ServerState.SERVING);
  parts.add('last usage', { stop: saveUsage });
  parts.add('usage', steadily(saveUsage, saveUsageEveryMs, log, 'usage'));
  parts.add('last report', { stop: () => reporter.report(ServerState.STOPPED) });
  parts.add(
    'reports',
    steadily(() => reporter.report(serving()), everySecond, log, 'report'),
  );
  parts.add(
    'sweep',
    steadily(() => sweep.run(), everySecond, log, 'sweep'),
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
const shareOfStop = { drain: 0.75, farewell: 0.15 } as const;

/**
 * Plugs a chat server together: its state, its doors, its duties. It stops with a drain. Only a test that wants to see
 * what happens without one gives another lease.
 */
export async function startApp(
  config: Config,
  context: ProcessContext,
  lease = new Lease(trustLeaseMs),
): Promise<RunningService> {
  const host = await ServiceHost.open(config.host, context);
  const state = createState(host, config, lease);
  const { stopMs } = config.host;
  const sweep = new Sweep({ ...state, onLeft: state.counters.onLeft });
  const farewell = new Farewell({ ...state, withinMs: stopMs * shareOfStop.farewell });
  const drain = new Drain({
    ...state,
    announce: async () => reporter.report(ServerState.DRAINING),
    onGiven: (channels) => state.counters.onLeft('drained', channels),
    stopWithinMs: stopMs * shareOfStop.drain,
  });
  const duties = { sweep, farewell, drain };
  countDuties(context.metrics, duties);
  await host.serve((server) => server.add(ChatService, createDoors(host, config, state, duties)));
  const reporter = await createReporter(host, config, state, sweep);
  startDuties(host, config, state, reporter, duties);
  host.readiness.require('the managers', () => reporter.checkAccepted());
  host.parts.add('farewell', farewell);
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
