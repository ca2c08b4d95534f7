import type { Invite } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { timeAfter } from './durations.js';
import { dateAndClock } from './entry-lines.js';
import { usage } from './failure.js';
import { findOnly } from './find-channel.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `invite`. */
export interface InviteOptions {
  readonly uses?: number;
  /** A time like `7d`. */
  readonly expires?: string;
  readonly list?: true;
  /** An invite link. */
  readonly revoke?: string;
}

/** An invite link is any text that ends like this, such as the address of a page. */
const linkForm = /(?:^|[/#])invite-([A-Za-z0-9_-]{22})$/;

/** Returns the id of an invite link, or undefined for other text. */
export function inviteIdIn(text: string): string | undefined {
  return linkForm.exec(text)?.[1];
}

function linkOf({ id }: Invite): string {
  return `invite-${id}`;
}

function inviteValue(invite: Invite) {
  const { channelId, maxUses, useCount, expiresAt, expired, createdAt, createdBy } = invite;
  const uses = { uses: useCount, max_uses: maxUses || undefined };
  const times = { expires_at: expiresAt || undefined, expired, created_at: createdAt, created_by: createdBy };
  return { link: linkOf(invite), channel_id: channelId, ...uses, ...times };
}

function inviteTable(invites: readonly Invite[]): string {
  const rows = invites.map((invite) => [
    terminalLine(linkOf(invite)),
    `${invite.useCount}${invite.maxUses === 0 ? '' : `/${invite.maxUses}`}`,
    invite.expired ? 'over' : invite.expiresAt === 0 ? 'never' : dateAndClock(invite.expiresAt),
    terminalLine(invite.createdBy),
  ]);
  return textTable(['link', 'uses', 'ends', 'by'], rows);
}

/** Revokes an invite link, which may be of any chat that the user manages. */
async function revoke(session: CommandSession, link: string): Promise<void> {
  const id = inviteIdIn(link);
  if (id === undefined) throw usage('--revoke takes an invite link, such as --list prints.');
  await (await session.loggedIn()).invites.revoke(id);
  session.print('Nobody can join by that link any more.', { link: `invite-${id}` });
}

async function listInvites(session: CommandSession, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  const invites = await client.invites.list((await findOnly(client, wanted)).id);
  const none = 'This chat has no invite links.';
  session.print(invites.length === 0 ? none : inviteTable(invites), invites.map(inviteValue));
}

async function create(session: CommandSession, wanted: string, { uses, expires }: InviteOptions): Promise<void> {
  const expiresAt = expires === undefined ? 0 : timeAfter(expires, '--expires');
  const client = await session.loggedIn();
  const { id, name } = await findOnly(client, wanted);
  const invite = await client.invites.create(id, { maxUses: uses ?? 0, expiresAt });
  const link = terminalLine(linkOf(invite));
  session.print(
    `Anyone with this link can join ${terminalLine(name)}:\n${link}\nnpx parley join ${link}`,
    inviteValue(invite),
  );
}

/** Creates, lists or revokes invite links of a chat. */
export function invite(session: CommandSession, wanted: string, options: InviteOptions): Promise<void> {
  if (options.revoke !== undefined) return revoke(session, options.revoke);
  return options.list ? listInvites(session, wanted) : create(session, wanted, options);
}
