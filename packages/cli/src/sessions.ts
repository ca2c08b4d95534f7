import type { Session } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { dateAndClock } from './entry-lines.js';
import { usage } from './failure.js';
import { counted, terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `sessions`. */
export interface SessionsOptions {
  /** Id of a session to end. */
  readonly end?: string;
  /** Ends every session but this one. */
  readonly others?: true;
}

function sessionValue({ id, device, address, createdAt, expiresAt, current }: Session) {
  return { id, device, address, created_at: createdAt, expires_at: expiresAt, current };
}

function sessionTable(sessions: readonly Session[]): string {
  const rows = sessions.map(({ id, device, address, createdAt, current }) => [
    terminalLine(id),
    terminalLine(device),
    terminalLine(address),
    dateAndClock(createdAt),
    current ? 'this one' : '',
  ]);
  return textTable(['id', 'device', 'address', 'since', ''], rows);
}

/** Lists the user's sessions, or ends some of them. */
export async function sessions(session: CommandSession, { end, others }: SessionsOptions): Promise<void> {
  if (end !== undefined && others) throw usage('Give --end or --others, not both.');
  const client = await session.loggedIn();
  const listed = end === undefined ? await client.sessions.list() : [];
  if (end === undefined && !others) return session.print(sessionTable(listed), listed.map(sessionValue));
  const ids = end === undefined ? listed.filter(({ current }) => !current).map(({ id }) => id) : [end];
  for (const id of ids) await client.sessions.end(id);
  session.print(`Ended ${counted(ids.length, 'session')}.`, { ended: ids });
}
