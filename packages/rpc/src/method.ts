import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { Codec, Method } from '@parley/contract';
import { asBuffer } from './frame.js';

/** Codec that passes bytes through. */
export const bytesCodec: Codec<Uint8Array> = {
  encode: (bytes) => ({ finish: () => bytes }),
  decode: (bytes) => bytes,
};

const converted = new WeakMap<object, unknown>();

/**
 * Returns the definition of a method in the form that grpc-js takes. It is created once and then
 * reused.
 */
export function grpcMethod<Q, S>(method: Method<Q, S>): MethodDefinition<Q, S> {
  const known = converted.get(method) as MethodDefinition<Q, S> | undefined;
  if (known !== undefined) return known;
  const made = convert(method);
  converted.set(method, made);
  return made;
}

function convert<Q, S>({ requestType, responseType, ...method }: Method<Q, S>): MethodDefinition<Q, S> {
  return {
    ...method,
    requestSerialize: (request) => asBuffer(requestType.encode(request).finish()),
    requestDeserialize: (bytes) => requestType.decode(bytes),
    responseSerialize: (response) => asBuffer(responseType.encode(response).finish()),
    responseDeserialize: (bytes) => responseType.decode(bytes),
  };
}

/** Converts a service of the contract to the definition that grpc-js takes. */
export function grpcService(service: Readonly<Record<string, Method>>): ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, grpcMethod(method)]));
}
