import type { IncomingMessage } from 'node:http';
import type { Ack, Message } from '@parley/contract';
import type { UserCaller } from '@parley/service-kit';
import * as z from 'zod';
import type { ApiForm } from '../api/api-door.js';
import { isForm } from '../api/read-request.js';
import { OtherAnswer, route } from '../api/route.js';
import { timeOf } from '../rest/fields.js';
import { idempotencyKey } from '../rest/headers.js';
import { ackJson, ackShape, clientIdOf, textBodyBytes } from '../rest/message-body.js';
import { type HookClient, hookClientOf, hookMessageOf } from './hook-bodies.js';
import { hookProblem } from './hook-errors.js';

/** The clients of the requests whose body was read. */
const clients = new WeakMap<IncomingMessage, HookClient>();

/** Returns a message in the form in which Discord shows one. */
function discordMessage(me: UserCaller, { data }: Message, { channelId, seq, timestamp }: Ack & { channelId: number }) {
  const author = { id: String(me.number), username: me.name, bot: true };
  return {
    ...{ id: String(seq), type: 0, channel_id: String(channelId), webhook_id: author.id, author },
    ...{ content: Buffer.from(data).toString(), timestamp: timeOf(timestamp), edited_timestamp: null },
    ...{ tts: false, pinned: false, mention_everyone: false, flags: 0 },
    ...{ mentions: [], mention_roles: [], embeds: [], attachments: [], components: [] },
  };
}

const post = route({
  ...{ method: 'POST', path: '/{secret}', tag: 'webhooks', status: 200, takesForm: true },
  summary: 'Posts a message into the chat of an incoming webhook.',
  headers: idempotencyKey,
  maxBodyBytes: textBodyBytes,
  query: z.strictObject({
    wait: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['true', 'false']))
      .optional(),
  }),
  body: z.record(z.string(), z.unknown()),
  answer: ackShape,
  run: async ({ calls, body, query, headers, incoming }) => {
    const client = hookClientOf(body, headers);
    clients.set(incoming, client);
    const messageFor = hookMessageOf(client, body);
    const clientId = clientIdOf(headers['idempotency-key']);
    const me = await calls.me();
    const message = messageFor(me, clientId);
    const ack = await calls.post(message);
    if (client === 'parley') return ackJson(message.channelId, ack);
    if (client === 'slack') return new OtherAnswer(200, 'text/plain; charset=utf-8', 'ok');
    if (query.wait !== 'true') return new OtherAnswer(204, 'application/json', '');
    const shown = discordMessage(me, message, { ...ack, channelId: message.channelId });
    return new OtherAnswer(200, 'application/json', JSON.stringify(shown));
  },
});

/** The addresses of incoming webhooks. The token of each is in its path. */
export const hookForm: ApiForm = {
  prefix: '/hooks',
  routes: [post],
  problemOf: (refusal, request) =>
    hookProblem(refusal, clients.get(request) ?? (isForm(request.headers) ? 'slack' : 'parley')),
  tokenOf: ({ path }) => path.split('/')[2] ?? '',
};
