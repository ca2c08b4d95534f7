import { ChannelCredentials, Client, type Metadata, status } from '@grpc/grpc-js';
import { noConnectionOf } from '@parley/client/node';
import { ChannelService, ChatService, type Method, UserService } from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import { hostAndPort, Refusal } from '@parley/runtime';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { speaksHttp2 } from './http2.js';
import { isReachable, withServices } from './ports.js';
import type { Endpoint, Surroundings } from './surroundings.js';

/**
 * A call of each service that proxies route too. Without a token, the right response is a refusal, also of Envoy.
 */
const calls = {
  'user-service': UserService.get,
  manager: ChannelService.listChannels,
  'chat server': ChatService.send,
} as const;

/** A port of gRPC, and the service that it should serve. */
export interface GrpcPort extends Pick<Endpoint, 'host' | 'port' | 'isTls' | 'about'> {
  readonly service: keyof typeof calls;
}

/** Opens a client without keepalive pings, so that an idle connection is idle. */
export function grpcClient({ host, port, isTls }: GrpcPort, { ca }: Pick<Surroundings, 'ca'>): Client {
  const credentials = isTls ? ChannelCredentials.createSsl(ca ?? null) : ChannelCredentials.createInsecure();
  const { 'grpc.keepalive_time_ms': _time, 'grpc.keepalive_timeout_ms': _timeout, ...options } = clientOptions;
  return new Client(hostAndPort(host, port), credentials, { ...options, 'grpc.use_local_subchannel_pool': 1 });
}

const unheard = 'Check what listens there, and the proxies on the way.';

function refusedFinding({ about, service, isTls }: GrpcPort, { cause, reason, message }: Refusal): Finding {
  const { code, details = message } = (cause ?? {}) as { code?: number; details?: string };
  if (reason === 'unauthenticated' || code === status.UNAUTHENTICATED)
    return works(about, `The ${service} responds to gRPC.`);
  if (code === status.UNIMPLEMENTED) {
    const { path } = calls[service];
    const change = `Correct the address (usual ports: 50051 user-service, 50052 manager, 50053 chat server), or let the proxy pass ${path}.`;
    return fault(about, `The server does not serve the calls of a ${service}.`, change);
  }
  if (isTls && noConnectionOf(details) === 'untrusted')
    return skipped(about, 'The certificate is not trusted; the check "tls" says why.');
  if (reason === 'deadline-exceeded')
    return fault(about, 'The server speaks HTTP/2, but does not respond to gRPC.', unheard);
  return fault(about, `The server does not respond to gRPC as Parley does (${details}).`, unheard);
}

/** Returns why gRPC cannot be tried, or undefined if it can. */
export async function untriableGrpc(
  port: GrpcPort,
  where: Pick<Surroundings, 'ca' | 'timeoutMs'>,
): Promise<string | undefined> {
  if (!(await isReachable(port, where.timeoutMs))) return 'The port does not accept connections';
  return (await speaksHttp2(port, where))
    ? undefined
    : `The server does not speak HTTP/2${port.isTls ? ' over TLS' : ' in plain text'}`;
}

/** Calls a service without a token. Returns how it refuses the call; undefined if it accepts it. */
async function refusalOf(port: GrpcPort, where: Pick<Surroundings, 'ca' | 'timeoutMs'>): Promise<Refusal | undefined> {
  const client = grpcClient(port, where);
  const method: Method<unknown, unknown> = calls[port.service];
  try {
    await callUnary(client, method, method.requestType.decode(new Uint8Array()), { withinMs: where.timeoutMs });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  } finally {
    client.close();
  }
}

/** Calls a service without a token. */
export async function grpcFinding(port: GrpcPort, where: Pick<Surroundings, 'ca' | 'timeoutMs'>): Promise<Finding> {
  const refusal = await refusalOf(port, where);
  return refusal === undefined
    ? works(port.about, `The ${port.service} responds to gRPC.`)
    : refusedFinding(port, refusal);
}

/**
 * Returns whether a call without a token reaches a process of Parley, which refuses it with a reason.
 * Envoy needs the token to choose a chat server, so it refuses the call itself.
 */
export async function passesWithoutToken(
  port: GrpcPort,
  where: Pick<Surroundings, 'ca' | 'timeoutMs'>,
): Promise<boolean> {
  const { metadata } = ((await refusalOf(port, where))?.cause ?? {}) as { metadata?: Metadata };
  return (metadata?.get('chat-reason').length ?? 0) > 0;
}

/** Services respond to gRPC. */
export function grpcCheck(where: Surroundings): Check {
  const examine = async (port: GrpcPort): Promise<Finding> => {
    const why = await untriableGrpc(port, where);
    return why === undefined ? grpcFinding(port, where) : skipped(port.about, `${why}; the checks above say more.`);
  };
  return { name: 'grpc', run: () => withServices(where, examine) };
}
