import {
  type Channel,
  ChannelKind,
  ChannelStatus,
  type Chat,
  type Invite,
  Notify,
  type Receipt,
  type Retention,
} from '@parley/contract';
import * as z from 'zod';
import { textOrNull, timeField, timeOf } from './fields.js';
import { messageJson, messageShape } from './message-shape.js';
import { memberRoleWords, userJson, userShape } from './user-shape.js';
import { enumWords } from './words.js';

export const channelKindWords = enumWords(ChannelKind);
export const notifyChoices = enumWords(Notify);
const channelStatusWords = enumWords(ChannelStatus);

const countField = z.int().min(1).max(2_147_483_647);

/** How long messages are kept. */
export const retentionShape = z
  .discriminatedUnion('keep', [
    z.strictObject({ keep: z.literal('nothing') }),
    z.strictObject({ keep: z.literal('seconds'), seconds: countField, max_count: countField.optional() }),
    z.strictObject({ keep: z.literal('everything'), max_count: countField.optional() }),
  ])
  .meta({ id: 'Retention' });

export const channelShape = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    kind: channelKindWords.schema.nullable(),
    description: z.string(),
    icon_id: z.string().nullable(),
    owner_id: z.string(),
    limit: z.int().meta({ description: 'maximum number of seats in a room, or of members in a chat' }),
    member_count: z.int(),
    user_count: z.int().meta({ description: 'number of users in it now' }),
    users: z.array(userShape).meta({ description: 'the first users in it now' }),
    status: channelStatusWords.schema,
    retention: retentionShape,
    slow_mode_s: z.int(),
    closed_history: z.boolean(),
    metadata: z.string().meta({ description: 'a JSON object as text' }),
    created_at: timeField.nullable(),
    last_at: timeField.nullable(),
    my_role: memberRoleWords.schema.nullable(),
    offered: memberRoleWords.schema.nullable(),
    log: z.string(),
    last_seq: z.int(),
  })
  .meta({ id: 'Channel' });

export const receiptShape = z
  .strictObject({
    user_id: z.string(),
    delivered_seq: z.int(),
    read_seq: z.int(),
    updated_at: timeField.nullable(),
  })
  .meta({ id: 'Receipt' });

/** A chat as its member sees it. */
export const chatShape = z
  .strictObject({
    channel: channelShape,
    last: messageShape.nullable(),
    unread: z.int().meta({ description: 'counted up to 100' }),
    mentions: z.int().meta({ description: 'counted up to 100' }),
    mine: receiptShape.nullable(),
    others: z.array(receiptShape),
    log: z.string(),
    marked_unread: z.boolean(),
    notify: notifyChoices.schema.nullable(),
    peer: userShape.nullable().meta({ description: 'in direct chats: the other user' }),
  })
  .meta({ id: 'Chat' });

export const inviteShape = z
  .strictObject({
    id: z.string(),
    channel_id: z.int().nullable().meta({ description: 'null: an invitation to register' }),
    max_uses: z.int().meta({ description: '0: no limit' }),
    use_count: z.int(),
    expires_at: timeField.nullable(),
    expired: z.boolean(),
    created_at: timeField.nullable(),
    created_by: z.string(),
  })
  .meta({ id: 'Invite' });

export function retentionJson(retention: Retention | undefined): z.infer<typeof retentionShape> {
  const { nothing, seconds, maxCount = 0 } = retention ?? {};
  if (nothing === true) return { keep: 'nothing' };
  const count = maxCount === 0 ? {} : { max_count: maxCount };
  return seconds === undefined ? { keep: 'everything', ...count } : { keep: 'seconds', seconds, ...count };
}

/** Returns retention in the form of the contract. */
export function retentionOfJson(retention: z.infer<typeof retentionShape>): Retention {
  if (retention.keep === 'nothing') return { nothing: true, maxCount: 0 };
  const { max_count: maxCount = 0 } = retention;
  return retention.keep === 'everything' ? { everything: true, maxCount } : { seconds: retention.seconds, maxCount };
}

export function channelJson(channel: Channel): z.infer<typeof channelShape> {
  return {
    id: channel.id,
    name: channel.name,
    kind: channelKindWords.wordOf(channel.kind) ?? null,
    description: channel.description,
    icon_id: textOrNull(channel.iconId),
    owner_id: channel.ownerId,
    limit: channel.limit,
    member_count: channel.memberCount,
    user_count: channel.userCount,
    users: channel.users.map(userJson),
    status: channelStatusWords.wordOf(channel.status) ?? 'unknown',
    retention: retentionJson(channel.retention),
    slow_mode_s: channel.slowModeS,
    closed_history: channel.closedHistory,
    metadata: channel.metadata,
    created_at: timeOf(channel.createdAt),
    last_at: timeOf(channel.lastAt),
    my_role: memberRoleWords.wordOf(channel.myRole) ?? null,
    offered: memberRoleWords.wordOf(channel.offered) ?? null,
    log: channel.log,
    last_seq: channel.lastSeq,
  };
}

export function receiptJson({ userId, deliveredSeq, readSeq, updatedAt }: Receipt): z.infer<typeof receiptShape> {
  return { user_id: userId, delivered_seq: deliveredSeq, read_seq: readSeq, updated_at: timeOf(updatedAt) };
}

export function chatJson(chat: Chat): z.infer<typeof chatShape> {
  const { channel, last, mine, peer } = chat;
  if (channel === undefined) throw new Error('A chat came without its channel.');
  return {
    channel: channelJson(channel),
    last: last === undefined ? null : messageJson({ ...last, channelId: channel.id }),
    unread: chat.unread,
    mentions: chat.mentions,
    mine: mine === undefined ? null : receiptJson(mine),
    others: chat.others.map(receiptJson),
    log: chat.log,
    marked_unread: chat.markedUnread,
    notify: notifyChoices.wordOf(chat.notify) ?? null,
    peer: peer === undefined ? null : userJson(peer),
  };
}

export function inviteJson(invite: Invite): z.infer<typeof inviteShape> {
  return {
    id: invite.id,
    channel_id: invite.channelId === 0 ? null : invite.channelId,
    max_uses: invite.maxUses,
    use_count: invite.useCount,
    expires_at: timeOf(invite.expiresAt),
    expired: invite.expired,
    created_at: timeOf(invite.createdAt),
    created_by: invite.createdBy,
  };
}
