import type { NewInvite } from '@parley/client';
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

/**
 * Matches an invite link: a text that ends with `invite-` and an id, such as the address of a page.
 */
const linkForm = /(?:^|[/#])invite-([A-Za-z0-9_-]{22})$/;

/** Returns the id of an invite link, or undefined for other text. */
export function inviteIdIn(text: string): string | undefined {
  return linkForm.exec(text)?.[1];
}

/** Returns whether a text begins like an invite link. The rest may be missing or mistyped. */
export function isLinkLike(text: string): boolean {
  return /(?:^|[/#])invite-\S*$/.test(text);
}

function linkOf({ id }: Invite): string {
  return `invite-${id}`;
}

function factsOf({ maxUses, useCount, expiresAt, expired, createdAt, createdBy }: Invite) {
  const uses = { uses: useCount, max_uses: maxUses || undefined };
  return { ...uses, expires_at: expiresAt || undefined, expired, created_at: createdAt, created_by: createdBy };
}

function linkValue(invite: Invite) {
  return { link: linkOf(invite), channel_id: invite.channelId, ...factsOf(invite) };
}

function codeValue(invite: Invite) {
  return { code: invite.id, ...factsOf(invite) };
}

function inviteTable(invites: readonly Invite[], name: string, textOf: (invite: Invite) => string): string {
  const rows = invites.map((invite) => [
    terminalLine(textOf(invite)),
    `${invite.useCount}${invite.maxUses === 0 ? '' : `/${invite.maxUses}`}`,
    invite.expired ? 'over' : invite.expiresAt === 0 ? 'never' : dateAndClock(invite.expiresAt),
    terminalLine(invite.createdBy),
  ]);
  return textTable([name, 'uses', 'ends', 'by'], rows);
}

/** Returns the limits of a new invite for the SDK. */
function boundsOf({ uses, expires }: InviteOptions): NewInvite {
  return { maxUses: uses ?? 0, expiresAt: expires === undefined ? 0 : timeAfter(expires, '--expires') };
}

/**
 * Checks that the options ask for only one of three things: to create, list or revoke.
 * @throws {Failure}
 */
function checkOptions({ uses, expires, list, revoke }: InviteOptions): void {
  const asked = [uses !== undefined || expires !== undefined, list === true, revoke !== undefined];
  if (asked.filter(Boolean).length > 1)
    throw usage('Use only one at a time: --list, --revoke, or the options of a new invite.');
}

/** Revokes an invite link, which may be of any chat that the user manages. */
async function revokeLink(session: CommandSession, link: string): Promise<void> {
  const id = inviteIdIn(link);
  if (id === undefined) throw usage('--revoke takes an invite link. `--list` prints them.');
  await (await session.loggedIn()).invites.revoke(id);
  session.print('Nobody can join with that link any more.', { link: `invite-${id}` });
}

async function listLinks(session: CommandSession, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  const invites = await client.invites.list((await findOnly(client, wanted)).id);
  const none = 'This chat has no invite links.';
  session.print(invites.length === 0 ? none : inviteTable(invites, 'link', linkOf), invites.map(linkValue));
}

async function createLink(session: CommandSession, wanted: string, options: InviteOptions): Promise<void> {
  const bounds = boundsOf(options);
  const client = await session.loggedIn();
  const { id, name } = await findOnly(client, wanted);
  const invite = await client.invites.create(id, bounds);
  const link = terminalLine(linkOf(invite));
  session.print(
    `Anyone with this link can join ${terminalLine(name)}:\n${link}\nnpx parley join ${link}`,
    linkValue(invite),
  );
}

/** Creates, lists or revokes invite links of a chat. */
export async function invite(session: CommandSession, wanted: string, options: InviteOptions): Promise<void> {
  checkOptions(options);
  if (options.revoke !== undefined) return revokeLink(session, options.revoke);
  return options.list ? listLinks(session, wanted) : createLink(session, wanted, options);
}

/** Creates, lists or revokes invitations to register, as an operator. */
export async function inviteToRegister(session: CommandSession, options: InviteOptions): Promise<void> {
  checkOptions(options);
  const bounds = boundsOf(options);
  const { invites } = await session.loggedIn();
  if (options.revoke !== undefined) {
    await invites.revoke(options.revoke);
    return session.print('Nobody can register with that invitation any more.', { code: options.revoke });
  }
  if (options.list) {
    const listed = await invites.list(0);
    const none = 'There are no invitations to register.';
    return session.print(
      listed.length === 0 ? none : inviteTable(listed, 'code', ({ id }) => id),
      listed.map(codeValue),
    );
  }
  const made = await invites.create(0, bounds);
  const code = terminalLine(made.id);
  const words = `Anyone with this invitation can create an account:\nnpx parley register <user> --invite ${code}`;
  session.print(words, codeValue(made));
}
