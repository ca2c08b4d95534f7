import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  ServerCredentials,
} from '@grpc/grpc-js';
import { ChannelService, ChatService, type Method, UserService } from '@parley/contract';
import { grpcMethod } from '@parley/rpc';
import { type Logger, Metrics } from '@parley/runtime';
import type { ConnectionBounds } from '../src/connections.js';
import type { RequestTimeouts } from '../src/grpc/call-tracker.js';
import type { Proxies } from '../src/grpc/proxies.js';
import { GrpcServerBuilder, type RunningGrpcServer } from '../src/grpc/server.js';
import type { Handlers } from '../src/grpc/service.js';

/** One log line. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly rpc?: string;
  readonly reason?: string;
  readonly err?: unknown;
  readonly [fact: string]: unknown;
}

/** Returns a logger that stores its lines. */
function keepingLogger(lines: Line[]): Logger {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [
    level,
    (facts: object, message: string) => void lines.push({ ...facts, level, message }),
  ]);
  return { ...Object.fromEntries(levels), child: () => keepingLogger(lines) };
}

export interface Wanted {
  readonly user?: Handlers<typeof UserService>;
  readonly channel?: Handlers<typeof ChannelService>;
  readonly chat?: Handlers<typeof ChatService>;
  readonly stopMs?: number;
  readonly patience?: RequestTimeouts;
  readonly proxies?: Proxies;
  readonly connections?: ConnectionBounds;
}

/** A server built as the services build theirs, with clients, its log lines and its metrics. */
export class ServerUnderTest {
  readonly lines: Line[] = [];
  readonly metrics = new Metrics();
  readonly client: Client;
  readonly running: RunningGrpcServer;

  private constructor(running: RunningGrpcServer, lines: Line[], metrics: Metrics) {
    this.running = running;
    this.lines = lines;
    this.metrics = metrics;
    this.client = new Client(`127.0.0.1:${running.port}`, credentials.createInsecure());
  }

  static async start(wanted: Wanted): Promise<ServerUnderTest> {
    const lines: Line[] = [];
    const metrics = new Metrics();
    const builder = new GrpcServerBuilder({
      host: '127.0.0.1',
      port: 0,
      credentials: ServerCredentials.createInsecure(),
      reflection: true,
      log: keepingLogger(lines),
      metrics,
      stopMs: wanted.stopMs ?? 500,
      streamsPerConnection: 1_000,
      ...(wanted.proxies === undefined ? {} : { proxies: wanted.proxies }),
      ...(wanted.connections === undefined ? {} : { connections: wanted.connections }),
      ...(wanted.patience === undefined ? {} : { patience: wanted.patience }),
    });
    builder.add(UserService, wanted.user ?? {});
    builder.add(ChannelService, wanted.channel ?? {});
    builder.add(ChatService, wanted.chat ?? {});
    return new ServerUnderTest(await builder.start(), lines, metrics);
  }

  get port(): number {
    return this.running.port;
  }

  /**
   * Returns the log lines of calls whose path ends with `method`, once there are `count` of them.
   */
  async linesOf(method: string, count = 1): Promise<Line[]> {
    const found = () => this.lines.filter(({ rpc }) => rpc?.endsWith(`/${method}`));
    await eventually(() => found().length >= count, `${count} lines of ${method}`);
    return found();
  }

  /** Returns the number of counted calls by `rpc reason`. */
  async counted(): Promise<Record<string, number>> {
    const { values } = await this.metrics.calls.get();
    const counts = values.filter(({ metricName }) => metricName === 'parley_rpc_seconds_count');
    return Object.fromEntries(counts.map(({ labels, value }) => [`${labels.rpc} ${labels.reason}`, value]));
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.running.stop();
  }
}

/** Waits until a condition is true. */
export async function eventually(holds: () => boolean, what: string, withinMs = 60_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > giveUpAt) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Calls a unary method; rejects with the error of grpc-js. */
export function ask<Q, S>(
  { client }: ServerUnderTest,
  method: Method<Q, S>,
  request: Q,
  metadata = new Metadata(),
): Promise<S> {
  const { path, requestSerialize, responseDeserialize } = grpcMethod(method);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, response) =>
      error === null ? resolve(response as S) : reject(error),
    );
  });
}

/** Returns the messages of a stream and its status. */
export function drain<T>(
  stream: ClientReadableStream<T> | ClientDuplexStream<unknown, T>,
): Promise<{ received: T[]; status: { code: number; details: string; metadata: Metadata } }> {
  const received: T[] = [];
  stream.on('data', (one: T) => received.push(one));
  stream.on('error', () => {});
  return new Promise((resolve) => stream.on('status', (status) => resolve({ received, status })));
}

/** Returns the reason in the trailers of a status. */
export function reasonIn(error: { metadata: Metadata }): string | undefined {
  return error.metadata.get('chat-reason')[0]?.toString();
}

/** Counts the uncaught errors while `work` runs. */
export async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (cause: unknown) => void uncaught.push(cause);
  process.on('unhandledRejection', note).on('uncaughtException', note);
  try {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    process.off('unhandledRejection', note).off('uncaughtException', note);
  }
  return uncaught;
}
