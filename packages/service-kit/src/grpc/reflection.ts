import { pipeline, Readable } from 'node:stream';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { methodNames } from '@parley/contract';
import { bytesCodec, grpcService } from '@parley/rpc';
import type { Reflector } from './reflector.js';

type Call = ServerDuplexStream<Uint8Array, unknown>;

const versions = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/**
 * Serves gRPC reflection, v1 and v1alpha, from the contract's descriptors. Lists only the services
 * in `served` (full names such as `chat.v1.UserService`) and returns only the files that they need.
 * The first call loads the descriptors, because most processes never get such a call.
 * @throws {Error} if the contract has no such service.
 * @example
 * ```ts
 * import { Server } from '@grpc/grpc-js';
 * import { addReflection } from '@parley/service-kit';
 *
 * addReflection(new Server(), ['chat.v1.UserService']);
 * ```
 */
export function addReflection(server: Server, served: readonly string[]): void {
  const unknown = served.find((service) => !Object.hasOwn(methodNames, service));
  if (unknown !== undefined) throw new Error(`The contract has no service ${unknown}.`);
  let loaded: Promise<Reflector> | undefined;
  const load = () => {
    loaded ??= import('./reflector.js').then(({ Reflector }) => new Reflector(served));
    return loaded;
  };
  for (const service of versions) {
    server.addService(grpcService({ serverReflectionInfo: methodOf(service) }), {
      serverReflectionInfo: (call: Call) => respond(call, service, load),
    });
  }
}

function methodOf(service: string) {
  const path = `/${service}/ServerReflectionInfo`;
  return { path, requestType: bytesCodec, responseType: bytesCodec, requestStream: true, responseStream: true };
}

/**
 * Sends one response per request. The pipeline waits for slow readers and handles a broken stream.
 */
function respond(call: Call, service: string, load: () => Promise<Reflector>): void {
  const requests = call.iterator({ destroyOnReturn: false }); // A destroyed call could not send its status.
  pipeline(Readable.from(responses(requests, service, load)), call, () => undefined);
}

async function* responses(
  requests: AsyncIterable<Uint8Array>,
  service: string,
  load: () => Promise<Reflector>,
): AsyncGenerator<Uint8Array> {
  const reflector = await load();
  for await (const request of requests) yield reflector.answer(service, request);
}
