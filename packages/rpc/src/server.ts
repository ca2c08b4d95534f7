import { readFileSync } from 'node:fs';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { seedMethods } from '@parley/contract';
import { type Logger, limits, type Metrics, type Part, type Settings } from '@parley/runtime';
import { addHealth } from './health.js';
import { RawStreams } from './raw-streams.js';
import { addReflection } from './reflection.js';
import { type Definition, type Handlers, type Served, serve, takenPaths } from './service.js';

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 = a free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly reflection: boolean;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How long `stop` waits for calls in flight. */
  readonly stopMs: number;
}

/** A service and who answers it; `add` keeps the two types together. */
interface Entry {
  readonly name: string;
  readonly served: (rawStreams: RawStreams) => Served;
  readonly taken: readonly string[];
}

export interface RunningGrpcServer extends Part {
  readonly port: number;
  /** What the grpc health protocol answers for every service name. */
  setServing(serving: boolean): void;
}

const loopback = /^(127\.|localhost$|::1$|\[::1\]$)/;

/**
 * Credentials of the settings: TLS where a certificate is given, else plain on a loopback address or by `PARLEY_INSECURE=on`.
 * @throws {Error} one sentence where neither holds.
 */
export function serverCredentials(settings: Settings): ServerCredentials {
  if (settings.TLS_CERT !== undefined && settings.TLS_KEY !== undefined) {
    const pair = { cert_chain: readFileSync(settings.TLS_CERT), private_key: readFileSync(settings.TLS_KEY) };
    return ServerCredentials.createSsl(null, [pair]);
  }
  if (loopback.test(settings.HOST) || settings.INSECURE) return ServerCredentials.createInsecure();
  throw new Error(
    `PARLEY_HOST=${settings.HOST} can be reached by others: set PARLEY_TLS_CERT and PARLEY_TLS_KEY, or PARLEY_INSECURE=on`,
  );
}

/** The same methods under the seed's package-less names, for the ones the seed has. */
function seedAlias(name: string, definition: ServiceDefinition): { name: string; definition: ServiceDefinition } {
  const short = name.replace(/^chat\.v1\./, '');
  const ofSeed = new Set(seedMethods.filter(({ service }) => service === short).map(({ method }) => method));
  const methods = Object.entries(definition)
    .filter(([, method]) => ofSeed.has(method.path.split('/')[2] ?? ''))
    .map(([key, method]) => [key, { ...method, path: method.path.replace(name, short) }]);
  return { name: short, definition: Object.fromEntries(methods) };
}

/** Collects services, then listens: health, reflection and the seed's names come with it. */
export class GrpcServerBuilder {
  readonly #entries: Entry[] = [];
  readonly #options: GrpcServerOptions;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
  }

  /** `name` as in the contract, e.g. `chat.v1.UserService`. */
  add<D extends Definition>(name: string, definition: D, handlers: Handlers<D>): this {
    const { log, metrics } = this.#options;
    this.#entries.push({
      name,
      served: (rawStreams) => serve(definition, handlers, { log, metrics, rawStreams }),
      taken: takenPaths(definition, handlers),
    });
    return this;
  }

  /** Rejects with one sentence where the address cannot be bound. */
  async start(): Promise<RunningGrpcServer> {
    const taken = this.#entries.flatMap((entry) => entry.taken);
    const rawStreams = new RawStreams(taken.flatMap((path) => [path, path.replace('/chat.v1.', '/')]));
    const server = new Server({
      interceptors: [rawStreams.interceptor],
      'grpc.max_receive_message_length': limits.transportBytes,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.enable_channelz': 0,
    });
    const names = this.#entries.flatMap((entry) => addService(server, entry, rawStreams));
    const health = addHealth(server, names);
    if (this.#options.reflection) addReflection(server, [...names, 'grpc.health.v1.Health']);
    const port = await bind(server, this.#options);
    health.set(true);
    return {
      port,
      setServing: (serving) => health.set(serving),
      stop: () => {
        health.set(false);
        return shutDown(server, this.#options.stopMs);
      },
    };
  }
}

function addService(server: Server, entry: Entry, rawStreams: RawStreams): string[] {
  const { definition, implementation } = entry.served(rawStreams);
  const alias = seedAlias(entry.name, definition);
  server.addService(definition, implementation);
  if (Object.keys(alias.definition).length === 0) return [entry.name];
  server.addService(alias.definition, implementation);
  return [entry.name, alias.name];
}

function bind(server: Server, { host, port, credentials }: GrpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new Error(`cannot listen on ${host}:${port}: choose another port or stop what uses it`, { cause: error }),
        );
    });
  });
}

/** Lets calls in flight end, then forces. */
function shutDown(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), withinMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
