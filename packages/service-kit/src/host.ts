import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  checkSchema,
  checkServer,
  createPool,
  DatabaseClock,
  type DatabaseUrl,
  extraConnections,
  isAway,
  type Pool,
  type ServiceRole,
  statementRuns,
  usableConnections,
  WrongServerError,
} from '@parley/database';
import {
  dialable,
  hostAndPort,
  isLoopback,
  Lifecycle,
  type Logger,
  limits,
  type ProcessContext,
  type RunningService,
  repeat,
  type Settings,
  startOpsServer,
} from '@parley/runtime';

import { Callers } from './auth/callers.js';
import { SigningKey } from './auth/signing-key.js';
import type { TokenKind } from './auth/tokens.js';
import { TrustedKeys } from './auth/trusted-keys.js';
import { connectionBounds } from './connections.js';
import { Certificates } from './grpc/certificates.js';
import { Proxies } from './grpc/proxies.js';
import { GrpcServerBuilder, type RunningGrpcServer } from './grpc/server.js';
import { Readiness } from './readiness.js';
import { databaseUrlOf } from './secret-file.js';
import { watchStatements } from './statement-log.js';
import { startTracing } from './tracing/start-tracing.js';

/** Configuration that every service has. */
export interface HostConfig {
  readonly service: string;
  readonly databaseUrl: DatabaseUrl;
  readonly connections: number;
  readonly host: string;
  readonly port: number;
  /** Port of the gRPC server, if `port` is the port of another server. */
  readonly grpcPort?: number;
  readonly adminPort: number;
  readonly stopMs: number;
  readonly streamsPerConnection: number;
}

/**
 * Reads the configuration that every service has.
 * @throws {Error} one sentence if no database URL is set, or its file cannot be read.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { readHostConfig } from '@parley/service-kit';
 *
 * const config = readHostConfig(readSettings(process.env), 'user-service', 50_051, 'chat_user');
 * ```
 */
export function readHostConfig(
  settings: Settings,
  service: string,
  defaultPort: number,
  role: ServiceRole,
): HostConfig {
  const databaseUrl = databaseUrlOf(settings, 'DATABASE_URL');
  if (databaseUrl === undefined) {
    throw new Error(
      `Set PARLEY_DATABASE_URL to your PostgreSQL, with the role ${role}. \`npm start\` does that for you.`,
    );
  }
  const port = settings.PORT ?? defaultPort;
  return {
    service,
    databaseUrl,
    connections: settings.DATABASE_CONNECTIONS,
    host: settings.HOST,
    port,
    adminPort: settings.ADMIN_PORT ?? (port === 0 ? 0 : port + 1_000),
    stopMs: settings.STOP_SECONDS * 1_000,
    streamsPerConnection: haveStreams.has(role) ? limits.streamsPerConnection : limits.callsPerConnection,
  };
}

/** Roles of the services whose calls are streams that stay open. */
const haveStreams: ReadonlySet<ServiceRole> = new Set(['chat_server', 'chat_gateway']);

const statementTimeoutMs = 5_000;
/** Timeouts for waiting on a row lock and for an idle transaction. Both would block other calls. */
const session = { lock_timeout: '2s', idle_in_transaction_session_timeout: '3s' };
/** Interval of clock checks and key checks. */
const checkEveryMs = 3_000;

const waitForDatabaseMs = 30_000;
const retryEveryMs = 500;

async function startClock(pool: Pool): Promise<DatabaseClock> {
  await checkServer(pool);
  await checkSchema(pool);
  return DatabaseClock.start(pool);
}

/**
 * Does one step of a start, and repeats it while the database is away, because the database may
 * start at the same time as this process.
 */
async function startPatiently<T>(step: () => Promise<T>, url: DatabaseUrl, log: Logger): Promise<T> {
  const end = performance.now() + waitForDatabaseMs;
  for (let isLogged = false; ; await pause(retryEveryMs)) {
    try {
      return await step();
    } catch (cause) {
      if (!isAway(cause)) throw cause;
      if (performance.now() > end) throw cause instanceof WrongServerError ? cause : databaseAway(url, cause);
    }
    if (!isLogged) log.info({ database: hostOf(url) }, 'waiting for the database');
    isLogged = true;
  }
}

async function ipOf(host: string): Promise<string> {
  try {
    return (await lookup(dialable(host))).address;
  } catch (cause) {
    throw new Error(`PARLEY_HOST=${host} does not resolve. Use an address of this machine, 0.0.0.0 or ::.`, { cause });
  }
}

