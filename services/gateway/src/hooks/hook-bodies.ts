import type { IncomingHttpHeaders } from 'node:http';
import type { Message } from '@parley/contract';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import * as z from 'zod';
import { isForm } from '../api/read-request.js';
import { newMessageFields, restMessage } from '../rest/message-body.js';
import { slackText } from './slack-text.js';

/** The application for which a client of an incoming webhook was written. */
export type HookClient = 'parley' | 'slack' | 'discord';

/** The body of a post, before the schema of its client has accepted it. */
export type HookBody = Readonly<Record<string, unknown>>;

/** Largest `username`, as at Discord. */
const nameCharacters = 80;
const username = z.string().max(nameCharacters).nullish();

/** A list that must be empty, because Parley cannot show what is in it. */
const nothing = (text: string) =>
  z.array(z.unknown()).max(0, `Parley cannot show these. Put the words into \`${text}\`.`).nullish();

const parleyBody = z.strictObject({ message: z.strictObject(newMessageFields) });
/**
 * Clients for Slack and Discord send fields of their own too, such as `timeout`, and both servers
 * ignore what they do not know. Only fields that hold words must be empty.
 */
const slackBody = z.looseObject({ attachments: nothing('text'), text: z.string(), username });
const discordBody = z.looseObject({
  ...{ embeds: nothing('content'), attachments: nothing('content'), components: nothing('content') },
  poll: z.null('Parley has no polls.').optional(),
  content: z.string(),
  username,
});

/** Returns the application for which a client was written, by its body. */
export function hookClientOf(body: HookBody, headers: IncomingHttpHeaders): HookClient {
  if (isForm(headers) || 'text' in body) return 'slack';
  return 'content' in body || 'embeds' in body ? 'discord' : 'parley';
}

/** @throws {Refusal} `invalid-request` with the `z.ZodError` as its cause. */
function fit<T>(schema: z.ZodType<T>, body: HookBody): T {
  const result = schema.safeParse(body);
  if (!result.success) throw refuse('invalid-request', { cause: result.error });
  return result.data;
}

/** A check of a body: returns the message that a webhook posts for it. */
export type HookMessage = (webhook: UserCaller, clientId: string) => Message;

/**
 * Checks a body by the schema of its client.
 * @throws {Refusal} `invalid-request`
 */
export function hookMessageOf(client: HookClient, body: HookBody): HookMessage {
  const by = (text: string, as?: string | null): HookMessage => {
    return ({ name, onlyChannelId = 0 }, clientId) => {
      const isOther = as != null && as !== '' && as !== name;
      return restMessage(onlyChannelId, clientId, { text: isOther ? `${as}: ${text}` : text });
    };
  };
  if (client === 'parley') {
    const { message } = fit(parleyBody, body);
    return ({ onlyChannelId = 0 }, clientId) => restMessage(onlyChannelId, clientId, message);
  }
  if (client === 'slack') {
    const { text, username: as } = fit(slackBody, body);
    return by(slackText(text), as);
  }
  const { content, username: as } = fit(discordBody, body);
  return by(content, as);
}
