import { request } from 'node:http';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { Channel, ChannelService, type Method } from '@parley/contract';
import { bytesCodec, grpcMethod } from '@parley/rpc';
import type { ServiceProcess } from '@parley/testkit';

/** Returns the log lines of a process that have a request id. */
export function linesOf({ output }: ServiceProcess, requestId: string): Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.includes(`"requestId":"${requestId}"`));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Returns the id in the response to a gRPC call: in its headers, or in the trailers if it has none. */
export function idFromGrpc(address: string, token: string, id: number, given: string): Promise<string | undefined> {
  const { path, requestSerialize } = grpcMethod(ChannelService.delete as Method<Channel, unknown>);
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  metadata.set('x-request-id', given);
  return new Promise((resolve) => {
    let inHeaders: string | undefined;
    const { decode } = bytesCodec;
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      decode,
      Channel.fromPartial({ id }),
      metadata,
      () => {},
    );
    call.on('metadata', (headers: Metadata) => {
      inHeaders = headers.get('x-request-id')[0]?.toString();
    });
    call.on('status', ({ metadata: trailers }: StatusObject) => {
      client.close();
      resolve(inHeaders ?? trailers.get('x-request-id')[0]?.toString());
    });
  });
}

/** Asks a gateway for a WebSocket, closes it, and returns the id in the response. */
export function idFromSocket(origin: string, given: string): Promise<string | undefined> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'parley.v1.json',
    'x-request-id': given,
  };
  return new Promise((resolve, reject) => {
    const asking = request(`${origin}/connect`, { headers });
    asking.once('error', reject);
    asking.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.headers['x-request-id']?.toString());
    });
    asking.end();
  });
}