/** Returns the host of a URL. The whole URL is not shown, because it contains the password. */
function hostOf(url: DatabaseUrl): string {
  return new URL(typeof url === 'string' ? url : url()).host;
}

function databaseAway(url: DatabaseUrl, cause: unknown): Error {
  return new Error(`No database responds at ${hostOf(url)}. Start it, or correct PARLEY_DATABASE_URL.`, { cause });
}

/** Warns if PostgreSQL has too few free connections, because some calls would fail later. */
async function checkConnections(pool: Pool, wanted: number, { log }: ProcessContext): Promise<void> {
  const usable = await usableConnections(pool);
  const { rows } = await pool.query<{ open: number }>('SELECT sum(numbackends)::int AS open FROM pg_stat_database');
  const open = rows[0]?.open ?? 0;
  if (usable - open >= wanted) return;
  const { chat_server, chat_manager, chat_gateway } = extraConnections;
  const advice = `raise max_connections to the sum of PARLEY_DATABASE_CONNECTIONS of all processes, plus ${chat_server} per chat server, ${chat_manager} per manager and ${chat_gateway} per gateway, plus 10`;
  log.warn({ usable, open, wanted, advice }, 'too few free PostgreSQL connections');
}

function countConnections({ metrics }: ProcessContext, pool: Pool): void {
  metrics.levels('parley_database_connections', 'connections in the database pool, by state', 'state', () => ({
    used: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
  }));
  metrics.gauge(
    'parley_database_waiting',
    'calls that wait for a connection of the database pool',
    () => pool.waitingCount,
  );
  metrics.totals(
    'parley_statements_total',
    'prepared statements that the database has run, by name',
    'statement',
    statementRuns,
  );
}

/**
 * Parts that every service has: database, clock, keys, gRPC server and ops port. They stop in
 * reverse order of their start.
 * @example
 * ```ts
 * import { User, UserService } from '@parley/contract';
 * import { runProcess } from '@parley/runtime';
 * import { forUser, readHostConfig, ServiceHost } from '@parley/service-kit';
 *
 * await runProcess('user-service', async (context) => {
 *   const config = readHostConfig(context.settings, 'user-service', 50_051, 'chat_user');
 *   const host = await ServiceHost.open(config, context);
 *   const get = forUser(host.callers, async (request: User) => User.fromPartial({ id: request.id }));
 *   await host.serve((builder) => builder.add(UserService, { get }));
 *   return host.run();
 * });
 * ```
 */
export class ServiceHost {
  /** Instance id: identifies one run of this process. */
  readonly instanceId = randomUUID();
  /**
   * Secret that proves that a key or a lease renewal comes from this process. Only the database
   * sees it, and stores only its hash.
   */
  readonly secret = randomBytes(32);
  readonly pool: Pool;
  readonly clock: DatabaseClock;
  readonly keys: TrustedKeys;
  readonly callers: Callers;
  readonly parts: Lifecycle;
  readonly context: ProcessContext;
  readonly readiness: Readiness;
  readonly certificates: Certificates;
  readonly #config: HostConfig;
  readonly #ip: string;
  #grpc: RunningGrpcServer | undefined;

  private constructor(
    config: HostConfig,
    context: ProcessContext,
    ip: string,
    certificates: Certificates,
    pool: Pool,
    clock: DatabaseClock,
    parts: Lifecycle,
  ) {
    this.#config = config;
    this.#ip = ip;
    this.certificates = certificates;
    this.context = context;
    this.pool = pool;
    this.clock = clock;
    this.parts = parts;
    this.keys = new TrustedKeys(pool, clock);
    this.callers = new Callers(this.keys, pool, certificates.areRequired);
    this.readiness = parts.add('readiness', new Readiness(pool, context.metrics));
  }

