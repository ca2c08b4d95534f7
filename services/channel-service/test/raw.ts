import { type Client, credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { bearerMetadata } from '@parley/rpc';

const asIs = (bytes: Buffer) => bytes;
const codecs = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs };

/** Calls a method with raw bytes and returns the error it ends with. */
export function sendBytes(manager: Client, path: string, bytes: Uint8Array, token?: string): Promise<ServiceError> {
  const method = { path, requestStream: false, responseStream: true, ...codecs };
  const target = manager.getChannel().getTarget().replace('dns:', '');
  const raw = new (makeGenericClientConstructor({ send: method }, 'raw'))(target, credentials.createInsecure());
  return new Promise<ServiceError>((resolve, reject) => {
    const call = raw.send?.(Buffer.from(bytes), bearerMetadata(token)) as NodeJS.EventEmitter;
    call.on('data', () => {});
    call.on('error', resolve);
    call.on('end', () => setImmediate(() => reject(new Error('no error'))));
  }).finally(() => raw.close());
}

/** Field 16, a uint64 with all 64 bits set: larger than any safe integer. */
export const hugeEpoch = Buffer.from([0x80, 0x01, ...Array(9).fill(0xff), 0x01]);
