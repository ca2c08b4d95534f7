import type { ParleyClient } from '@parley/client';
import { type Channel, ChannelKind, MemberRole } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime';
import { askLine } from './ask-line.js';
import { channelValue, kindWordOf } from './channels.js';
import { usage } from './failure.js';
import { findChannel } from './find-channel.js';
import { inviteIdIn, isLinkLike } from './invites.js';
import { output } from './output.js';
import { counted, terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `join`. */
export interface JoinOptions {
  /** Joins without asking. */
  readonly yes?: true;
}

/** A chat to join, and the call that joins it. */
interface Entrance {
  readonly channel: Channel;
  readonly enter: () => Promise<unknown>;
}

const brokenLink = 'This invite link is not valid, because a part is missing or added. Copy the whole link again.';

async function entranceTo(session: CommandSession, client: ParleyClient, wanted: string): Promise<Entrance> {
  const inviteId = inviteIdIn(wanted);
  if (inviteId !== undefined) {
    return { channel: await client.invites.preview(inviteId), enter: () => client.invites.join(inviteId) };
  }
  const channel = await findChannel(client, wanted).catch((thrown: unknown) => {
    const isNoChannel = thrown instanceof Refusal && thrown.reason === 'channel-not-found';
    throw isNoChannel && isLinkLike(wanted) ? refuse('invite-not-found', { message: brokenLink }) : thrown;
  });
  if (channel.kind === ChannelKind.ROOM) {
    throw usage(`A room has no members. Enter it with \`${(await session.advised()).self} chat ${channel.id}\`.`);
  }
  if (channel.offered !== MemberRole.OWNER) return { channel, enter: () => client.chats.join(channel.id) };
  const { user_id } = await session.login();
  return { channel, enter: () => client.members.transfer(channel.id, user_id) };
}

function placeOf({ id, name }: Channel): string {
  return `${terminalLine(name) || 'the direct chat'} (channel ${id})`;
}

function previewOf(channel: Channel): string {
  const { memberCount, description, offered } = channel;
  const members = counted(memberCount, 'member');
  const about = description === '' ? '' : `: ${terminalLine(description)}`;
  const role = offered === MemberRole.OWNER ? '\nIts owner offers it to you.' : '';
  return `${placeOf(channel)}, ${kindWordOf(channel)}, ${members}${about}${role}`;
}

/**
 * Asks the user whether to join, and returns the answer. Without a terminal, or with `--yes` or
 * `--json`, returns true without a question.
 */
async function isWanted(session: CommandSession, channel: Channel, { yes }: JoinOptions): Promise<boolean> {
  if (yes || session.json || process.stdin.isTTY !== true || process.stdout.isTTY !== true) return true;
  output.say(previewOf(channel));
  const answer = await askLine('Join? [y/N] ', process.stdout);
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

/** Joins a chat by an invite link, or by its id or name. Accepts an offer of the chat too. */
export async function join(session: CommandSession, wanted: string, options: JoinOptions): Promise<void> {
  const client = await session.loggedIn();
  const { channel, enter } = await entranceTo(session, client, wanted);
  const isMember = channel.myRole !== MemberRole.UNSPECIFIED && channel.offered === MemberRole.UNSPECIFIED;
  if (isMember) return session.print(`You are already a member of ${placeOf(channel)}.`, channelValue(channel));
  if (!(await isWanted(session, channel, options))) return session.print('You did not join.', { joined: false });
  await enter();
  const joined = await client.channel(channel.id);
  const next = `Enter it with \`${(await session.advised()).self} chat ${channel.id}\`.`;
  session.print(`You are now a member of ${placeOf(joined)}. ${next}`, channelValue(joined));
}
