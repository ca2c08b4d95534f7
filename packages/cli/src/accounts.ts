import { hostname } from 'node:os';
import type { ParleyClient } from '@parley/client';
import { Refusal } from '@parley/runtime';
import { exitCodes, failureFrom } from './failure.js';
import { inviteIdIn } from './invites.js';
import { output } from './output.js';
import { readNewPassword, readPassword } from './password.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `register`. */
export interface RegisterOptions {
  /** Display name. Default: the user id. */
  readonly name?: string;
  readonly email?: string;
  /** Id of an operator's invitation. */
  readonly invite?: string;
}

/** Creates an account and prints how to log in. */
export async function registerAccount(
  session: CommandSession,
  userId: string,
  { name = userId, email = '', invite = '' }: RegisterOptions,
): Promise<void> {
  const password = await readNewPassword();
  session.subject = userId;
  const account = { userId, password, name, email, invite: inviteIdIn(invite) ?? invite };
  await session.client().register(account);
  const next = `Log in with \`${session.self} login ${terminalLine(userId)}\`.`;
  session.print(`Registered ${terminalLine(userId)}. ${next}`, { user_id: userId, name });
}

/** Replaces a one-time password with a new password that the user types. */
async function replaceOneTime(session: CommandSession, client: ParleyClient, current: string): Promise<void> {
  const { self } = await session.advised();
  output.complain(`* This was a one-time password. Choose your own now, or later with \`${self} password\`.`);
  await client.account.changePassword(current, await readNewPassword('New password'));
}

/**
 * Opens a session and stores it. If the password was a one-time password, then asks for a new one.
 * The session is stored first, because a one-time password opens only one session.
 */
export async function login(session: CommandSession, userId: string): Promise<void> {
  session.subject = userId;
  const password = await readPassword();
  const device = `terminal on ${hostname()}${session.logins.label}`;
  const client = session.client();
  const { token, user, expiresAt, mustChangePassword } = await client.login(userId, password, { device });
  const { userService, channelService } = session.addresses();
  const account = { user_id: user?.id ?? userId, name: user?.name ?? userId };
  const saved = { ...account, token, user_service: userService, manager: channelService, ...session.remembered };
  await session.logins.write(saved);
  if (mustChangePassword) await replaceOneTime(session, client, password);
  const { user_id, name } = saved;
  session.print(`Logged in as ${terminalLine(user_id)}.`, { user_id, name, expires_at: expiresAt });
}

/**
 * Ends the session on the server, or with `everywhere` every session of the user. Then deletes the
 * login file. A session that has already ended is no error.
 */
export async function logout(session: CommandSession, { everywhere }: { readonly everywhere?: true }): Promise<void> {
  const saved = await session.login();
  const { user_id } = saved;
  const client = session.client(saved);
  const ending = everywhere ? client.sessions.endAll() : client.logout();
  await ending.catch((thrown: unknown) => {
    if (!(thrown instanceof Refusal) || failureFrom(thrown).exitCode !== exitCodes.notLoggedIn) throw thrown;
  });
  await session.logins.remove();
  session.print(`Logged out ${terminalLine(user_id)}${everywhere ? ' everywhere' : ''}.`, { user_id });
}

/** Changes the password. */
export async function changePassword(session: CommandSession): Promise<void> {
  const { user_id } = await session.login();
  const client = await session.loggedIn();
  const current = await readPassword('Current password');
  await client.account.changePassword(current, await readNewPassword('New password'));
  session.print('Your password is changed. Your other sessions have ended.', { user_id });
}

/** Changes the email address; undefined removes it. */
export async function changeEmail(session: CommandSession, address: string | undefined): Promise<void> {
  const client = await session.loggedIn();
  const { email, emailVerified } = await client.account.changeEmail(await readPassword(), address ?? '');
  const next = emailVerified ? '' : ' You can log in with it once an operator has verified it.';
  const words =
    email === '' ? 'Your email address is removed.' : `Your email address is ${terminalLine(email)}.${next}`;
  session.print(words, { email: email || undefined, email_verified: emailVerified });
}
