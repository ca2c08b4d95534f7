import type { ApiForm } from '../../api/api-door.js';
import { accountRoutesOf, type TokenPolicy } from './account-routes.js';
import { chatRoutesOf } from './chat-routes.js';
import { tokenFinder } from './credentials.js';
import type { Directory } from './directory.js';
import { errorOf } from './errors.js';
import { messageRoutes001 } from './message-routes.js';
import type { NewChats } from './new-chats.js';

/** Returns the HTTP calls of document 001, at `/api`. */
export function document001(directory: Directory, newChats: NewChats, policy: TokenPolicy): ApiForm {
  return {
    prefix: '/api',
    routes: [...accountRoutesOf(directory, policy), ...chatRoutesOf(directory, newChats), ...messageRoutes001],
    problemOf: errorOf,
    tokenOf: tokenFinder(policy.takesUrlTokens),
    headersOf: (ms) => ({ 'x-server-time': `${Math.round(ms * 1_000)}us` }),
  };
}
