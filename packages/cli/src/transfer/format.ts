import { channelSettings, snakeCase } from '@parley/contract';
import { emojiFrom, isDisplayName, isPrintable, isUserId, limits } from '@parley/runtime';
import { z } from 'zod';

/** Version of the format, in the first line of a file. */
export const formatVersion = 1;

/** Maximum number of bytes of one line. A message that 10,000 people have reacted to fits. */
export const maxLineBytes = 16_777_216;

/** Maximum number of bytes of a file in one `bytes` line. It is also that of a chunk in the database. */
export const maxPieceBytes = 262_144;

/** Size of the largest file. `PARLEY_FILE_BYTES` can only lower it. */
const maxFileBytes = 268_435_456;

const wellFormed = (text: string) => !/\p{Cs}/u.test(text);
const text = z.string().refine(wellFormed, 'It has half of a character (a lone surrogate).');
const id = text
  .min(1)
  .max(200)
  .refine((one) => !one.includes('\0'), 'It has a NUL.');

/** Latest time of an entry: in the year 2243. */
const latest = 8_640_000_000_000;
const time = z.int().min(0).max(latest);
const count = z.int().min(0);
/** An end. One that nobody will see means forever. */
const until = z.union([
  z
    .int()
    .min(0)
    .transform((one) => (one > latest ? ('forever' as const) : one)),
  z.literal('forever'),
]);
const printable = (max: number) => text.max(max).refine(isPrintable, 'It has an invisible character.');

const graphemes = new Intl.Segmenter();

/** Returns a text without characters that no text may have today, but which older systems have stored. */
function cleaned(words: string): string {
  if (isPrintable(words)) return words;
  const all = [...graphemes.segment(words)].map(({ segment }) => segment);
  return all.map((one) => (isPrintable(one) ? one : one.replace(/(?![\n\t])\p{C}/gu, ''))).join('');
}

const cleanedText = (max: number) => text.max(max).transform(cleaned);

/** Decodes base64. @throws nothing: other text has been refused. */
export const base64Bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

const header = z.strictObject({
  type: z.literal('export'),
  version: z.literal(formatVersion),
  source: id,
  moment: time,
  parley: text.max(100).optional(),
});

const person = z.strictObject({
  type: z.literal('person'),
  id,
  user_id: text.refine((one) => isUserId(one) && !one.startsWith('guest.'), 'It is not a user id.').optional(),
  name: text.refine(isDisplayName, 'It is not a valid name: a name has 1 to 64 visible characters.'),
  about: cleanedText(limits.aboutCharacters).optional(),
  bot: z.literal(true).optional(),
  status: z.enum(['suspended', 'deleted']).optional(),
  created_at: time.optional(),
});

/** The plain settings of a channel, by the name of their column. */
const settings = Object.fromEntries(
  Object.entries(channelSettings).map(([name, row]) => [
    snakeCase(name),
    row.type === 'text' ? cleanedText(row.max).default('') : count.max(row.max).default(0),
  ]),
);

const channel = z.strictObject({
  type: z.literal('channel'),
  id,
  kind: z.enum(['room', 'direct', 'group', 'public', 'private']),
  name: text,
  owner: id,
  pair: z.tuple([id, id]).optional(),
  limit: z.int().min(1).max(limits.chatMembers).default(limits.chatMembersDefault),
  retention_seconds: count.max(2_147_483_647).nullable().default(null),
  retention_count: z.int().min(1).max(2_147_483_647).nullable().default(null),
  open_history: z.boolean().default(true),
  metadata: z
    .record(z.string(), z.unknown())
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= limits.metadataJsonBytes, 'It is too large.')
    .default({}),
  created_at: time.optional(),
  ...settings,
});

/** An emoji. Older systems have stored it without the emoji style. */
const emoji = text
  .refine((one) => emojiFrom(one) !== undefined, 'It is not one emoji.')
  .transform((one) => emojiFrom(one) ?? one);
const reaction = z.strictObject({ emoji, people: z.array(id).min(1) });
const contentType = z
  .string()
  .max(limits.contentTypeCharacters)
  .regex(/^[\x21-\x7e ]*$/);
const entry = { n: z.int().min(1), at: time };

const message = z
  .strictObject({
    type: z.literal('message'),
    ...entry,
    from: id,
    text: text.optional(),
    base64: z.base64().optional(),
    content_type: contentType.optional(),
    reply_to: z.int().min(1).optional(),
    mentions: z.array(id).max(limits.mentions).optional(),
    edited_at: time.optional(),
    deleted_at: time.optional(),
    pinned_at: time.optional(),
    pinned_by: id.optional(),
    reactions: z.array(reaction).optional(),
    files: z.array(id).min(1).max(limits.filesAtOnce).optional(),
  })
  .refine((one) => (one.pinned_at === undefined) === (one.pinned_by === undefined), {
    error: 'A pin needs both pinned_at and pinned_by.',
  })
  .superRefine((one, context) => {
    const fault = contentFault(one);
    if (fault !== undefined) context.addIssue(fault);
  });

