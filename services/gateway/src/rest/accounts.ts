import {
  Empty,
  LoginRequest,
  LogoutRequest,
  RegisterRequest,
  type Session,
  UpdateUserRequest,
  User,
  UserService,
  type Visibility,
} from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import type { ServiceCalls } from '../api/service-calls.js';
import { present, servedText, textUpTo, timeField, timeOf } from './fields.js';
import { ifMatch } from './headers.js';
import { ownProfileJson, ownProfileShape, visibilityWords } from './user-shape.js';

const sessionShape = z
  .strictObject({
    id: z.string(),
    device: z.string(),
    address: z.string(),
    created_at: timeField.nullable(),
    expires_at: timeField.nullable(),
    current: z.boolean().meta({ description: 'the session of this call' }),
  })
  .meta({ id: 'Session' });

const loginShape = z
  .strictObject({
    token: z.string().meta({ description: 'send it as Authorization: Bearer <token>' }),
    user: ownProfileShape,
    expires_at: timeField.nullable(),
    must_change_password: z.boolean(),
  })
  .meta({ id: 'Login' });

function sessionJson({ id, device, address, createdAt, expiresAt, current }: Session): z.infer<typeof sessionShape> {
  return { id, device, address, created_at: timeOf(createdAt), expires_at: timeOf(expiresAt), current };
}

/** Returns the profile of the caller. */
async function ownProfile({ calls }: { readonly calls: ServiceCalls }): Promise<z.infer<typeof ownProfileShape>> {
  const { id } = await calls.me();
  return ownProfileJson(await calls.users(UserService.get, User.fromPartial({ id })));
}

const tag = 'accounts';
const register = route({
  ...{ method: 'POST', path: '/accounts', tag, status: 201, isPublic: true },
  summary: 'Creates an account. To log in, open a session.',
  body: z.strictObject({
    user_id: servedText.userId,
    password: servedText.password,
    name: servedText.name.optional().meta({ description: 'default: the user id' }),
    email: servedText.email.optional(),
    invite: z.string().optional().meta({ description: 'needed if the server accepts only invited users' }),
  }),
  answer: z.strictObject({ user_id: z.string() }),
  run: async ({ calls, body: { user_id: userId, ...rest }, setHeader }) => {
    await calls.users(UserService.register, RegisterRequest.fromPartial({ userId, ...present(rest) }));
    setHeader('location', `/api/v1/users/${userId}`);
    return { user_id: userId };
  },
});

const logIn = route({
  ...{ method: 'POST', path: '/sessions', tag, status: 201, isPublic: true },
  summary: 'Logs in: opens a session and returns its token.',
  body: z.strictObject({
    user_id: z.string().meta({ description: 'a user id, or an email address that an operator has verified' }),
    password: z.string(),
    device: textUpTo(256).optional().meta({ description: 'name of the device, for the list of sessions' }),
  }),
  answer: loginShape,
  run: async ({ calls, body: { user_id: userId, ...rest } }) => {
    const login = await calls.users(UserService.login, LoginRequest.fromPartial({ userId, ...present(rest) }));
    const { token, user, expiresAt, mustChangePassword } = login;
    return {
      token,
      user: ownProfileJson(user ?? User.create()),
      expires_at: timeOf(expiresAt),
      must_change_password: mustChangePassword,
    };
  },
});

const listSessions = route({
  ...{ method: 'GET', path: '/sessions', tag },
  summary: 'Lists the sessions of the caller, the newest first.',
  answer: z.strictObject({ sessions: z.array(sessionShape) }),
  run: async ({ calls }) => {
    const { sessions } = await calls.users(UserService.listSessions, Empty.create());
    return { sessions: sessions.map(sessionJson) };
  },
});

const logOut = route({
  ...{ method: 'DELETE', path: '/sessions/{session_id}', tag },
  summary: 'Ends one session of the caller; `current` is the session of this call.',
  params: z.object({ session_id: z.union([z.literal('current'), z.guid()]) }),
  run: async ({ calls, params: { session_id: id } }) => {
    const sessionId = id === 'current' ? '' : id;
    await calls.users(UserService.logout, LogoutRequest.fromPartial({ sessionId }));
  },
});

const logOutEverywhere = route({
  ...{ method: 'DELETE', path: '/sessions', tag },
  summary: 'Ends all sessions of the caller, this one included.',
  run: async ({ calls }) => {
    await calls.users(UserService.logout, LogoutRequest.fromPartial({ everywhere: true }));
  },
});

const readMe = route({
  ...{ method: 'GET', path: '/me', tag: 'profile' },
  summary: 'Returns the profile of the caller.',
  answer: ownProfileShape,
  run: ownProfile,
});

const changeMe = route({
  ...{ method: 'PATCH', path: '/me', tag: 'profile' },
  summary: 'Changes the profile of the caller. A new email address or password needs the current password.',
  headers: ifMatch('the profile'),
  body: z.strictObject({
    name: servedText.name.optional(),
    about: z.string().optional().meta({ maxLength: limits.aboutCharacters }),
    avatar_id: z.string().nullable().optional().meta({ description: 'a file of the caller; null removes it' }),
    email: servedText.email.nullable().optional().meta({ description: 'null removes it' }),
    visibility: visibilityWords.schema.optional(),
    private_reads: z.boolean().optional(),
    password: z.string().optional().meta({ description: 'the current password' }),
    new_password: servedText.password.optional().meta({ description: 'ends the other sessions' }),
  }),
  answer: ownProfileShape,
  current: ownProfile,
  run: async ({ calls, body }) => {
    const { avatar_id: avatarId, email, visibility, private_reads: privateReads, new_password: newPassword } = body;
    const change = UpdateUserRequest.fromPartial({
      ...present({ name: body.name, about: body.about, privateReads, newPassword, password: body.password }),
      ...(avatarId !== undefined && { avatarId: avatarId ?? '' }),
      ...(email !== undefined && { email: email ?? '' }),
      ...(visibility !== undefined && { visibility: visibilityWords.numberOf(visibility) as Visibility }),
    });
    return ownProfileJson(await calls.users(UserService.update, change));
  },
});

/** Accounts, sessions, and the profile of the caller. */
export const accountRoutes = [register, logIn, listSessions, logOut, logOutEverywhere, readMe, changeMe];
