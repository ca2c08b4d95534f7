import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  checkSchema,
  checkServer,
  createPool,
  DatabaseClock,
  isAway,
  type Pool,
  type ServiceRole,
  usableConnections,
} from '@parley/database';
import {
  dialable,
  hostAndPort,
  Lifecycle,
  type Logger,
  limits,
  type ProcessContext,
  type RunningService,
  repeat,
  type Settings,
  startAdminServer,
} from '@parley/runtime';

import { Callers } from './auth/callers.js';
import { SigningKey } from './auth/signing-key.js';
import type { TokenKind } from './auth/tokens.js';
import { TrustedKeys } from './auth/trusted-keys.js';
import { isLoopback } from './grpc/key-pair.js';
import { Proxies } from './grpc/proxies.js';
import { renewKeyPair } from './grpc/renewal.js';
import { GrpcServerBuilder, type RunningGrpcServer, renewCredentials, serverCredentials } from './grpc/server.js';
import { Readiness } from './readiness.js';

/** What every service needs of the settings. */
export interface HostConfig {
  readonly service: string;
  readonly databaseUrl: string;
  readonly connections: number;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly stopMs: number;
  readonly streamsPerConnection: number;
}

function readUrl(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`PARLEY_DATABASE_URL_FILE=${file} cannot be read: correct the path or its permissions`, { cause });
  }
}

/**
 * The host part of a service's configuration.
 * @throws {Error} one sentence where there is no database URL.
 */
