import type { ProfileChange } from '@parley/client';
import { type User, Visibility } from '@parley/contract';
import { usage } from './failure.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { seenWords, userValue } from './user-table.js';

/** Visibilities by their name on the command line. */
export const visibilityNames = {
  everyone: Visibility.EVERYONE,
  users: Visibility.USERS,
  contacts: Visibility.CONTACTS,
  nobody: Visibility.NOBODY,
} as const;

/** The options of `profile`. They change the user's own profile. */
export interface ProfileOptions {
  readonly name?: string;
  readonly about?: string;
  readonly visibility?: keyof typeof visibilityNames;
  readonly privateReads?: 'on' | 'off';
}

function visibilityOf(user: User): string | undefined {
  return Object.entries(visibilityNames).find(([, value]) => value === user.visibility)?.[0];
}

function linesOf(user: User): string {
  const rows = {
    id: user.id,
    name: user.name,
    about: user.about,
    blocked: user.blocked ? 'by you' : '',
    bot: user.bot ? 'yes' : '',
    seen: seenWords(user),
    email: user.email !== '' && !user.emailVerified ? `${user.email} (not verified)` : user.email,
    'visible to': visibilityOf(user) ?? '',
    reads: user.privateReads ? 'private' : '',
  };
  const shown = Object.entries(rows).filter(([, value]) => value !== '');
  return shown.map(([name, value]) => `${name.padEnd(12)}${terminalLine(value)}`).join('\n');
}

function changeFrom({ visibility, privateReads, ...texts }: ProfileOptions): ProfileChange {
  return {
    ...texts,
    ...(visibility && { visibility: visibilityNames[visibility] }),
    ...(privateReads && { privateReads: privateReads === 'on' }),
  };
}

/** Shows a profile, or changes the user's own. */
export async function profile(
  session: CommandSession,
  userId: string | undefined,
  options: ProfileOptions,
): Promise<void> {
  const isChange = Object.keys(options).length > 0;
  if (isChange && userId !== undefined) throw usage('You can change only your own profile. Leave out the user.');
  const { user_id } = await session.login();
  const client = await session.loggedIn();
  const user = isChange ? await client.account.update(changeFrom(options)) : await client.user(userId ?? user_id);
  const email = user.email === '' ? {} : { email: user.email, email_verified: user.emailVerified };
  const own = { about: user.about, ...email, visibility: visibilityOf(user) };
  const isOwn = own.visibility !== undefined;
  session.print(linesOf(user), { ...userValue(user), ...own, private_reads: isOwn ? user.privateReads : undefined });
}
