import { readSettings, type Settings } from '@parley/runtime';
import { readTlsFiles } from '@parley/service-kit';
import type { StartOptions } from './options.js';

/** Settings that `npm start` sets for each process, with the advice for a user who sets one. */
const ownSettings = {
  PARLEY_PORT: 'Use --user-port, --manager-port, --chat-port and --web-port instead.',
  PARLEY_ADMIN_PORT: 'It is the port of the process + 1000.',
  PARLEY_NAME: 'It is the name in the table of services.',
  PARLEY_DATABASE_URL_FILE: 'Use --database or PARLEY_DATABASE_URL for a PostgreSQL of your own.',
};

/**
 * Checks that chat servers do not share an address, unless Envoy sends each stream to the server that
 * its join token names.
 */
function checkAddresses({ chatServers, envoy }: StartOptions, { ADDR, INTERNAL_ADDR }: Settings): void {
  if (chatServers === 1) return;
  const shared = (name: string, more: string) =>
    new Error(`${chatServers} chat servers cannot share ${name}, so some rooms would never open. ${more}`);
  if (ADDR !== undefined && !envoy) throw shared(`PARLEY_ADDR=${ADDR}`, 'Add --chat-servers 1, or --envoy.');
  if (INTERNAL_ADDR !== undefined)
    throw shared(`PARLEY_INTERNAL_ADDR=${INTERNAL_ADDR}`, 'Leave it out, or add --chat-servers 1.');
}

/**
 * Reads the settings of `npm start`.
 * @throws {Error} if one is unknown or invalid, would have no effect, or does not fit the others
 */
export function checkEnvironment(options: StartOptions, env: NodeJS.ProcessEnv): Settings {
  const settings = readSettings(env);
  for (const [name, advice] of Object.entries(ownSettings)) {
    if (env[name]) throw new Error(`\`npm start\` sets ${name} itself. ${advice}`);
  }
  checkAddresses(options, settings);
  if (options.envoy && (settings.TLS_CERT === undefined) !== (settings.TLS_CA === undefined)) {
    throw new Error(
      'Envoy reaches the services with TLS only if PARLEY_TLS_CERT and PARLEY_TLS_CA are both set. Set both, or neither, or start without --envoy.',
    );
  }
  readTlsFiles(settings);
  return settings;
}