  /**
   * Opens the certificates, the database, and the parts that need only these.
   * @throws {Error} one sentence if a certificate cannot be used, or the database is unreachable, too
   * old or not migrated.
   */
  static async open(config: HostConfig, context: ProcessContext): Promise<ServiceHost> {
    const { log } = context;
    const ip = await ipOf(config.host);
    const parts = new Lifecycle(log);
    parts.add('traces', await startTracing(config.service, log));
    const certificates = parts.add('certificates', new Certificates(context));
    const pool = createPool({
      url: config.databaseUrl,
      applicationName: `parley ${config.service}`,
      max: config.connections,
      statementTimeoutMs,
      session,
      onLost: (err) => log.warn({ err }, 'database connection lost'),
      checksTimeline: true,
    });
    parts.add('database', { stop: () => pool.end() });
    countConnections(context, pool);
    parts.add('statement timing', watchStatements(context));
    const clock = await startPatiently(() => startClock(pool), config.databaseUrl, log).catch(
      async (cause: unknown) => {
        await parts.stop();
        throw cause;
      },
    );
    await checkConnections(pool, config.connections, context).catch(() => {}); // This check only warns.
    const host = new ServiceHost(config, context, ip, certificates, pool, clock, parts);
    host.#repeat('clock', async () => {
      const stepMs = await clock.measure(pool);
      if (stepMs !== 0) log.warn({ stepMs }, 'database clock stepped');
    });
    return host;
  }

  /**
   * Creates and publishes a signing key of this process. Renews it while the process runs.
   * @throws {Error} of the database.
   */
  async signingKey<C extends object>(kind: TokenKind<C>): Promise<SigningKey<C>> {
    const key = new SigningKey(kind, this.instanceId, this.pool, this.clock, this.secret);
    await this.patiently(() => key.start());
    this.readiness.require('the signing keys', () => key.tend());
    this.#repeat(`${kind.purpose} key`, () => key.tend());
    return key;
  }

  /**
   * Does one step of the start of this process. Repeats it for up to 30 s while the database is
   * away.
   * @throws {Error} one sentence if the database stays away, or the error of the step.
   */
  patiently<T>(step: () => Promise<T>): Promise<T> {
    return startPatiently(step, this.#config.databaseUrl, this.context.log);
  }

  #repeat(name: string, work: () => Promise<void>): void {
    const failed = (err: unknown) => this.context.log.warn({ err }, `${name} check failed; will retry`);
    this.parts.add(name, repeat(checkEveryMs, 0.1, work, failed));
  }

  get #port(): number {
    return this.#grpc?.port ?? this.#grpcPort;
  }

  get #grpcPort(): number {
    return this.#config.grpcPort ?? this.#config.port;
  }

  /**
   * Address at which this machine dials the gRPC server. The port is known once the server listens.
   */
  get address(): string {
    return hostAndPort(dialable(this.#config.host), this.#port);
  }

  /** The address of the gRPC server with an IP address in place of a host name. */
  get ipAddress(): string {
    return hostAndPort(this.#ip, this.#port);
  }

  /** Number of open connections to the gRPC server. */
  get connections(): number {
    return this.#grpc?.connections ?? 0;
  }

  setServing(serving: boolean): void {
    this.#grpc?.setServing(serving);
  }

  /** Makes clients open new connections to the gRPC server, as `RunningGrpcServer` describes. */
  closeConnections(withinMs: number): void {
    this.#grpc?.closeConnections(withinMs);
  }

  /** Starts the gRPC server with the services that `add` adds to it. */
  async serve(add: (builder: GrpcServerBuilder) => void): Promise<void> {
    const { settings, log, metrics } = this.context;
    const { server: credentials } = this.certificates;
    const builder = new GrpcServerBuilder({
      host: this.#config.host,
      port: this.#grpcPort,
      credentials,
      reflection: settings.REFLECTION ?? isLoopback(settings.HOST),
      log,
      metrics,
      stopMs: this.#config.stopMs,
      proxies: new Proxies(settings.PROXIES),
      connections: connectionBounds(settings),
      streamsPerConnection: this.#config.streamsPerConnection,
    });
    add(builder);
    this.#grpc = this.parts.add('grpc', await builder.start());
  }

  /**
   * Opens the ops port, unless it is off, and returns the running service. `endpoints` are its
   * other addresses by name.
   */
  async run(endpoints: RunningService['listens'] = { grpc: this.address }): Promise<RunningService> {
    const { host, adminPort } = this.#config;
    const listens: Record<string, string> = { ...endpoints };
    if (adminPort !== 0) {
      const ready = () => this.readiness.check();
      const ops = await startOpsServer({ host, port: adminPort, metrics: this.context.metrics, ready });
      this.parts.add('ops', ops);
      listens.admin = hostAndPort(dialable(host), ops.port);
    }
    return { listens, stop: () => this.parts.stop() };
  }
}
