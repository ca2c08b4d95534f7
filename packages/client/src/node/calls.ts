import { ChannelCredentials, type Client } from '@grpc/grpc-js';
import type { Method } from '@parley/contract';
import { refusalFromStatus, startUnary } from '@parley/rpc';
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

/** One unary call that its signal cancels; rejects with a Refusal or the signal's reason. */
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

type Unary<Q, S> = (request: Q, options: CallOptions) => Promise<S>;

function unary<Q, S>(peers: Peers, method: Method<Q, S>, again: boolean): Unary<Q, S> {
  return (request, options) =>
    peers.ask((client, withinMs) => call(client, method, request, withinMs, options), {
      repeatable: again,
      signal: options.signal,
    });
}

/** A unary method of a service, said at most once: when it is on its way, no other address is asked. */
export function once<Q, S>(peers: Peers, method: Method<Q, S>): Unary<Q, S> {
  return unary(peers, method, false);
}

/** One that is said again at the next address where no answer comes. */
export function repeatable<Q, S>(peers: Peers, method: Method<Q, S>): Unary<Q, S> {
  return unary(peers, method, true);
}
