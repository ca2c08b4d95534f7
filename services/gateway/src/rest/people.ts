import {
  AbuseReport,
  ChannelService,
  Page,
  SearchUsersRequest,
  SetBlockRequest,
  User,
  UserService,
} from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import {
  askedPage,
  channelIdField,
  nextField,
  nextOf,
  pageFields,
  pageQuery,
  present,
  seqField,
  servedText,
  userParams,
} from './fields.js';
import { userJson, userShape } from './user-shape.js';

const tag = 'people';
const usersPage = z.strictObject({ users: z.array(userShape), next: nextField });

const searchUsers = route({
  ...{ method: 'GET', path: '/users', tag },
  summary: 'Finds users by number, or by the start of the id or the name.',
  query: z.strictObject({ text: z.string().min(1).meta({ maxLength: limits.nameCharacters }), ...pageFields }),
  answer: usersPage,
  run: async ({ calls, query }) => {
    const request = SearchUsersRequest.fromPartial({ text: query.text, page: askedPage(query) });
    const { users, next } = await calls.users(UserService.search, request);
    return { users: users.map(userJson), next: nextOf(next) };
  },
});

const readUser = route({
  ...{ method: 'GET', path: '/users/{user_id}', tag },
  summary: 'Returns the part of a profile that the caller may see.',
  params: userParams,
  answer: userShape,
  run: async ({ calls, params: { user_id: id } }) =>
    userJson(await calls.users(UserService.get, User.fromPartial({ id }))),
});

function setBlock(method: 'PUT' | 'DELETE', blocked: boolean, summary: string) {
  return route({
    ...{ method, path: '/users/{user_id}/block', tag, summary },
    params: userParams,
    run: async ({ calls, params: { user_id: userId } }) => {
      await calls.managers(ChannelService.setBlock, SetBlockRequest.fromPartial({ userId, blocked }));
    },
  });
}

const listBlocks = route({
  ...{ method: 'GET', path: '/blocks', tag },
  summary: 'Lists the users whom the caller has blocked.',
  query: pageQuery,
  answer: usersPage,
  run: async ({ calls, query }) => {
    const { users, next } = await calls.managers(ChannelService.listBlocked, Page.fromPartial(askedPage(query)));
    return { users: users.map(userJson), next: nextOf(next) };
  },
});

const report = route({
  ...{ method: 'POST', path: '/abuse-reports', tag },
  summary: 'Reports a message or a user to the operators.',
  body: z.strictObject({
    user_id: servedText.userId.optional(),
    channel_id: channelIdField.optional(),
    seq: seqField.optional(),
    reason: z.string().meta({ minLength: 1, maxLength: limits.reportReasonCharacters }),
  }),
  run: async ({ calls, body: { user_id: userId, channel_id: channelId, ...rest } }) => {
    const request = AbuseReport.fromPartial(present({ userId, channelId, ...rest }));
    await calls.managers(ChannelService.reportAbuse, request);
  },
});

const resetPassword = route({
  ...{ method: 'POST', path: '/users/{user_id}/password-reset', tag, status: 201 },
  summary: 'For operators: ends the sessions of a user, and returns a password that works once.',
  params: userParams,
  answer: z.strictObject({ password: z.string() }),
  run: async ({ calls, params: { user_id: id } }) => {
    const { password } = await calls.users(UserService.resetPassword, User.fromPartial({ id }));
    return { password };
  },
});

/** Other users, blocks and reports of abuse. */
export const peopleRoutes = [
  searchUsers,
  readUser,
  setBlock('PUT', true, 'Blocks a user, who does not learn of it.'),
  setBlock('DELETE', false, 'Lifts the block of a user.'),
  listBlocks,
  report,
  resetPassword,
];
