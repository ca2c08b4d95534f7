import {
  AddMembersRequest,
  ChangeMemberRequest,
  Channel,
  type ChannelKind,
  ChannelService,
  Invite,
  ListMembersRequest,
  ListNotificationsRequest,
  MarkNotificationsRequest,
  type MemberRole,
  UpdateChannelRequest,
  User,
  UserService,
} from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { channelKindWords } from '../../rest/channel-shape.js';
import { askedPage, msOf, nextOf, present, timeField } from '../../rest/fields.js';
import { memberRoleWords } from '../../rest/user-shape.js';
import {
  done,
  messageRequests,
  pageField,
  type RealtimeAnswer,
  type RealtimeRequest,
  type RequestContext,
  realtimeRequest,
  roomIdField,
} from './requests.js';
import { chatFields, inviteFields, memberFields, noticeFields, roomFields, userFields } from './shapes.js';

const oneRoom = z.strictObject({ room_id: roomIdField });
const onePage = z.strictObject({ after: pageField });
const idField = z.string().min(1).max(limits.userIdCharacters);
const oneMember = z.strictObject({ room_id: roomIdField, user_id: idField });
const linkField = z.string().min(1).max(128);

const rooms = realtimeRequest(onePage, async ({ after }, { calls }) => {
  const { chats, next } = await calls.overview(askedPage({ after }));
  return ['rooms', { rooms: chats.map(chatFields), next: nextOf(next) }];
});

const room = realtimeRequest(oneRoom, async ({ room_id: id }, { calls }) => [
  'room',
  roomFields(await calls.channel(id)),
]);

const createRoom = realtimeRequest(
  z.strictObject({
    name: z.string(),
    kind: z.enum(['group', 'public', 'private']).optional(),
    description: z.string().optional(),
    icon: z.string().optional(),
  }),
  async ({ name, kind: word = 'group', description, icon: iconId }, { calls }) => {
    const kind = channelKindWords.numberOf(word) as ChannelKind;
    const request = Channel.fromPartial({ name, kind, ...present({ description, iconId }) });
    return ['room', roomFields(await calls.managers(ChannelService.create, request))];
  },
);

const updateRoom = realtimeRequest(
  z.strictObject({
    room_id: roomIdField,
    name: z.string().optional(),
    description: z.string().optional(),
    icon: z.string().optional(),
  }),
  async ({ room_id: id, icon: iconId, ...fields }, { calls }) => {
    const request = UpdateChannelRequest.fromPartial({ id, ...present({ ...fields, iconId }) });
    return ['room', roomFields(await calls.managers(ChannelService.update, request))];
  },
);

const deleteRoom = realtimeRequest(oneRoom, async ({ room_id: id }, { calls }) => {
  await calls.managers(ChannelService.delete, Channel.fromPartial({ id }));
  return done;
});

const directRoom = realtimeRequest(z.strictObject({ user_id: idField }), async ({ user_id: id }, { calls }) => [
  'room',
  roomFields(await calls.managers(ChannelService.openDirect, User.fromPartial({ id }))),
]);

const join = realtimeRequest(z.union([oneRoom, z.strictObject({ link_id: linkField })]), async (asked, { calls }) => {
  const invite = 'link_id' in asked ? { id: asked.link_id } : { channelId: asked.room_id };
  return ['room', roomFields(await calls.managers(ChannelService.join, Invite.fromPartial(invite)))];
});

async function remove(channelId: number, userId: string, calls: RequestContext['calls']): Promise<RealtimeAnswer> {
  const request = ChangeMemberRequest.fromPartial({ channelId, userId, remove: true });
  await calls.managers(ChannelService.changeMember, request);
  return done;
}

const leave = realtimeRequest(oneRoom, ({ room_id: roomId }, { calls, userId }) => remove(roomId, userId, calls));

const members = realtimeRequest(
  z.strictObject({ room_id: roomIdField, after: pageField }),
  async ({ room_id: channelId, after }, { calls }) => {
    const request = ListMembersRequest.fromPartial({ channelId, page: askedPage({ after }) });
    const { users, next } = await calls.managers(ChannelService.listMembers, request);
    const list = users.map((user) => memberFields(channelId, user));
    return ['members', { room_id: channelId, members: list, next: nextOf(next) }];
  },
);

