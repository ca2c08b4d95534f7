import { hostname } from 'node:os';
import { Refusal } from '@parley/runtime';
import { exitCodes, failureFrom } from './failure.js';
import { readPassword } from './password.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** Creates an account and prints how to log in. */
export async function registerAccount(session: CommandSession, userId: string, name: string): Promise<void> {
  const password = await readPassword(true);
  session.subject = userId;
  await session.client().register({ userId, password, name });
  const next = `Log in with \`${session.self} login ${terminalLine(userId)}\`.`;
  session.print(`Registered ${terminalLine(userId)}. ${next}`, { user_id: userId, name });
}

/** Opens a session and stores it. */
export async function login(session: CommandSession, userId: string): Promise<void> {
  session.subject = userId;
  const password = await readPassword(false);
  const device = `terminal on ${hostname()}`;
  const { token, user, expiresAt } = await session.client().login(userId, password, { device });
  const { userService, channelService } = session.addresses();
  const account = { user_id: user?.id ?? userId, name: user?.name ?? userId };
  const saved = { ...account, token, user_service: userService, manager: channelService, ...session.remembered };
  await session.logins.write(saved);
  const { user_id, name } = saved;
  session.print(`Logged in as ${terminalLine(user_id)}.`, { user_id, name, expires_at: expiresAt });
}

/**
 * Ends the session on the server and deletes the login file, even if the session has already ended.
 */
export async function logout(session: CommandSession): Promise<void> {
  const saved = await session.login();
  const { user_id } = saved;
  const ending = session.client(saved).logout();
  await ending.catch((thrown: unknown) => {
    if (!(thrown instanceof Refusal) || failureFrom(thrown).exitCode !== exitCodes.notLoggedIn) throw thrown;
  });
  await session.logins.remove();
  session.print(`Logged out ${terminalLine(user_id)}.`, { user_id });
}