interface Content {
  readonly text?: string | undefined;
  readonly base64?: string | undefined;
  readonly content_type?: string | undefined;
  readonly deleted_at?: number | undefined;
  readonly files?: readonly string[] | undefined;
  readonly mentions?: readonly string[] | undefined;
  readonly reactions?: readonly unknown[] | undefined;
}

/** Returns the bytes of a message; none for a deleted one. */
export function dataOf({ text: words, base64 }: Pick<Content, 'text' | 'base64'>): Buffer {
  return base64 === undefined ? Buffer.from(words ?? '') : base64Bytes(base64);
}

/** Returns why the content of a message is wrong, or undefined. */
function contentFault(one: Content): string | undefined {
  const isEmpty = [one.text, one.base64, one.files, one.mentions, one.reactions].every((part) => part === undefined);
  if (one.deleted_at !== undefined) return isEmpty ? undefined : 'A deleted message has no content.';
  if (one.text !== undefined && one.base64 !== undefined) return 'A message has either text or base64.';
  const data = dataOf(one);
  if (data.length > limits.messageBytes)
    return `The message has ${data.length} bytes, but at most ${limits.messageBytes} are allowed.`;
  return undefined;
}

const change = z.strictObject({
  type: z.literal('change'),
  ...entry,
  by: id,
  people: z.array(id).min(1).max(limits.membersAddedAtOnce),
  joined: z.boolean(),
  role: z.enum(['none', 'member', 'admin', 'owner']),
});

/** Types of pictures whose size is known. A browser shows them in place. */
const pictureType = /^image\/(png|jpeg|gif|webp|avif)$/;

const file = z
  .strictObject({
    type: z.literal('file'),
    id,
    from: id,
    name: printable(255)
      .min(1)
      .regex(/^[^/\\\n\t]*$/),
    content_type: z
      .string()
      .max(limits.contentTypeCharacters)
      .regex(/^[a-z]+\/[\w.+-]+$/),
    size: count.max(maxFileBytes),
    width: z.int().min(1).max(100_000).optional(),
    height: z.int().min(1).max(100_000).optional(),
    thumbnail: z.base64().min(4).max(1_048_576).optional(),
    missing: z.literal(true).optional(),
  })
  .refine((one) => one.width === undefined || pictureType.test(one.content_type), 'Only a picture has a width.')
  .refine(
    (one) => (one.width === undefined) === (one.height === undefined),
    'A picture has both a width and a height.',
  );

const piece = z
  .base64()
  .min(4)
  .max(349_528)
  .refine((one) => Buffer.byteLength(one, 'base64') <= maxPieceBytes, `It has more than ${maxPieceBytes} bytes.`);
const bytes = z.strictObject({ type: z.literal('bytes'), base64: piece });

const member = z.strictObject({
  type: z.literal('member'),
  person: id,
  role: z.enum(['member', 'admin']).default('member'),
  out: z.literal(true).optional(),
  left_by_choice: z.literal(true).optional(),
  joined_at: time.optional(),
  joined: count.default(0),
  stay: count.optional(),
  read: count.optional(),
  delivered: count.optional(),
  notify: z.enum(['all', 'mentions', 'none']).default('all'),
  marked_unread: z.literal(true).optional(),
  muted_until: until.optional(),
  banned_until: until.optional(),
});

const end = z.strictObject({ type: z.literal('end'), lines: count });

const line = z.discriminatedUnion('type', [header, person, channel, message, change, file, bytes, member, end]);

export type TransferLine = z.infer<typeof line>;
export type LineOf<Type extends TransferLine['type']> = Extract<TransferLine, { readonly type: Type }>;

/** A line as it is written: fields with a default may be missing. */
export type NewLine = z.input<typeof line>;

function issueWords({ path, message: words }: z.core.$ZodIssue): string {
  const where = path.length === 0 ? '' : `"${path.join('.')}" is wrong. `;
  return `${where}${words.replace(/[^.]$/, '$&.')}`;
}

/** Returns a line, or one sentence or two about what is wrong with it. */
export function parseLine(value: unknown): TransferLine | string {
  const parsed = line.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return issue === undefined ? 'It has an unknown form.' : issueWords(issue);
}
