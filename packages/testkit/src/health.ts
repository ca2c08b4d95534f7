import { Client, credentials } from '@grpc/grpc-js';
import type { ServiceProcess } from './service-process.js';

/** Returns the status in the gRPC health protocol: 1 is SERVING, 2 is NOT_SERVING. */
export function healthOf({ grpc }: ServiceProcess): Promise<number | undefined> {
  const client = new Client(grpc, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', asIs, asIs, Buffer.alloc(0), (error, answer) => {
      client.close();
      if (error === null) resolve(answer?.[1]);
      else reject(error);
    });
  });
}
