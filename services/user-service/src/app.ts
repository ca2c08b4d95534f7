import { UserService } from '@parley/contract';
import { type ProcessContext, type RunningService, repeat } from '@parley/runtime';
import { forUser, ServiceHost, userToken } from '@parley/service-kit';
import type { UserServiceConfig } from './config.js';
import { Passwords } from './passwords/passwords.js';
import { createAdmission } from './rpc/admission.js';
import { createSetBotCommands } from './rpc/bot-commands.js';
import { createCreateBot, createListBots, createRevokeBot } from './rpc/bots.js';
import { countedLogin } from './rpc/counted-login.js';
import { createGet } from './rpc/get.js';
import { createListSessions } from './rpc/list-sessions.js';
import { createLogin } from './rpc/login.js';
import { createLogout } from './rpc/logout.js';
import { createRegister } from './rpc/register.js';
import { createResetPassword } from './rpc/reset-password.js';
import { createSearchUsers } from './rpc/search.js';
import { createUpdateUser } from './rpc/update.js';
import { findHashPrefixes } from './store/accounts.js';
import { purgeSessions } from './store/sessions.js';

/** Starts a user-service. It keeps all state in the database, so any number may run. */
export async function startUserService(config: UserServiceConfig, context: ProcessContext): Promise<RunningService> {
  const { log, metrics } = context;
  const { proxies, passwordRules } = config;
  const host = await ServiceHost.open(config.host, context);
  const { pool, callers } = host;
  const prefixes = async () => (await findHashPrefixes.run(pool)).map(({ prefix }) => prefix);
  const passwords = host.parts.add('passwords', await Passwords.start(config.scheme, await host.patiently(prefixes)));
  const key = await host.signingKey(userToken);

  await host.serve((server) =>
    server.add(UserService, {
      register: createRegister({
        pool,
        passwords,
        passwordRules,
        proxies,
        admission: createAdmission(config.registration),
      }),
      login: countedLogin(createLogin({ pool, passwords, key, proxies, log }), metrics),
      logout: forUser(callers, createLogout(pool), { changesPassword: true }),
      resetPassword: forUser(callers, createResetPassword({ pool, passwords })),
      listSessions: forUser(callers, createListSessions(pool)),
      createBot: forUser(callers, createCreateBot(pool)),
      listBots: forUser(callers, createListBots(pool)),
      revokeBot: forUser(callers, createRevokeBot(pool)),
      setBotCommands: forUser(callers, createSetBotCommands(pool)),
      search: forUser(callers, createSearchUsers(pool)),
      get: forUser(callers, createGet(pool)),
      update: forUser(callers, createUpdateUser({ pool, passwords, passwordRules }), { changesPassword: true }),
    }),
  );

  const purge = async () => {
    await purgeSessions(pool);
    passwords.survey(await prefixes());
  };
  const failed = (err: unknown) => log.warn({ err }, 'purge of old sessions failed; retrying');
  host.parts.add('purge', repeat(config.purgeEveryMs, 0.2, purge, failed));
  return host.run();
}
