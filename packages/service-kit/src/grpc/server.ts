import type { Http2Session } from 'node:http2';
import { logVerbosity, Server, type ServerCredentials, type ServiceDefinition, setLogVerbosity } from '@grpc/grpc-js';
import { originalMethods } from '@parley/contract';
import { hostAndPort, type Logger, limits, type Metrics, type Part, readSettings } from '@parley/runtime';
import { type ConnectionBounds, Connections, connectionBounds } from '../connections.js';
import { CallTracker, type RequestTimeouts } from './call-tracker.js';
import { checkTransport } from './check-transport.js';
import { guardConnections } from './connection-guard.js';
import { checkAllHeaders } from './headers.js';
import { addHealth } from './health.js';
import { Proxies } from './proxies.js';
import { addReflection } from './reflection.js';
import { RefusalLimit } from './refusal-limit.js';
import { type Definition, type Handlers, type ServedService, serve } from './service.js';
import { StreamLimit } from './stream-limit.js';
import { refuseUnknownPaths } from './unknown-paths.js';

/** Address, credentials and limits of a gRPC server. */
export interface GrpcServerOptions {
  readonly host: string;
  /** Port to listen on. 0: any free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly reflection: boolean;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds that `stop` waits for calls in flight. */
  readonly stopMs: number;
  /**
   * Concurrent calls and streams on one connection. Absent: the limit for services without chat
   * streams.
   */
  readonly streamsPerConnection?: number;
  /** Trusted proxies, whose connections carry calls of many users. Absent: none. */
  readonly proxies?: Proxies;
  /** Time limits for callers. Absent: the values in `limits`. */
  readonly patience?: RequestTimeouts;
  /** Limits of connections. Absent: the limits of the default settings. */
  readonly connections?: ConnectionBounds;
}

/** A service with its handlers. `add` checks that their types match. */
interface Entry {
  readonly name: string;
  readonly served: (calls: CallTracker) => ServedService;
}

export interface RunningGrpcServer extends Part {
  readonly port: number;
  /** Sets the status that the gRPC health protocol reports for every service. */
  setServing(serving: boolean): void;
  /**
   * Makes clients open new connections. Each current connection closes after its calls, or after
   * `withinMs`.
   */
  closeConnections(withinMs: number): void;
  /** Number of open connections. */
  readonly connections: number;
}

/** Milliseconds that `drain` has to end connections cleanly, before they are destroyed. */
const cutAfterMs = 100;

/** Returns the methods of the original contract, under their names without a package. */
function seedAlias(name: string, definition: ServiceDefinition): { name: string; definition: ServiceDefinition } {
  const short = name.replace(/^chat\.v1\./, '');
  const originals = new Set(originalMethods.filter(({ service }) => service === short).map(({ method }) => method));
  const methods = Object.entries(definition)
    .filter(([, method]) => originals.has(method.path.split('/')[2] ?? ''))
    .map(([key, method]) => [key, { ...method, path: method.path.replace(name, short) }]);
  return { name: short, definition: Object.fromEntries(methods) };
}

/**
 * Collects services, then listens. Adds the health service, reflection, and the original method
 * names without a package.
 * @example
 * ```ts
 * import { ServerCredentials } from '@grpc/grpc-js';
 * import { User, UserService } from '@parley/contract';
 * import { Metrics, silentLogger } from '@parley/runtime';
 * import { GrpcServerBuilder } from '@parley/service-kit';
 *
 * const server = await new GrpcServerBuilder({
 *   host: '127.0.0.1',
 *   port: 0,
 *   credentials: ServerCredentials.createInsecure(),
 *   reflection: true,
 *   log: silentLogger(),
 *   metrics: new Metrics(),
 *   stopMs: 1_000,
 * })
 *   .add(UserService, { get: async ({ id }) => User.fromPartial({ id, name: 'Ann' }) })
 *   .start();
 * console.log(server.port);
 * await server.stop();
 * ```
 */
