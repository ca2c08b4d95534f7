import { ChannelService, SetPushRequest } from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import { msOf, timeField, timeOf } from './fields.js';

const tag = 'notifications';
/** Returns the schema of a number of bytes in base64url without padding. */
function bytesField(bytes: number) {
  return z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/)
    .length(Math.ceil((bytes * 4) / 3))
    .meta({ description: `${bytes} bytes in base64url without padding` });
}

const pointBytes = 65;
const secretBytes = 16;

const subscriptionFields = {
  endpoint: z
    .string()
    .regex(/^https:\/\/[!-~]+$/)
    .max(limits.pushEndpointCharacters),
  keys: z.strictObject({ p256dh: bytesField(pointBytes), auth: bytesField(secretBytes) }),
};
const subscriptionShape = z
  .strictObject({ ...subscriptionFields, shows_text: z.boolean(), quiet_until: timeField.nullable() })
  .meta({ id: 'PushSubscription' });

const toText = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const toBytes = (text: string) => Buffer.from(text, 'base64url');

const read = route({
  ...{ method: 'GET', path: '/push', tag },
  summary: 'Returns the key to subscribe to Web Push with, and the subscription of this session.',
  answer: z.strictObject({
    server_key: bytesField(pointBytes).nullable(),
    subscription: subscriptionShape.nullable(),
  }),
  run: async ({ calls }) => {
    const { serverKey, subscription } = await calls.managers(ChannelService.getPush, {});
    const server_key = serverKey.length === 0 ? null : toText(serverKey);
    if (subscription === undefined) return { server_key, subscription: null };
    const { endpoint, publicKey, secret, showsText: shows_text, quietUntil } = subscription;
    const keys = { p256dh: toText(publicKey), auth: toText(secret) };
    return { server_key, subscription: { endpoint, keys, shows_text, quiet_until: timeOf(quietUntil) } };
  },
});

const set = route({
  ...{ method: 'PUT', path: '/push', tag },
  summary: 'Sets the Web Push subscription of this session: the JSON of a `PushSubscription` of the browser.',
  body: z.strictObject({
    ...subscriptionFields,
    expirationTime: z.number().nullish().meta({ description: 'ignored' }),
    shows_text: z.boolean().optional().meta({ description: 'whether the text of messages is sent; default: false' }),
    quiet_until: timeField.nullish().meta({ description: 'nothing is sent before this time' }),
  }),
  run: async ({ calls, body: { endpoint, keys, shows_text: showsText = false, quiet_until: until } }) => {
    const { p256dh, auth } = keys;
    const fields = { endpoint, publicKey: toBytes(p256dh), secret: toBytes(auth), showsText, quietUntil: msOf(until) };
    await calls.managers(ChannelService.setPush, SetPushRequest.fromPartial({ subscription: fields }));
  },
});

const remove = route({
  ...{ method: 'DELETE', path: '/push', tag },
  summary: 'Removes the Web Push subscription of this session.',
  run: async ({ calls }) => {
    await calls.managers(ChannelService.setPush, { subscription: undefined });
  },
});

/** Web Push to the browser of the session. */
export const pushRoutes = [read, set, remove];
