import {
  AddMembersRequest,
  ChangeMemberRequest,
  Channel,
  ChannelService,
  Invite,
  ListMembersRequest,
  type MemberAddition,
  type MemberRole,
} from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import { channelJson, channelShape, inviteJson, inviteShape } from './channel-shape.js';
import {
  askedPage,
  channelParams,
  msOf,
  nextField,
  nextOf,
  pageQuery,
  present,
  servedText,
  timeField,
  userIdField,
} from './fields.js';
import { memberJson, memberRoleWords, memberShape } from './user-shape.js';

const tag = 'members';
const memberParams = channelParams.extend({ user_id: userIdField });

const listMembers = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/members', tag },
  summary: 'Lists the members of a channel. Its owner and admins also see former members and banned users.',
  params: channelParams,
  query: pageQuery,
  answer: z.strictObject({ members: z.array(memberShape), next: nextField }),
  run: async ({ calls, params: { channel_id: channelId }, query }) => {
    const request = ListMembersRequest.fromPartial({ channelId, page: askedPage(query) });
    const { users, next } = await calls.managers(ChannelService.listMembers, request);
    return { members: users.map(memberJson), next: nextOf(next) };
  },
});

const additionShape = z
  .strictObject({
    member: memberShape.nullable(),
    refusal: z.strictObject({ reason: z.string(), detail: z.string() }).nullable(),
  })
  .meta({ id: 'MemberAddition' });

function additionJson({ user, refusal }: MemberAddition): z.infer<typeof additionShape> {
  return {
    member: user === undefined ? null : memberJson(user),
    refusal: refusal === undefined ? null : { reason: refusal.reason, detail: refusal.message },
  };
}

const addMembers = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/members', tag },
  summary: 'Adds users to a chat, with a result for each. Adds none if not all of them fit.',
  params: channelParams,
  body: z.strictObject({ user_ids: z.array(servedText.userId).min(1).max(limits.membersAddedAtOnce) }),
  answer: z.strictObject({ additions: z.array(additionShape) }),
  run: async ({ calls, params: { channel_id: channelId }, body: { user_ids: userIds } }) => {
    const request = AddMembersRequest.fromPartial({ channelId, userIds });
    const { additions } = await calls.managers(ChannelService.addMembers, request);
    return { additions: additions.map(additionJson) };
  },
});

const changeMember = route({
  ...{ method: 'PATCH', path: '/channels/{channel_id}/members/{user_id}', tag },
  summary: 'Changes one of role, mute and ban of a member. Your own id with an offered role accepts it.',
  params: memberParams,
  body: z
    .strictObject({
      role: memberRoleWords.schema.optional().meta({ description: '`owner` offers the channel to the user' }),
      mute_until: timeField.nullable().optional().meta({ description: 'null lifts the mute' }),
      ban_until: timeField.nullable().optional().meta({ description: 'null lifts the ban' }),
    })
    .meta({ minProperties: 1, maxProperties: 1 }),
  answer: memberShape,
  run: async ({ calls, params: { channel_id: channelId, user_id: userId }, body }) => {
    const { role, mute_until: mute, ban_until: ban } = body;
    if (Object.keys(body).length !== 1) throw refuse('invalid-member-change');
    const change = present({
      role: role === undefined ? undefined : (memberRoleWords.numberOf(role) as MemberRole),
      muteUntil: mute === undefined ? undefined : msOf(mute),
      banUntil: ban === undefined ? undefined : msOf(ban),
    });
    const request = ChangeMemberRequest.fromPartial({ channelId, userId, ...change });
    return memberJson(await calls.managers(ChannelService.changeMember, request));
  },
});

const removeMember = route({
  ...{ method: 'DELETE', path: '/channels/{channel_id}/members/{user_id}', tag },
  summary: 'Removes a member. With your own id, you leave the chat or decline an offer.',
  params: memberParams,
  run: async ({ calls, params: { channel_id: channelId, user_id: userId } }) => {
    const request = ChangeMemberRequest.fromPartial({ channelId, userId, remove: true });
    await calls.managers(ChannelService.changeMember, request);
  },
});

const join = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/join', tag },
  summary: 'Joins a public chat, accepts an offer of membership, or returns to a direct chat.',
  params: channelParams,
  answer: channelShape,
  run: async ({ calls, params: { channel_id: channelId } }) =>
    channelJson(await calls.managers(ChannelService.join, Invite.fromPartial({ channelId }))),
});

const inviteFields = z.strictObject({
  max_uses: z.int().min(1).max(limits.inviteUses).optional().meta({ description: 'default: no limit' }),
  expires_at: timeField.optional().meta({ description: 'default: never' }),
});
const inviteParams = z.object({ invite_id: z.string().max(128) });
const invitesAnswer = z.strictObject({ invites: z.array(inviteShape) });

/** Returns the routes for the invites of channels, or, with channel 0, for invitations to register. */
function inviteRoutes(path: '/channels/{channel_id}/invites' | '/invitations', what: string) {
  const params = path === '/invitations' ? z.object({}) : channelParams;
  const idIn = (given: object): number => ('channel_id' in given ? Number(given.channel_id) : 0);
  const create = route({
    ...{ method: 'POST', path, tag: 'invites', status: 201, summary: `Creates ${what}.`, params },
    body: inviteFields,
    answer: inviteShape,
    run: async ({ calls, params: given, body: { max_uses: maxUses = 0, expires_at: expiresAt } }) => {
      const request = Invite.fromPartial({ channelId: idIn(given), maxUses, expiresAt: msOf(expiresAt) });
      return inviteJson(await calls.managers(ChannelService.createInvite, request));
    },
  });
  const list = route({
    ...{ method: 'GET', path, tag: 'invites', summary: `Lists each ${what.replace(/^an? /, '')}.`, params },
    answer: invitesAnswer,
    run: async ({ calls, params: given }) => {
      const request = Channel.fromPartial({ id: idIn(given) });
      const { invites } = await calls.managers(ChannelService.listInvites, request);
      return { invites: invites.map(inviteJson) };
    },
  });
  return [create, list];
}

const previewInvite = route({
  ...{ method: 'GET', path: '/invites/{invite_id}', tag: 'invites' },
  summary: 'Shows the chat of an invite link.',
  params: inviteParams,
  answer: channelShape,
  run: async ({ calls, params: { invite_id: id } }) =>
    channelJson(await calls.managers(ChannelService.previewInvite, Invite.fromPartial({ id }))),
});

const joinByInvite = route({
  ...{ method: 'POST', path: '/invites/{invite_id}/join', tag: 'invites' },
  summary: 'Joins the chat of an invite link.',
  params: inviteParams,
  answer: channelShape,
  run: async ({ calls, params: { invite_id: id } }) =>
    channelJson(await calls.managers(ChannelService.join, Invite.fromPartial({ id }))),
});

const revokeInvite = route({
  ...{ method: 'DELETE', path: '/invites/{invite_id}', tag: 'invites' },
  summary: 'Revokes an invite link or an invitation to register.',
  params: inviteParams,
  run: async ({ calls, params: { invite_id: id } }) => {
    await calls.managers(ChannelService.revokeInvite, Invite.fromPartial({ id }));
  },
});

/** Members of channels, and invites. */
export const memberRoutes = [
  ...[listMembers, addMembers, changeMember, removeMember, join],
  ...inviteRoutes('/channels/{channel_id}/invites', 'an invite link of a chat'),
  ...inviteRoutes('/invitations', 'an invitation to register, for operators'),
  ...[previewInvite, joinByInvite, revokeInvite],
];
