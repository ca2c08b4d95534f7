import {
  LoginRequest,
  type LoginResponse,
  RegisterRequest,
  SearchUsersRequest,
  User,
  UserService,
} from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime';
import * as z from 'zod';
import { type ApiRequest, type ApiRoute, route } from '../../api/route.js';
import type { ServiceCalls } from '../../api/service-calls.js';
import { setTokenCookie } from '../../http/token-cookie.js';
import { chatsWithMembers } from './chat-list.js';
import { cookie001 } from './credentials.js';
import type { Directory } from './directory.js';
import { userOf, userSchema } from './shapes.js';
import { mailIdPrefix, userIdOf, workspace, wrapToken } from './token.js';

/** Settings for the tokens that this door issues. */
export interface TokenPolicy {
  /** Whether tokens may be in URLs. Otherwise a cookie for the same origin contains them. */
  readonly takesUrlTokens: boolean;
  /** Whether browsers reach the gateway by TLS. */
  readonly isSecure: boolean;
}

const tag = 'accounts';
const tokenAnswer = z.object({ token: z.string() });
const device = 'document 001';
/** Maximum number of people that GET /users finds, besides the members of the caller's chats. */
const maxPeopleFound = 500;
const pageSize = 100;

/**
 * Logs in with the account that signed up with this email address, or else with a verified address.
 */
async function logIn(calls: ServiceCalls, email: string, password: string): Promise<LoginResponse> {
  const attempt = (userId: string) =>
    calls.users(UserService.login, LoginRequest.fromPartial({ userId, password, device }));
  if (!email.includes('@')) return attempt(email);
  try {
    return await attempt(userIdOf(email));
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.reason !== 'wrong-credentials') throw thrown;
    return attempt(email);
  }
}

/**
 * Returns the response to a login: the token, and a cookie for browsers if tokens may not be in
 * URLs.
 */
function answerLogin(
  { token, user, expiresAt }: LoginResponse,
  policy: TokenPolicy,
  setHeader: ApiRequest<unknown, unknown, unknown>['setHeader'],
): z.infer<typeof tokenAnswer> {
  const { number: id = 0, name = '', email = '', createdAt = 0 } = user ?? {};
  const names = { username: name, fullname: name };
  const claims = { id, ...workspace, ...names, email, createdAt: new Date(createdAt).toISOString() };
  const wrapped = wrapToken(token, claims, expiresAt);
  if (!policy.takesUrlTokens) setHeader('set-cookie', setTokenCookie(cookie001, wrapped, policy.isSecure));
  return { token: wrapped };
}

function signUpRoute(policy: TokenPolicy): ApiRoute {
  return route({
    ...{ method: 'POST', path: '/signup', tag, status: 201, isPublic: true },
    summary: 'Creates an account and returns a token.',
    body: z.object({
      email: z.string(),
      username: z.string().optional(),
      fullname: z.string().optional(),
      password: z.string(),
      workspace: z.string().optional().meta({ description: 'ignored: there is one workspace' }),
    }),
    answer: tokenAnswer,
    run: async ({ calls, body: { email, username, fullname, password }, setHeader }) => {
      const name = username ?? fullname;
      if (name === undefined) throw refuse('invalid-request', { message: 'username: give a name.' });
      if (email === '') throw refuse('invalid-email');
      const request = RegisterRequest.fromPartial({ userId: userIdOf(email), name, password, email });
      await calls.users(UserService.register, request).catch((thrown: unknown) => {
        if (!(thrown instanceof Refusal) || thrown.reason !== 'user-id-taken') throw thrown;
        throw refuse('user-id-taken', { message: `Email already exists: ${email}`, cause: thrown });
      });
      return answerLogin(await logIn(calls, email, password), policy, setHeader);
    },
  });
}

function signInRoute(policy: TokenPolicy): ApiRoute {
  return route({
    ...{ method: 'POST', path: '/signin', tag, isPublic: true },
    summary: 'Returns a token for an email address or user id, and a password.',
    body: z.object({ email: z.string(), password: z.string() }),
    answer: tokenAnswer,
    run: async ({ calls, body: { email, password }, setHeader }) =>
      answerLogin(await logIn(calls, email, password), policy, setHeader),
  });
}

/** Returns users who signed up at this door and whom the caller may see. */
async function findPeople(calls: ServiceCalls): Promise<User[]> {
  const found: User[] = [];
  for (let after = '', isFirst = true; isFirst || after !== ''; isFirst = false) {
    const request = SearchUsersRequest.fromPartial({ text: mailIdPrefix, page: { size: pageSize, after } });
    const { users, next } = await calls.users(UserService.search, request);
    found.push(...users);
    after = found.length < maxPeopleFound ? next : '';
  }
  return found;
}

function usersRoute(directory: Directory): ApiRoute {
  return route({
    ...{ method: 'GET', path: '/users', tag: 'people' },
    summary: 'Lists the caller, the members of the caller’s chats, and people who signed up here.',
    answer: z.array(userSchema),
    run: async ({ calls }) => {
      const { id } = await calls.me();
      const me = await calls.users(UserService.get, User.fromPartial({ id }));
      const people = await findPeople(calls);
      const inChats = (await chatsWithMembers(calls, directory)).flatMap(({ members }) => members);
      directory.note([me, ...people]);
      const others = [...people, ...inChats].map(({ number, name }) => userOf({ number, name, email: '' }));
      const byNumber = new Map([...others, userOf(me)].map((user) => [user.id, user]));
      return [...byNumber.values()].sort((one, other) => one.id - other.id);
    },
  });
}

/** Routes of document 001 to sign up, sign in and list people. */
export function accountRoutesOf(directory: Directory, policy: TokenPolicy): ApiRoute[] {
  return [signUpRoute(policy), signInRoute(policy), usersRoute(directory)];
}