export class GrpcServerBuilder {
  readonly #entries: Entry[] = [];
  readonly #options: GrpcServerOptions;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
  }

  /** Adds a service of the contract, such as `UserService`. */
  add<D extends Definition>(definition: D, handlers: Handlers<D>): this {
    const name = Object.values(definition)[0]?.path.split('/')[1] ?? '';
    this.#entries.push({ name, served: (calls) => serve(definition, handlers, calls) });
    return this;
  }

  /**
   * Starts to listen.
   * @throws {Error} one sentence if the address cannot be bound, or grpc-js has the wrong version.
   */
  async start(): Promise<RunningGrpcServer> {
    checkTransport();
    setLogVerbosity(logVerbosity.NONE); // grpc-js would print unreadable metadata, including tokens.
    const { host, log, metrics, reflection, stopMs, patience = limits } = this.#options;
    const { streamsPerConnection = limits.callsPerConnection, proxies = new Proxies([]) } = this.#options;
    const bounds = this.#options.connections ?? connectionBounds(readSettings({}));
    const connections = new Connections(proxies, log, metrics, bounds);
    const refusalLimit = new RefusalLimit(proxies, metrics);
    const streamLimit = new StreamLimit(streamsPerConnection);
    const calls = new CallTracker(log, metrics, proxies, refusalLimit, streamLimit, patience);
    const server = new Server({
      interceptors: [calls.interceptor],
      'grpc.max_receive_message_length': limits.reportBytes, // RequestIntake enforces the limit of each method.
      'grpc.max_concurrent_streams': streamLimit.initial,
      'grpc.max_connection_idle_ms': patience.idleConnectionMs,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.enable_channelz': 0,
    });
    const refusals = metrics.counter(
      'parley_calls_not_begun_total',
      'calls refused because of their headers, by reason',
      ['reason'],
    );
    checkAllHeaders(server, {
      isEnding: (stream) => refusalLimit.isEnding(stream),
      refused: ({ reason }, stream) => {
        refusals.inc({ reason });
        refusalLimit.count(stream);
      },
    });
    guardConnections(server, connections, streamLimit, patience.firstCallWithinMs);
    refuseUnknownPaths(server);
    const names = this.#entries.flatMap((entry) => addService(server, entry, calls));
    const health = addHealth(server, names);
    if (reflection) addReflection(server, [...names, 'grpc.health.v1.Health']);
    const port = await bind(server, this.#options);
    health.set(true);
    return {
      port,
      setServing: (serving) => health.set(serving),
      closeConnections: (withinMs) => server.drain(hostAndPort(host, port), withinMs),
      get connections() {
        return connections.size;
      },
      stop: () => {
        health.set(false);
        return shutDown(server, calls, connections, hostAndPort(host, port), stopMs);
      },
    };
  }
}

function addService(server: Server, entry: Entry, calls: CallTracker): string[] {
  const { definition, implementation, streams } = entry.served(calls);
  const both = [{ name: entry.name, definition }, seedAlias(entry.name, definition)];
  const known = both.filter((one) => Object.keys(one.definition).length > 0);
  for (const one of known) {
    server.addService(one.definition, implementation);
    calls.serve(one.definition, streams);
  }
  return known.map(({ name }) => name);
}

function bind(server: Server, { host, port, credentials }: GrpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(hostAndPort(host, port), credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new Error(
            `Cannot listen on ${hostAndPort(host, port)}. Choose another port, or stop the process that uses it.`,
            {
              cause: error,
            },
          ),
        );
    });
  });
}

/** A private member of grpc-js. `checkTransport` pins the exact version. */
interface Sessions {
  readonly http2Servers: ReadonlyMap<unknown, { readonly sessions: Set<Http2Session> }>;
}

/**
 * Removes destroyed sessions that are not closed yet. Otherwise `tryShutdown` would wait for them
 * for ever.
 */
function forgetDestroyed(server: Server): void {
  for (const { sessions } of (server as unknown as Sessions).http2Servers.values()) {
    for (const session of sessions) if (session.destroyed) sessions.delete(session);
  }
}

/**
 * Ends watchers, waits for calls in flight, and closes the connections after `withinMs`. Closes
 * them with `drain`, because `forceShutdown` of grpc-js 1.14 finds no connections without channelz.
 * Destroys the remaining ones, because `drain` misses connections that are already closing.
 */
async function shutDown(
  server: Server,
  calls: CallTracker,
  connections: Connections,
  address: string,
  withinMs: number,
): Promise<void> {
  server.drain(address, withinMs);
  calls.endWatchers();
  forgetDestroyed(server);
  const cut = setTimeout(() => connections.destroyAll(), withinMs + cutAfterMs);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(cut);
}
