import { bearerOf } from '@parley/service-kit';
import type { ApiForm } from '../api/api-door.js';
import { tokenInCookie } from '../http/token-cookie.js';
import { accountRoutes } from './accounts.js';
import { botRoutes } from './bots.js';
import { channelRoutes } from './channels.js';
import { cookieRoutes, fileCookie } from './file-cookie.js';
import { fileRoutes } from './files.js';
import { incomingWebhookRoutes } from './incoming-webhooks.js';
import { memberRoutes } from './members.js';
import { messageRoutes } from './messages.js';
import { notificationRoutes } from './notifications.js';
import { outgoingWebhookRoutes } from './outgoing-webhooks.js';
import { peopleRoutes } from './people.js';
import { restProblem } from './problem.js';
import { pushRoutes } from './push.js';

/** The REST API of Parley. */
export const restForm: ApiForm = {
  prefix: '/api/v1',
  routes: [
    ...[...accountRoutes, ...peopleRoutes, ...channelRoutes],
    ...[...memberRoutes, ...messageRoutes, ...notificationRoutes, ...pushRoutes],
    ...[...fileRoutes, ...cookieRoutes, ...botRoutes, ...incomingWebhookRoutes, ...outgoingWebhookRoutes],
  ],
  problemOf: restProblem,
  tokenOf: ({ request }, { isDownload }) => {
    const { authorization } = request.headers;
    const token = isDownload && authorization === undefined ? tokenInCookie(fileCookie, request) : undefined;
    return token ?? bearerOf(authorization);
  },
};
