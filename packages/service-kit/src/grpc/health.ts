import {
  Metadata,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@parley/contract';
import { grpcService } from '@parley/rpc';
import { limits } from '@parley/runtime';

type Watcher = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** Health that a server reports through `grpc.health.v1.Health`. */
export interface Health {
  /** Sets whether the server and all its services are serving, and notifies watchers. */
  set(serving: boolean): void;
}

/**
 * Serves the gRPC health protocol for `''` (the whole server) and each of `services`. The status is
 * NOT_SERVING until `set(true)`. Callers are not authenticated, so nothing that they send is stored
 * or repeated, and the number of watchers is limited. (The library's own handlers store every
 * name.)
 * @example
 * ```ts
 * import { Server } from '@grpc/grpc-js';
 * import { addHealth } from '@parley/service-kit';
 *
 * const health = addHealth(new Server(), ['chat.v1.UserService']);
 * health.set(true);
 * ```
 */
export function addHealth(server: Server, services: readonly string[]): Health {
  const known = new Set(['', ...services]);
  /** Open watchers, oldest first. The value says whether the watcher watches a known service. */
  const watchers = new Map<Watcher, boolean>();
  let current: HealthCheckResponse = { status: ServingStatus.NOT_SERVING };
  const replaced = { code: status.UNAVAILABLE, details: 'Too many health watchers. Watch again.' };
  const unknown = { code: status.NOT_FOUND, details: 'Service not found.', metadata: new Metadata() };
  server.addService(grpcService(HealthService), {
    check: (
      { request }: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
      done: sendUnaryData<HealthCheckResponse>,
    ) => (known.has(request.service) ? done(null, current) : done(unknown)),
    list: (_call: ServerUnaryCall<object, object>, done: sendUnaryData<object>) =>
      done(null, { statuses: Object.fromEntries([...known].map((service) => [service, current])) }),
    watch: (call: Watcher) => {
      const isKnown = known.has(call.request.service);
      watchers.set(call, isKnown);
      call.on('cancelled', () => watchers.delete(call));
      call.write(isKnown ? current : { status: ServingStatus.SERVICE_UNKNOWN }); // An unknown service never becomes known.
      const [oldest] = watchers.keys();
      if (oldest === undefined || watchers.size <= limits.healthWatchers) return;
      watchers.delete(oldest);
      oldest.emit('error', replaced);
    },
  });
  return {
    set(serving) {
      current = { status: serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING };
      for (const [watcher, isKnown] of watchers) if (isKnown) watcher.write(current);
    },
  };
}
