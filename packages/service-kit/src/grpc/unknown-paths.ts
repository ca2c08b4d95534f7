import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { statusFromRefusal } from '@parley/rpc';
import { refuse } from '@parley/runtime';

/** A private member of grpc-js. `checkTransport` pins the exact version. */
interface Inner {
  _retrieveHandler(path: string): object | null;
}

const asIs = (bytes: Buffer) => bytes;

function refuseCall(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.emit('error', statusFromRefusal(refuse('not-implemented')));
}

/**
 * Gives calls of unknown methods a status with a reason. Otherwise grpc-js ends them without a
 * reason, before any interceptor runs.
 */
export function refuseUnknownPaths(server: Server): void {
  const inner = server as unknown as Inner;
  const find = inner._retrieveHandler.bind(server);
  inner._retrieveHandler = (path) =>
    find(path) ?? { func: refuseCall, serialize: asIs, deserialize: asIs, type: 'bidi', path };
}
