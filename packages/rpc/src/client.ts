import {
  ChannelCredentials,
  type ClientOptions,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Settings } from '@parley/runtime';
import { readPem } from './pem.js';
import { refusalFromStatus } from './status.js';

/** Options for every client of ours: quick reconnects, keepalive, no hidden retry buffer, and no `http_proxy` between services. */
export const clientOptions: ClientOptions = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.enable_http_proxy': 0,
};

/** How service-to-service calls are secured: TLS against `PARLEY_TLS_CA` where it is set. */
export function clientCredentials(settings: Pick<Settings, 'TLS_CA'>): ChannelCredentials {
  return settings.TLS_CA === undefined
    ? ChannelCredentials.createInsecure()
    : ChannelCredentials.createSsl(readPem('TLS_CA', settings.TLS_CA));
}

/** A unary method of a generated client, bound to it. */
type UnaryMethod<Q, S> = (
  request: Q,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, value: S) => void,
) => ClientUnaryCall;

export interface CallOptions {
  /** Goes out as `authorization: Bearer <token>`. */
  readonly token?: string;
  /** Milliseconds from now. */
  readonly withinMs: number;
}

/** Metadata with a bearer token. */
export function bearerMetadata(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/**
 * One unary call as a promise; a deadline is required.
 * @throws {Refusal} with the reason that the other side gave.
 */
export function callUnary<Q, S>(method: UnaryMethod<Q, S>, request: Q, options: CallOptions): Promise<S> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + options.withinMs;
    method(request, bearerMetadata(options.token), { deadline }, (error, value) => {
      if (error === null) resolve(value);
      else reject(refusalFromStatus(error));
    });
  });
}
