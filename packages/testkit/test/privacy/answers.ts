import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { isReason, refusals } from '@parley/runtime';
import type { Answer } from './raw-call.js';

/**
 * Expected reasons by call and column. In a cell `a / b`, `a` is for a room with history and `b`
 * for one without.
 */
export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

const file = new URL('../../../test/privacy/answers.md', import.meta.url);

const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));

function tableIn(section: string): Table {
  const [head, , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsOf);
  const columns = head?.slice(1) ?? [];
  return Object.fromEntries(
    rows.map(([call = '', ...cells]) => [call, Object.fromEntries(columns.map((one, at) => [one, cells[at] ?? '']))]),
  );
}

/** Returns the tables of `answers.md` by their headings. */
export function readTables(): ReadonlyMap<string, Table> {
  const [, ...sections] = readFileSync(file, 'utf8').split(/^## /m);
  return new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), tableIn(section)]));
}

/**
 * Error texts that differ from that of their reason, by the start of the call and by the reason.
 */
const ownMessages: readonly (readonly [call: string, reason: string, message: string])[] = [
  ['ChannelService/Update', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/CreateInvite', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ListInvites', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/CreateIncomingWebhook', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ListIncomingWebhooks', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/CreateOutgoingWebhook', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ListOutgoingWebhooks', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ChangeMember, remove', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ChangeMember, mute', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ChangeMember, ban', 'not-owner', 'Only the owner of this room can do this. Ask the owner.'],
  ['ChannelService/ChangeMember, role', 'not-owner', 'Only the owner can set roles. Ask the owner.'],
  ['ChannelService/ChangeMember, own role', 'not-owner', 'Only the owner can set roles. Ask the owner.'],
  ['ChannelService/ChangeMember, offer', 'not-owner', 'Only the owner can set roles. Ask the owner.'],
  ['ChannelService/ChangeMember, add', 'wrong-kind', 'A room has no members. Call Listen to enter it.'],
  ['ChannelService/AddMembers', 'wrong-kind', 'A room has no members. Call Listen to enter it.'],
  [
    'ChannelService/ChangeMember, remove',
    'wrong-kind',
    'Nobody can be removed from a direct chat. Leave it or ban the other user.',
  ],
  ['ChannelService/ChangeMember, role', 'wrong-kind', 'A direct chat has no roles. Leave out the role.'],
  ['ChannelService/ChangeMember, own role', 'wrong-kind', 'A direct chat has no roles. Leave out the role.'],
  ['ChannelService/ChangeMember, offer', 'wrong-kind', 'A direct chat has no roles. Leave out the role.'],
  ['ChannelService/UpdateReceipt', 'wrong-kind', 'A room has no members. Choose a chat.'],
  ['ChannelService/ListReceipts', 'wrong-kind', 'A room has no members. Choose a chat.'],
  ['ChannelService/ListCommands', 'wrong-kind', 'A room has no members. Choose a chat.'],
  ['ChannelService/SetNotify', 'wrong-kind', 'A room has no members. Choose a chat.'],
  ['ChannelService/Join', 'wrong-kind', 'A room has no members to join. Call Listen instead.'],
];

/** Returns the code and the message that belong to the reason of an answer. */
export function expectedOf(call: string, { reason }: Answer): Pick<Answer, 'code' | 'message'> {
  if (!isReason(reason)) return { code: 0, message: '' };
  const own = ownMessages.find(([start, of]) => call.startsWith(start) && of === reason);
  return { code: status[refusals[reason].status], message: own?.[2] ?? refusals[reason].message };
}
