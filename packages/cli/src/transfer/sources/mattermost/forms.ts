import { z } from 'zod';

const time = z.number().int().min(0);
const name = z.string().min(1).max(150);
const reaction = z.looseObject({ user: name, emoji_name: z.string() });
const attachment = z.looseObject({ path: z.string().min(1) });
const webhookText = z.looseObject({
  fallback: z.string().nullish(),
  text: z.string().nullish(),
  pretext: z.string().nullish(),
});

const said = {
  user: name,
  type: z.string().nullish(),
  message: z.string().nullish(),
  create_at: time,
  edit_at: time.nullish(),
  reactions: z.array(reaction).nullish(),
  attachments: z.array(attachment).nullish(),
};
const reply = z.looseObject(said);
const post = z.looseObject({
  ...said,
  props: z
    .looseObject({ attachments: z.array(webhookText).nullish() })
    .nullish()
    .catch(undefined),
  is_pinned: z.boolean().nullish(),
  replies: z.array(reply).nullish(),
});

const channelOfUser = z.looseObject({
  name,
  roles: z.string().nullish(),
  last_viewed_at: time.nullish(),
});
const teamOfUser = z.looseObject({ name, channels: z.array(channelOfUser).nullish() });

const user = z.looseObject({
  username: name,
  nickname: z.string().nullish(),
  first_name: z.string().nullish(),
  last_name: z.string().nullish(),
  delete_at: time.nullish(),
  teams: z.array(teamOfUser).nullish(),
});

const channel = z.looseObject({
  team: name,
  name,
  display_name: z.string().nullish(),
  type: z.enum(['O', 'P']),
  header: z.string().nullish(),
  purpose: z.string().nullish(),
});

/** The people of a direct chat. Newer versions name them as `participants`. */
const directChannel = z
  .looseObject({
    members: z.array(name).nullish(),
    participants: z.array(z.looseObject({ username: name, last_viewed_at: time.nullish() })).nullish(),
    header: z.string().nullish(),
  })
  .transform(({ members, participants, header }) => ({
    members:
      members?.map((person) => ({ person, viewedMs: undefined })) ??
      (participants ?? []).map(({ username, last_viewed_at: viewedMs }) => ({
        person: username,
        viewedMs: viewedMs ?? undefined,
      })),
    header,
  }))
  .refine(({ members }) => members.length > 0, 'It has no members.');

/** A line of a bulk export. */
export const mattermostLine = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('version'), version: z.literal(1) }),
  z.looseObject({ type: z.enum(['scheme', 'role', 'emoji']) }),
  z.looseObject({ type: z.literal('team'), team: z.looseObject({ name }) }),
  z.looseObject({ type: z.literal('channel'), channel }),
  z.looseObject({ type: z.literal('user'), user }),
  z.looseObject({ type: z.literal('bot'), bot: z.looseObject({ username: name, display_name: z.string().nullish() }) }),
  z.looseObject({ type: z.literal('post'), post: post.extend({ team: name, channel: name }) }),
  z.looseObject({ type: z.literal('direct_channel'), direct_channel: directChannel }),
  z.looseObject({
    type: z.literal('direct_post'),
    direct_post: post.extend({ channel_members: z.array(name).min(1) }),
  }),
]);

export type MattermostLine = z.infer<typeof mattermostLine>;
export type MattermostUser = z.infer<typeof user>;
export type MattermostChannel = z.infer<typeof channel>;
export type MattermostPost = z.infer<typeof post>;
export type MattermostReply = z.infer<typeof reply>;
