import { ChannelCredentials } from '@grpc/grpc-js';
import type { Settings } from '@parley/runtime';
import { readPem } from './pem.js';

/**
 * Credentials for calls between services: TLS that trusts `PARLEY_TLS_CA` if it is set, else plain
 * text.
 */
export function clientCredentials(settings: Pick<Settings, 'TLS_CA'>): ChannelCredentials {
  return settings.TLS_CA === undefined
    ? ChannelCredentials.createInsecure()
    : ChannelCredentials.createSsl(readPem('TLS_CA', settings.TLS_CA));
}
