import { UserRole, UserStatus } from '@parley/contract';
import { shellWord, textTable } from '@parley/runtime';
import { roleWords, userStatusWords } from './admin.js';
import { askLine } from './ask-line.js';
import { kindWordOf } from './channels.js';
import { usage } from './failure.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** Options that all lists for operators have. */
export interface PagePick {
  readonly size: number;
  readonly after?: string;
}

/** Statuses of accounts by their name on the command line. */
export const accountStatusWords = { ...userStatusWords, deleted: UserStatus.DELETED } as const;

/** The options of `admin users`. */
export interface UserListPick extends PagePick {
  readonly status?: keyof typeof accountStatusWords;
}

function wordOf<V>(words: Readonly<Record<string, V>>, value: V): string {
  return Object.keys(words).find((word) => words[word] === value) ?? 'unknown';
}

const roleNames = { ...roleWords, guest: UserRole.GUEST } as const;

/**
 * Prints a table and the option that shows the next page, or `Nothing found.` if it has no rows.
 */
export function printPage(
  session: CommandSession,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  value: { readonly next: string; readonly [list: string]: unknown },
): void {
  const more = value.next === '' ? '' : `\nFor more: --after ${shellWord(terminalLine(value.next))}`;
  const table = textTable(
    heads,
    rows.map((cells) => cells.map(terminalLine)),
  ).trimEnd();
  session.print(rows.length === 0 ? 'Nothing found.' : `${table}${more}`, value);
}

/** Prints a page of accounts whose id, name or email address starts with `text`. */
export async function printUsers(session: CommandSession, text: string, options: UserListPick): Promise<void> {
  const { size, after = '', status } = options;
  const request = { text, page: { size, after }, ...(status && { status: accountStatusWords[status] }) };
  const { users, next } = await (await session.administration()).users(request);
  const listed = users.map((user) => ({
    id: user.id,
    number: user.number,
    name: user.name,
    email: user.email,
    role: wordOf(roleNames, user.role),
    status: wordOf(accountStatusWords, user.status),
    last_seen: user.lastSeen,
  }));
  const rows = listed.map((one) => [String(one.number), one.id, one.name, one.email, one.role, one.status]);
  printPage(session, ['number', 'id', 'name', 'email', 'role', 'status'], rows, { users: listed, next });
}

/** Prints a page of channels of every kind whose name starts with `text`. */
export async function printChannels(session: CommandSession, text: string, options: PagePick): Promise<void> {
  const { size, after = '' } = options;
  const { channels, next } = await (await session.administration()).channels({ text, page: { size, after } });
  const listed = channels.map((channel) => ({
    id: channel.id,
    kind: kindWordOf(channel),
    name: channel.name,
    owner: channel.ownerId,
    members: channel.memberCount,
    here: channel.userCount,
    last_at: channel.lastAt,
  }));
  const rows = listed.map((one) => [
    String(one.id),
    one.kind,
    one.name,
    one.owner,
    String(one.members),
    String(one.here),
  ]);
  printPage(session, ['id', 'kind', 'name', 'owner', 'members', 'here'], rows, { channels: listed, next });
}

/** The options of `admin reports`. */
export interface ReportListPick extends PagePick {
  readonly all: boolean;
}

/** Prints a page of the reports of abuse, the newest first. */
export async function printReports(session: CommandSession, options: ReportListPick): Promise<void> {
  const { size, after = '', all } = options;
  const { reports, next } = await (await session.administration()).reports({ resolved: all, page: { size, after } });
  const listed = reports.map(({ userId, channelId, createdAt, ...report }) => ({
    ...report,
    user_id: userId,
    channel_id: channelId,
    created_at: createdAt,
  }));
  const rows = listed.map((one) => {
    const place = one.seq === 0 ? '' : `${one.channel_id}:${one.seq}`;
    return [String(one.id), one.by, one.user_id, place, one.resolved ? 'resolved' : 'open', one.reason, one.text];
  });
  printPage(session, ['id', 'by', 'about', 'message', 'state', 'reason', 'text'], rows, { reports: listed, next });
}

/** Marks a report of abuse as resolved. */
export async function closeReport(session: CommandSession, id: number): Promise<void> {
  await (await session.administration()).resolveReport(id);
  session.print(`Report ${id} is resolved.`, { id, resolved: true });
}

/** The options of `admin delete-user`. */
export interface DeleteOptions {
  readonly purge: boolean;
  readonly yes: boolean;
}

/** Deletes an account for good, after the id has been typed again. */
export async function deleteAccount(session: CommandSession, id: string, { purge, yes }: DeleteOptions): Promise<void> {
  const operator = await session.administration();
  const what = purge ? 'the account and all its messages' : 'the account; its messages stay';
  const question = `This deletes ${what}. It cannot be undone. Type ${terminalLine(id)} to continue: `;
  if (!yes && (await askLine(question, process.stderr)) !== id)
    throw usage('That is not the id, so nothing was deleted.');
  await operator.deleteUser(id, purge);
  session.print(`${terminalLine(id)} is deleted${purge ? ', and so are its messages within minutes' : ''}.`, {
    id,
    purge,
  });
}
