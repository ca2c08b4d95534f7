import { z } from 'zod';

const id = z.string().min(1).max(100);
const about = z.looseObject({ value: z.string().default('') }).optional();

/** A line of users.json. */
export const slackUser = z.looseObject({
  id,
  name: z.string().optional(),
  team_id: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  real_name: z.string().nullish(),
  profile: z.looseObject({ display_name: z.string().nullish(), real_name: z.string().nullish() }).optional(),
});

const pin = z.looseObject({ id: z.string(), user: z.string().optional(), created: z.coerce.number().optional() });

/** A line of channels.json, groups.json, mpims.json or dms.json. */
export const slackChannel = z.looseObject({
  id,
  name: z.string().optional(),
  created: z.coerce.number().optional(),
  creator: z.string().optional(),
  members: z.array(z.string()).default([]),
  topic: about,
  purpose: about,
  pins: z.array(pin).nullish(),
});

const reaction = z.looseObject({ name: z.string(), users: z.array(z.string()).default([]) });
const file = z.looseObject({
  name: z.string().nullish(),
  title: z.string().nullish(),
  url_private: z.string().optional(),
  permalink: z.string().optional(),
});
const attachment = z.looseObject({
  pretext: z.string().nullish(),
  title: z.string().nullish(),
  title_link: z.string().nullish(),
  text: z.string().nullish(),
  fallback: z.string().nullish(),
  from_url: z.string().nullish(),
});

/** A message of a day. */
export const slackMessage = z.looseObject({
  ts: z.string().regex(/^\d{1,11}(\.\d{1,6})?$/, 'It is not a time of Slack.'),
  subtype: z.string().optional(),
  user: z.string().nullish(),
  inviter: z.string().optional(),
  bot_id: z.string().nullish(),
  username: z.string().nullish(),
  bot_profile: z.looseObject({ name: z.string().optional() }).optional(),
  user_profile: z
    .looseObject({ name: z.string().nullish(), real_name: z.string().nullish(), display_name: z.string().nullish() })
    .optional(),
  text: z.string().nullish(),
  thread_ts: z.string().optional(),
  edited: z.looseObject({ ts: z.string() }).nullish(),
  reactions: z.array(reaction).default([]),
  files: z.array(file).nullish(),
  attachments: z.array(attachment).nullish(),
});

export type SlackUser = z.infer<typeof slackUser>;
export type SlackChannel = z.infer<typeof slackChannel>;
export type SlackMessage = z.infer<typeof slackMessage>;

/** Returns a time of Slack, such as `1438024118.000002`, in Unix milliseconds. */
export function millisecondsOf(ts: string): number {
  const [seconds = '0', part = ''] = ts.split('.');
  return Number(seconds) * 1_000 + Math.floor(Number(part.padEnd(6, '0').slice(0, 6)) / 1_000);
}
