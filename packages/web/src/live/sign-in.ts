import { createClient } from '@parley/client';
import { webTransport } from '@parley/client/web';
import { deviceName } from '../state/device-name.js';
import type { Session } from '../state/session.js';
import { words } from '../words/words.js';

/** Opens a session on the server. @throws {Refusal} */
export async function logIn(userId: string, password: string): Promise<Session> {
  const client = createClient({ transport: webTransport() });
  const device = deviceName(navigator.userAgent);
  const { token, user, mustChangePassword } = await client.login(userId, password, { device });
  const session = { userId: user?.id ?? userId, name: user?.name ?? userId, token };
  return mustChangePassword ? { ...session, mustChangePassword } : session;
}

/**
 * Sets a password in place of a one-time password. Returns the session, which may now make all
 * calls.
 * @throws {Refusal}
 */
export async function setFirstPassword(session: Session, current: string, newPassword: string): Promise<Session> {
  const { userId, name, token } = session;
  await createClient({ transport: webTransport(), token }).account.changePassword(current, newPassword);
  return { userId, name, token };
}

/** Returns the sentence that says why a session ended. */
export function endNotice(reason: string): string {
  const { expired, suspended, ended } = words().entry;
  if (reason === 'expired-token') return expired;
  return reason === 'suspended' ? suspended : ended;
}
