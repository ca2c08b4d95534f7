import { ChannelCredentials, type Client, type ServiceError } from '@grpc/grpc-js';
import type { Method } from '@parley/contract';
import { bearerMetadata, refusalFromStatus, startServerStream, startUnary } from '@parley/rpc';
import { onAbort } from '../abort.js';
import type { CallOptions } from '../transport.js';
import type { Peers } from './peers.js';

/** Transport security of the services. */
export interface Security {
  /** Uses TLS. Default: false. */
  readonly tls?: boolean;
  /** Trusted certificate authorities, as PEM. Default: those of Node. */
  readonly ca?: Buffer;
}

/** Returns gRPC credentials. */
export function credentialsFor({ tls = false, ca }: Security): ChannelCredentials {
  return tls ? ChannelCredentials.createSsl(ca ?? null) : ChannelCredentials.createInsecure();
}

/** Makes one unary call. Rejects with a Refusal or the signal's reason. */
async function call<Q, S>(
  client: Client,
  method: Method<Q, S>,
  request: Q,
  withinMs: number,
  { token, signal }: CallOptions,
): Promise<S> {
  signal?.throwIfAborted();
  let forget = () => {};
  try {
    return await new Promise<S>((resolve, reject) => {
      const options = { withinMs, ...(token !== undefined && { token }) };
      const started = startUnary(client, method, request, options, (error, response) => {
        if (error === null) resolve(response as S);
        else reject(signal?.aborted ? signal.reason : refusalFromStatus(error));
      });
      forget = onAbort(signal, () => started.cancel());
    });
  } finally {
    forget();
  }
}

/**
 * Sends a request to one of several servers. If no response comes and the method is repeatable,
 * sends it to the next one.
 */
export function ask<Q, S>(
  peers: Peers,
  method: Method<Q, S> & { readonly isRepeatable: boolean },
  request: Q,
  options: CallOptions,
): Promise<S> {
  const { isRepeatable: repeatable } = method;
  const attempt = (client: Client, withinMs: number) => call(client, method, request, withinMs, options);
  return peers.ask(attempt, { repeatable, signal: options.signal });
}

type Unary<Q, S> = (request: Q, options: CallOptions) => Promise<S>;

/** Returns a unary call that is sent again, to the next address, if no response comes. */
export function repeatable<Q, S>(peers: Peers, method: Method<Q, S>): Unary<Q, S> {
  return (request, options) => ask(peers, { ...method, isRepeatable: true }, request, options);
}

/**
 * Calls a method whose response is a stream, at the first address that connects. Leaving the loop
 * over the response cancels the call. Throws a Refusal.
 */
export function streamed<Q, S>(peers: Peers, method: Method<Q, S>) {
  return async function* (request: Q, { token, signal }: CallOptions): AsyncGenerator<S, void> {
    const open = async (client: Client) => startServerStream(client, method, request, bearerMetadata(token));
    const stream = await peers.ask(open, { repeatable: false, signal });
    stream.on('error', () => {}); // A cancelled stream fails too, and then nobody reads it.
    try {
      yield* stream as AsyncIterable<S>;
    } catch (thrown) {
      throw refusalFromStatus(thrown as ServiceError);
    } finally {
      stream.cancel();
    }
  };
}
