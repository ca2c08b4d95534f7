import { z } from 'zod';

const id = z.string().min(1).max(100);
const time = z.iso.datetime({ offset: true });

const author = z.looseObject({
  id,
  name: z.string(),
  nickname: z.string().nullish(),
  isBot: z.boolean().optional(),
});

const reaction = z.looseObject({
  emoji: z.looseObject({ name: z.string(), code: z.string().nullish() }),
  count: z.number().int().optional(),
  users: z.array(author).nullish(),
});
const embed = z.looseObject({
  title: z.string().nullish(),
  url: z.string().nullish(),
  description: z.string().nullish(),
});

export const discordMessage = z.looseObject({
  id,
  type: z.string(),
  timestamp: time,
  timestampEdited: time.nullish(),
  isPinned: z.boolean().optional(),
  content: z.string(),
  author,
  attachments: z.array(z.looseObject({ url: z.string(), fileName: z.string() })).nullish(),
  embeds: z.array(embed).nullish(),
  stickers: z.array(z.looseObject({ name: z.string() })).nullish(),
  reactions: z.array(reaction).nullish(),
  mentions: z.array(author).nullish(),
  reference: z.looseObject({ messageId: z.string().nullish() }).nullish(),
});

/** A file of DiscordChatExporter, without its messages. */
export const discordFile = z.looseObject({
  guild: z.looseObject({ id }),
  channel: z.looseObject({ id, type: z.string(), name: z.string(), topic: z.string().nullish() }),
  messages: z.array(z.unknown()),
});

export type DiscordAuthor = z.infer<typeof author>;
export type DiscordMessage = z.infer<typeof discordMessage>;
export type DiscordChannel = z.infer<typeof discordFile>['channel'];
