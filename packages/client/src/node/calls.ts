import { ChannelCredentials, type Client, type ClientUnaryCall, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { callUnary } from '@parley/rpc/client';
import { onAbort } from '../abort.js';
import type { CallOptions } from '../transport.js';
import type { Peers } from './peers.js';

/** How the services are reached. */
export interface Security {
  /** They speak TLS. */
  readonly tls?: boolean;
  /** The certificate authorities to trust, as PEM; default: those of Node. */
  readonly ca?: Buffer;
}

export function credentialsFor({ tls = false, ca }: Security): ChannelCredentials {
  return tls ? ChannelCredentials.createSsl(ca ?? null) : ChannelCredentials.createInsecure();
}

type Method<Q, S> = (
  request: Q,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, value: S) => void,
) => ClientUnaryCall;

/** One unary call that its signal cancels; rejects with a Refusal or the signal's reason. */
async function call<Q, S>(
  method: Method<Q, S>,
  request: Q,
  withinMs: number,
  { token, signal }: CallOptions,
): Promise<S> {
  signal?.throwIfAborted();
  let forget = () => {};
  const abortable: Method<Q, S> = (...args) => {
    const started = method(...args);
    forget = onAbort(signal, () => started.cancel());
    return started;
  };
  try {
    return await callUnary(abortable, request, { withinMs, ...(token !== undefined && { token }) });
  } catch (thrown) {
    signal?.throwIfAborted();
    throw thrown;
  } finally {
    forget();
  }
}

type Unary<Q, S> = (request: Q, options: CallOptions) => Promise<S>;

function unary<C extends Client, Q, S>(
  peers: Peers<C>,
  methodOf: (client: C) => Method<Q, S>,
  again: boolean,
): Unary<Q, S> {
  return (request, options) =>
    peers.ask((client, withinMs) => call(methodOf(client), request, withinMs, options), {
      repeatable: again,
      signal: options.signal,
    });
}

/** A unary method of a service, said at most once: when it is on its way, no other address is asked. */
export function once<C extends Client, Q, S>(peers: Peers<C>, methodOf: (client: C) => Method<Q, S>): Unary<Q, S> {
  return unary(peers, methodOf, false);
}

/** One that is said again at the next address where no answer comes. */
export function repeatable<C extends Client, Q, S>(
  peers: Peers<C>,
  methodOf: (client: C) => Method<Q, S>,
): Unary<Q, S> {
  return unary(peers, methodOf, true);
}