const addMembers = realtimeRequest(
  z.strictObject({ room_id: roomIdField, user_ids: z.array(idField).min(1).max(limits.membersAddedAtOnce) }),
  async ({ room_id: channelId, user_ids: userIds }, { calls }) => {
    const request = AddMembersRequest.fromPartial({ channelId, userIds });
    const { additions } = await calls.managers(ChannelService.addMembers, request);
    const list = additions.map(({ user, refusal }, at) => {
      const { reason = null, message = null } = refusal ?? {};
      return { ...memberFields(channelId, user ?? User.fromPartial({ id: userIds[at] ?? '' })), reason, message };
    });
    return ['members_added', { room_id: channelId, members: list }];
  },
);

const removeMember = realtimeRequest(oneMember, ({ room_id: roomId, user_id: userId }, { calls }) =>
  remove(roomId, userId, calls),
);

const setRole = realtimeRequest(
  oneMember.extend({ role: memberRoleWords.schema }),
  async ({ room_id: channelId, user_id: userId, role: word }, { calls }) => {
    const role = memberRoleWords.numberOf(word) as MemberRole;
    const request = ChangeMemberRequest.fromPartial({ channelId, userId, role });
    return ['member', memberFields(channelId, await calls.managers(ChannelService.changeMember, request))];
  },
);

const createInvite = realtimeRequest(
  z.strictObject({
    room_id: roomIdField,
    max_uses: z.int().min(1).max(limits.inviteUses).optional(),
    expires_at: timeField.optional(),
  }),
  async ({ room_id: channelId, max_uses: maxUses = 0, expires_at: expiresAt }, { calls }) => {
    const request = Invite.fromPartial({ channelId, maxUses, expiresAt: msOf(expiresAt) });
    return ['invite', inviteFields(await calls.managers(ChannelService.createInvite, request))];
  },
);

const invites = realtimeRequest(oneRoom, async ({ room_id: id }, { calls }) => {
  const { invites: list } = await calls.managers(ChannelService.listInvites, Channel.fromPartial({ id }));
  return ['invites', { room_id: id, invites: list.map(inviteFields) }];
});

const revokeInvite = realtimeRequest(z.strictObject({ link_id: linkField }), async ({ link_id: id }, { calls }) => {
  await calls.managers(ChannelService.revokeInvite, Invite.fromPartial({ id }));
  return done;
});

const profile = realtimeRequest(z.strictObject({ user_id: idField.optional() }), async (asked, { calls, userId }) => {
  const request = User.fromPartial({ id: asked.user_id ?? userId });
  return ['profile', userFields(await calls.users(UserService.get, request))];
});

const notifications = realtimeRequest(
  z.strictObject({ after: pageField, unread_only: z.boolean().optional() }),
  async ({ after, unread_only: unreadOnly = false }, { calls }) => {
    const request = ListNotificationsRequest.fromPartial({ unreadOnly, page: askedPage({ after }) });
    const { notifications: list, next, unread } = await calls.managers(ChannelService.listNotifications, request);
    return ['notifications', { notifications: list.map(noticeFields), unread, next: nextOf(next) }];
  },
);

const readNotifications = realtimeRequest(
  z.strictObject({ up_to: z.int().min(1) }),
  async ({ up_to: upTo }, { calls }) => {
    await calls.managers(ChannelService.markNotifications, MarkNotificationsRequest.fromPartial({ upTo }));
    return done;
  },
);

/** Every request of the protocol, by the type of its frame. */
export const realtimeRequests: ReadonlyMap<string, RealtimeRequest> = new Map(
  Object.entries({
    ...messageRequests,
    ...{ rooms, room, join, leave, members, invites, profile, notifications },
    create_room: createRoom,
    update_room: updateRoom,
    delete_room: deleteRoom,
    direct_room: directRoom,
    add_members: addMembers,
    remove_member: removeMember,
    set_role: setRole,
    create_invite: createInvite,
    revoke_invite: revokeInvite,
    read_notifications: readNotifications,
  }),
);
