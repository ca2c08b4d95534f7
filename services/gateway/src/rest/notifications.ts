import {
  ChannelService,
  ListNotificationsRequest,
  MarkNotificationsRequest,
  type Notification,
  NotificationKind,
} from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import { askedPage, flagField, nextField, nextOf, pageFields, present, timeField, timeOf } from './fields.js';
import { enumWords } from './words.js';

export const notificationKindWords = enumWords(NotificationKind);
const tag = 'notifications';

const notificationShape = z
  .strictObject({
    id: z.int(),
    kind: notificationKindWords.schema.nullable(),
    channel_id: z.int(),
    seq: z.int().nullable(),
    created_at: timeField.nullable(),
    read: z.boolean(),
    by: z.string().meta({ description: 'id of the user who caused it' }),
  })
  .meta({ id: 'Notification' });

function notificationJson(one: Notification): z.infer<typeof notificationShape> {
  return {
    id: one.id,
    kind: notificationKindWords.wordOf(one.kind) ?? null,
    channel_id: one.channelId,
    seq: one.seq === 0 ? null : one.seq,
    created_at: timeOf(one.createdAt),
    read: one.read,
    by: one.by,
  };
}

const list = route({
  ...{ method: 'GET', path: '/notifications', tag },
  summary: 'Lists the notifications of the caller, the newest first.',
  query: z.strictObject({ unread_only: flagField.optional(), ...pageFields }),
  answer: z.strictObject({
    notifications: z.array(notificationShape),
    next: nextField,
    unread: z.int().meta({ description: 'counted up to 100' }),
  }),
  run: async ({ calls, query: { unread_only: unreadOnly = false, ...page } }) => {
    const request = ListNotificationsRequest.fromPartial({ unreadOnly, page: askedPage(page) });
    const { notifications, next, unread } = await calls.managers(ChannelService.listNotifications, request);
    return { notifications: notifications.map(notificationJson), next: nextOf(next), unread };
  },
});

const mark = route({
  ...{ method: 'POST', path: '/notifications/read', tag },
  summary: 'Marks notifications as read: by id, or all up to an id.',
  body: z
    .strictObject({
      ids: z.array(z.int().min(1)).max(limits.pageEntries).optional(),
      up_to: z.int().min(1).optional(),
    })
    .meta({ minProperties: 1 }),
  run: async ({ calls, body: { ids, up_to: upTo } }) => {
    if (ids === undefined && upTo === undefined) throw refuse('invalid-request', { message: 'Give ids or up_to.' });
    const request = MarkNotificationsRequest.fromPartial(present({ ids, upTo }));
    await calls.managers(ChannelService.markNotifications, request);
  },
});

/** Notifications of the caller. */
export const notificationRoutes = [list, mark];
