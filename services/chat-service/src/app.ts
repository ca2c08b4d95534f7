import { ChatServiceService, ServerState } from '@parley/contract';
import { clientCredentials, ServiceHost, SigningKey, serviceToken } from '@parley/rpc';
import { type Logger, limits, type Part, type ProcessContext, type RunningService, repeat } from '@parley/runtime';
import { Managers } from './clients/managers.js';
import type { Config } from './config.js';
import { Channels } from './core/channels.js';
import { FanOut } from './core/fan-out.js';
import { Lease } from './core/lease.js';
import type { ChannelBounds } from './core/live-channel.js';
import { countChat } from './metrics.js';
import { createCommands } from './rpc/commands.js';
import { ConnectDoor } from './rpc/connect.js';
import { Sessions } from './rpc/sessions.js';
import { HeadStore } from './store/heads.js';
import { SeatStore } from './store/seats.js';
import { Farewell } from './upkeep/farewell.js';
import { Pings } from './upkeep/pings.js';
import { moment, Reporter } from './upkeep/reporter.js';
import { Sweep } from './upkeep/sweep.js';

const bounds: ChannelBounds = {
  ringBytes: limits.ringBytes,
  lossyRingBytes: limits.lossyRingBytes,
  writeBytes: limits.writeBytes,
  messagesPerSecond: limits.channelMessagesPerSecond,
  bytesPerSecond: limits.channelBytesPerSecond,
};
/** The database's lease is 3 s; this server trusts it half a second less. */
const trustLeaseMs = 2_500;
const everySecond = 1_000;

/** Plugs a chat server together: what it has in memory, its doors, and what it does every second. */
export async function startApp(config: Config, context: ProcessContext): Promise<RunningService> {
  const { log } = context;
  const host = await ServiceHost.open(config.host, context);
  const { bootId, pool, clock } = host;
  const now = () => clock.now();

  const fanOut = new FanOut(setImmediate, (err) => log.error({ err }, 'a member could not be written to'));
  const channels = new Channels(bounds, fanOut);
  const sessions = new Sessions();
  const lease = new Lease(trustLeaseMs);
  const seats = new SeatStore(pool, bootId);
  const heads = new HeadStore(pool, bootId);
  const counters = countChat(context.metrics, { channels, sessions, lease });

  const key = new SigningKey(serviceToken('chat'), bootId, pool, clock);
  const managers = host.parts.add(
    'managers',
    new Managers(config.managers, clientCredentials(context.settings), key, bootId),
  );
  const sweep = new Sweep({ seats, heads, channels, sessions, now, log });
  const farewell = new Farewell({ sessions, seats, heads, withinMs: config.host.stopMs / 2, log });

  const connect = new ConnectDoor({
    bootId,
    keys: host.keys,
    seats,
    channels,
    sessions,
    session: {
      messageBytes: config.messageBytes,
      now,
      mayPublish: () => lease.holds(moment()),
      ...counters,
      onClose: (session) => farewell.closed(session),
    },
    pingEveryMs: config.pingEveryMs,
    draining: () => farewell.begun,
    log,
  });
  const commands = createCommands({ bootId, callers: host.callers, channels, sessions, heads, now });
  await host.serve((server) =>
    server.add('chat.v1.ChatService', ChatServiceService, { connect: { take: connect.take }, ...commands }),
  );

  const identity = {
    bootId,
    name: config.name,
    addr: config.addr ?? host.address,
    internalAddr: config.internalAddr ?? host.address,
    tls: context.settings.TLS_CERT !== undefined,
  };
  const reporter = new Reporter({
    identity,
    managers,
    heads,
    lease,
    channels,
    sessions,
    onDoubt: () => sweep.checkHeads(),
    log,
  });
  host.parts.add('last report', { stop: () => reporter.report(ServerState.STOPPED) });
  const state = () => (farewell.begun ? ServerState.DRAINING : ServerState.SERVING);
  const pings = new Pings(sessions, config.pingEveryMs);
  host.parts.add(
    'reports',
    everySoOften(() => reporter.report(state()), everySecond, log, 'report'),
  );
  host.parts.add(
    'sweep',
    everySoOften(() => sweep.run(), everySecond, log, 'sweep'),
  );
  host.parts.add(
    'pings',
    everySoOften(async () => pings.turn(now()), config.pingEveryMs, log, 'pings'),
  );
  host.parts.add('farewell', farewell);
  return host.run();
}

/** Repeats with jitter; a failure that lasts is logged once, and once when it is over. */
function everySoOften(work: () => Promise<void>, everyMs: number, log: Logger, duty: string): Part {
  let failing = false;
  const turn = async () => {
    await work();
    if (failing) log.info({ duty }, 'works again');
    failing = false;
  };
  return repeat(everyMs, 0.1, turn, (err) => {
    if (!failing) log.warn({ err, duty }, 'failed; trying on');
    failing = true;
  });
}
