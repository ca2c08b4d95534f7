import {
  Metadata,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';

interface Question {
  readonly service: string;
}

interface UnaryHandler {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

type Watcher = ServerWritableStream<Question, UnaryHandler>;

/** The health that a server shows to whoever asks by `grpc.health.v1.Health`. */
export interface Health {
  /** Says for the server and all of its services whether they serve; who watches is told. */
  set(serving: boolean): void;
}

/**
 * Serves the grpc health protocol for `''`, the whole server, and each of `services`. Not serving until `set(true)`.
 * Anybody may ask, so nothing of a question is kept or echoed: the library's own handlers keep every name ever watched.
 */
export function addHealth(server: Server, services: readonly string[]): Health {
  const known = new Set(['', ...services]);
  const watchers = new Set<Watcher>();
  let answer: UnaryHandler = { status: 'NOT_SERVING' };
  const unknown = { code: status.NOT_FOUND, details: 'no such service here', metadata: new Metadata() };
  server.addService(healthService, {
    check: ({ request }: ServerUnaryCall<Question, UnaryHandler>, done: sendUnaryData<UnaryHandler>) =>
      known.has(request.service) ? done(null, answer) : done(unknown),
    list: (_call: ServerUnaryCall<object, object>, done: sendUnaryData<object>) =>
      done(null, { statuses: Object.fromEntries([...known].map((service) => [service, answer])) }),
    watch: (call: Watcher) => {
      if (!known.has(call.request.service)) return void call.write({ status: 'SERVICE_UNKNOWN' }); // it never will be
      watchers.add(call);
      call.on('cancelled', () => watchers.delete(call));
      call.write(answer);
    },
  });
  return {
    set(serving) {
      answer = { status: serving ? 'SERVING' : 'NOT_SERVING' };
      for (const watcher of watchers) watcher.write(answer);
    },
  };
}
