import type { ClientOptions } from '@grpc/grpc-js';
import type { Settings } from '@parley/runtime';

/**
 * Returns the options of connections to chat servers. Services dial chat servers by IP address, but
 * certificates may contain a name that all of them share.
 * @example
 * ```ts
 * import { Client, credentials } from '@grpc/grpc-js';
 * import { readSettings } from '@parley/runtime';
 * import { chatServerOptions } from '@parley/service-kit';
 *
 * const options = chatServerOptions(readSettings({ PARLEY_TLS_CHAT_NAME: 'chat-service' }));
 * export const client = new Client('10.1.2.3:50053', credentials.createSsl(), options);
 * ```
 */
export function chatServerOptions({ TLS_CHAT_NAME: name }: Pick<Settings, 'TLS_CHAT_NAME'>): ClientOptions {
  return name === undefined ? {} : { 'grpc.ssl_target_name_override': name };
}
