import type { NewLine } from '../../format.js';
import { firstName, UserIds } from '../people-names.js';
import type { SlackChannel, SlackMessage, SlackUser } from './forms.js';

/** Account that posts for Slack itself. */
const slackbot = 'USLACKBOT';

/** Returns the id of the person or the app that sent a message. */
export function senderOf({ user, bot_id: bot }: SlackMessage): string {
  return user || bot || slackbot;
}

/** The people of an export of Slack: its users, and everyone else who has sent something. */
export class SlackPeople {
  readonly #ids = new UserIds();
  readonly #lines = new Map<string, NewLine & { readonly type: 'person'; readonly user_id: string }>();

  constructor(users: readonly SlackUser[]) {
    for (const user of users) this.#addUser(user);
  }

  #addUser({ id, name = '', profile, real_name: realName, is_bot: isMarked, deleted }: SlackUser): void {
    if (this.#lines.has(id)) return;
    const isBot = isMarked === true || id === slackbot; // Slack does not mark its own account.
    this.#add(id, name, [profile?.display_name, realName, profile?.real_name, name], {
      ...(isBot && { bot: true }),
      ...(deleted === true && !isBot && { status: 'suspended' }),
    });
  }

  #add(
    id: string,
    name: string,
    names: readonly (string | null | undefined)[],
    facts: { bot?: true; status?: 'suspended' },
  ): void {
    const userId = this.#ids.take(name, id);
    const shown = firstName(...names.map((one) => one ?? undefined), userId);
    this.#lines.set(id, { type: 'person', id, user_id: userId, name: shown, ...facts });
  }

  /** Adds whoever has sent a message, reacted to it or pinned it, and is not a user. */
  note(message: SlackMessage): void {
    const sender = senderOf(message);
    const { username, bot_profile: bot, user_profile: user } = message;
    const isPerson = Boolean(message.user) && sender !== slackbot;
    const names = [bot?.name, username, user?.display_name, user?.real_name, sender === slackbot ? 'Slackbot' : sender];
    if (!this.#lines.has(sender))
      this.#add(sender, user?.name ?? names.find(Boolean) ?? sender, names, isPerson ? {} : { bot: true });
    for (const id of [message.inviter, ...message.reactions.flatMap(({ users }) => users)]) this.#noteId(id);
  }

  /** Adds the members of a channel who are not users, for example because they are in another workspace. */
  noteChannel({ creator, members, pins }: SlackChannel): void {
    for (const id of [creator, ...members, ...(pins ?? []).map(({ user }) => user)]) this.#noteId(id);
  }

  #noteId(id: string | undefined): void {
    if (id !== undefined && id !== '' && !this.#lines.has(id))
      this.#add(id, id, [id === slackbot ? 'Slackbot' : id], id === slackbot ? { bot: true } : {});
  }

  lines(): Iterable<NewLine> {
    return this.#lines.values();
  }

  has(id: string): boolean {
    return this.#lines.has(id);
  }

  isBot(id: string): boolean {
    return this.#lines.get(id)?.bot === true;
  }

  userIdOf(id: string): string | undefined {
    return this.#lines.get(id)?.user_id;
  }
}