export function readHostConfig(
  settings: Settings,
  service: string,
  defaultPort: number,
  role: ServiceRole,
): HostConfig {
  const databaseUrl = settings.DATABASE_URL ?? readUrl(settings.DATABASE_URL_FILE);
  if (databaseUrl === undefined) {
    throw new Error(
      `set PARLEY_DATABASE_URL to your PostgreSQL, with the role ${role}; \`npm start\` does all of it for you`,
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
    streamsPerConnection: role === 'chat_server' ? limits.streamsPerConnection : limits.callsPerConnection,
  };
}

const statementTimeoutMs = 5_000;
/** Whoever waits for a row, or holds one without a word, hinders others. */
const session = { lock_timeout: '2s', idle_in_transaction_session_timeout: '3s' };
/** So long a step of the database's clock goes unnoticed, and a key that is gone stays gone. */
const lookEveryMs = 3_000;

const patienceMs = 30_000;
const tryEveryMs = 500;

async function startClock(pool: Pool): Promise<DatabaseClock> {
  await checkServer(pool);
  await checkSchema(pool);
  return DatabaseClock.start(pool);
}

/** A database that starts together with this process is waited for. */
async function startClockPatiently(pool: Pool, url: string, log: Logger): Promise<DatabaseClock> {
  const end = performance.now() + patienceMs;
  for (let isSaid = false; ; await pause(tryEveryMs)) {
    try {
      return await startClock(pool);
    } catch (cause) {
      if (!isAway(cause)) throw cause;
      if (performance.now() > end) throw databaseAway(url, cause);
    }
    if (!isSaid) log.info({ database: new URL(url).host }, 'waiting for the database');
    isSaid = true;
  }
}

async function ipOf(host: string): Promise<string> {
  try {
    return (await lookup(dialable(host))).address;
  } catch (cause) {
    throw new Error(`PARLEY_HOST=${host} has no address: use one of this machine, or 0.0.0.0 or ::`, { cause });
  }
}

function databaseAway(url: string, cause: unknown): Error {
  const { host } = new URL(url); // never the whole: it holds the password
  return new Error(`no database answers at ${host}: start it, or correct PARLEY_DATABASE_URL`, { cause });
}

/** A process that finds too few connections would fail later, for some calls only. */
async function checkConnections(pool: Pool, wanted: number, { log }: ProcessContext): Promise<void> {
  const usable = await usableConnections(pool);
  const { rows } = await pool.query<{ open: number }>('SELECT sum(numbackends)::int AS open FROM pg_stat_database');
  const open = rows[0]?.open ?? 0;
  if (usable - open >= wanted) return;
  const advice =
    'raise max_connections: it should be PARLEY_DATABASE_CONNECTIONS of all processes together, one more for each chat server, and 10';
  log.warn({ usable, open, wanted }, `PostgreSQL has too few connections for this process: ${advice}`);
}

function countConnections({ metrics }: ProcessContext, pool: Pool): void {
  metrics.levels('parley_database_connections', 'connections of the pool of this process', 'state', () => ({
    used: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
  }));
  metrics.gauge('parley_database_waiting', 'calls that wait for a connection of the pool', () => pool.waitingCount);
}

/** The parts that every service has: database, clock, keys, gRPC server, admin server; stopped in reverse order. */
export class ServiceHost {
  /** One life of this process. */
  readonly bootId = randomUUID();
  /** Proves that a key or a renewal of the lease is of this process. It never leaves it but to the database, which keeps a hash. */
  readonly secret = randomBytes(32);
  readonly pool: Pool;
  readonly clock: DatabaseClock;
  readonly keys: TrustedKeys;
  readonly callers: Callers;
  readonly parts: Lifecycle;
  readonly context: ProcessContext;
  readonly readiness: Readiness;
  readonly #config: HostConfig;
  readonly #ip: string;
  #grpc: RunningGrpcServer | undefined;

  private constructor(
    config: HostConfig,
    context: ProcessContext,
    ip: string,
    pool: Pool,
    clock: DatabaseClock,
    parts: Lifecycle,
  ) {
    this.#config = config;
    this.#ip = ip;
    this.context = context;
    this.pool = pool;
    this.clock = clock;
    this.parts = parts;
    this.keys = new TrustedKeys(pool, clock);
    this.callers = new Callers(this.keys, pool);
    this.readiness = parts.add('readiness', new Readiness(pool, context.metrics));
  }

  /** Opens the database. Rejects with one sentence where it is away, too old, or not migrated. */
  static async open(config: HostConfig, context: ProcessContext): Promise<ServiceHost> {
    const { log } = context;
    const ip = await ipOf(config.host);
    const parts = new Lifecycle(log);
    const pool = createPool({
      url: config.databaseUrl,
      applicationName: `parley ${config.service}`,
      max: config.connections,
      statementTimeoutMs,
      session,
      onLost: (err) => log.warn({ err }, 'a database connection was lost'),
    });
    parts.add('database', { stop: () => pool.end() });
    countConnections(context, pool);
    const clock = await startClockPatiently(pool, config.databaseUrl, log).catch(async (cause: unknown) => {
      await parts.stop();
      throw cause;
    });
    await checkConnections(pool, config.connections, context).catch(() => {}); // it only warns
    const host = new ServiceHost(config, context, ip, pool, clock, parts);
    host.#repeat('clock', async () => {
      const stepMs = await clock.measure(pool);
      if (stepMs !== 0) log.warn({ stepMs }, "the database's clock was set; it is followed");
    });
    return host;
  }

  /** A key of this process, published now and looked after from now on. Rejects with the database error. */
  async signingKey<C extends object>(kind: TokenKind<C>): Promise<SigningKey<C>> {
    const key = new SigningKey(kind, this.bootId, this.pool, this.clock, this.secret);
    await key.start();
    this.readiness.require('the database of keys', () => key.tend());
    this.#repeat(`key of ${kind.purpose}`, () => key.tend());
    return key;
  }

  #repeat(name: string, work: () => Promise<void>): void {
    const failed = (err: unknown) =>
      this.context.log.warn({ err }, `the ${name} was not looked after; it is tried again`);
    this.parts.add(name, repeat(lookEveryMs, 0.1, work, failed));
  }

  get #port(): number {
    return this.#grpc?.port ?? this.#config.port;
  }

  /** Where the gRPC server is reached from this machine; its port is known once it listens. */
  get address(): string {
    return hostAndPort(dialable(this.#config.host), this.#port);
  }

  /** The same by IP address. */
  get ipAddress(): string {
    return hostAndPort(this.#ip, this.#port);
  }

  setServing(serving: boolean): void {
    this.#grpc?.setServing(serving);
  }

  /** Starts the gRPC server with the services that `add` gives it. */
  async serve(add: (builder: GrpcServerBuilder) => void): Promise<void> {
    const { settings, log, metrics } = this.context;
    const credentials = serverCredentials(settings);
    const builder = new GrpcServerBuilder({
      host: this.#config.host,
      port: this.#config.port,
      credentials,
      reflection: settings.REFLECTION ?? isLoopback(settings.HOST),
      log,
      metrics,
      stopMs: this.#config.stopMs,
      proxies: new Proxies(settings.PROXIES),
      streamsPerConnection: this.#config.streamsPerConnection,
    });
    add(builder);
    this.#grpc = this.parts.add('grpc', await builder.start());
    this.parts.add(
      'certificate',
      renewKeyPair(settings, log, (pair) => renewCredentials(credentials, pair)),
    );
  }

  /** Starts the admin server, where one is wanted, and gives the running service; `doors` is where it listens. */
  async run(doors: RunningService['listens'] = { grpc: this.address }): Promise<RunningService> {
    const { host, adminPort } = this.#config;
    const listens: Record<string, string> = { ...doors };
    if (adminPort !== 0) {
      const ready = () => this.readiness.check();
      const admin = await startAdminServer({ host, port: adminPort, metrics: this.context.metrics, ready });
      this.parts.add('admin', admin);
      listens.admin = hostAndPort(dialable(host), admin.port);
    }
    return { listens, stop: () => this.parts.stop() };
  }
}
